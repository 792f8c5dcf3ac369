import { PushRejectedError } from '../../errors.js';
import { remoteWords } from './report-status.js';

/** Reasons that servers give when the ref was not, or no longer, at the old id. */
const lostRace =
  /fetch first|non-fast-forward|stale info|failed to (update|lock) ref|cannot lock ref|incorrect old value|reference already exists/i;
/** What makes a ref impossible to write, now and later, though the reason reads like a race. */
const lasting = /cannot create|permission denied|read-only|no space left/i;

/** The error for a push that the remote answered with no. */
export function describeRejection(
  url: string,
  branch: string,
  reason: string,
  messages: readonly string[],
): PushRejectedError {
  const race = lostRace.test(reason) && !messages.some((line) => lasting.test(line));
  const words = messages.length === 0 ? '' : `\n${remoteWords(messages)}`;
  return new PushRejectedError(`${url} refused the push to "${branch}": ${reason}.${words}`, {
    race,
    hint: race ? raceHint : 'Push to a branch that accepts it, or ask those who set up the rule.',
    data: { branch, reason, remoteMessages: [...messages] },
  });
}

/** The error for a branch that was seen to have moved. */
export function branchMoved(url: string, branch: string, cause?: Error): PushRejectedError {
  const options = { race: true, hint: raceHint, data: { branch, reason: 'fetch first' } };
  const message = `Branch "${branch}" on ${url} moved while the commit was made.`;
  return new PushRejectedError(message, cause === undefined ? options : { ...options, cause });
}

const raceHint = 'Someone pushed meanwhile. Plan again on the new head and push once more.';
