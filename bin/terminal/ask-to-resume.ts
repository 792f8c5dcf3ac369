import { createInterface } from 'node:readline';
import { UnsupportedError } from '../../src/errors.js';
import type { PauseAnswer, PlacedPauseRequest } from '../../src/runtime/pause.js';
import { sleep } from '../../src/runtime/sleep.js';
import type { Session } from '../session.js';
import { nextLine } from './ask-for-deletions.js';

/**
 * Asks on the terminal at a pause without a duration; one with a duration is waited out. Inputs for the resumption take a
 * server: the question is only whether to go on.
 */
export function askToResume(session: Session) {
  let earlier: Promise<unknown> = Promise.resolve();
  const ask = async (taskId: string): Promise<PauseAnswer> => {
    const reader = createInterface({ input: session.io.stdin });
    try {
      const lines = reader[Symbol.asyncIterator]();
      const answer = await session.status.ask(`Resume at "${taskId}"? [y/N] `, () =>
        nextLine(lines, session.io.signal),
      );
      return { behavior: /^\s*y(es)?\s*$/i.test(answer) ? 'RESUME' : 'CANCEL', onResume: {} };
    } finally {
      reader.close();
    }
  };
  return async (request: PlacedPauseRequest, signal: AbortSignal): Promise<PauseAnswer> => {
    const { taskId, durationMs, behavior, onResume } = request;
    if (durationMs !== null) {
      await sleep(durationMs, signal);
      return { behavior, onResume: {} };
    }
    if (onResume.some(({ required, defaults }) => required === true && defaults === undefined)) {
      throw new UnsupportedError(`The pause "${taskId}" asks for inputs.`, {
        hint: 'Run the flow on a server and resume it through the API, or give the inputs defaults.',
      });
    }
    const asked = earlier.then(() => ask(taskId));
    earlier = asked.catch(() => {});
    return asked;
  };
}
