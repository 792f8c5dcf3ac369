import * as z from 'zod';
import { taskDefinition } from '../../schemas/flow.js';

/** Tasks that a flowable task holds. They are rendered when they run, not before. */
export const taskList = () => z.array(taskDefinition);

/** What every flowable task may hold beside its own tasks. */
export const handlers = {
  errors: taskList().optional().describe('Tasks to run when one of these tasks failed.'),
  finally: taskList().optional().describe('Tasks to run after the others, whatever happened.'),
  _finally: taskList().optional().describe('Older name of `finally`.'),
};

/** Names of the properties above, for `unrendered`. */
export const handlerNames = ['errors', 'finally', '_finally'] as const;

/** The handlers as the runner takes them. */
export function handlersOf(properties: z.output<z.ZodObject<typeof handlers>>) {
  return {
    errors: properties.errors,
    finally: [...(properties.finally ?? []), ...(properties._finally ?? [])],
  };
}
