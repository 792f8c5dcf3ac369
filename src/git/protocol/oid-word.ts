import { RemoteError } from '../../errors.js';

/**
 * An object id out of a line: it ends up in files and requests.
 * @throws RemoteError when the word is none
 */
export function oidWord(word: string): string {
  if (/^[\da-f]{40}$/.test(word)) return word;
  throw new RemoteError('The remote did not answer in the git protocol.', { retryable: false });
}
