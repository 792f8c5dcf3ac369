import type { CommitRequest, FileChange, PushedCommit, Remote } from '../../src/git/index.js';

export const author: CommitRequest['author'] = {
  name: 'Ada',
  email: 'ada@example.org',
  timestamp: 1_700_000_000,
  timezoneOffset: -60,
};

export const write = (path: string, content: string): FileChange => ({ path, content: Buffer.from(content) });
export const remove = (path: string): FileChange => ({ path, content: null });

/** Opens a branch and pushes changes to it. */
export async function push(
  remote: Remote,
  changes: FileChange[],
  { branch = 'main', path = '' } = {},
): Promise<PushedCommit> {
  const base = await remote.openForPush(branch, { path, contents: 'none' });
  return remote.push(base, { changes, message: 'Add flows', author });
}
