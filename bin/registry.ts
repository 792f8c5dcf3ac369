import { TaskRegistry } from '../src/runtime/registry.js';
import { allTasks } from '../tasks/index.js';

/** The task types the command has. */
export function createRegistry(): TaskRegistry {
  return new TaskRegistry(allTasks);
}
