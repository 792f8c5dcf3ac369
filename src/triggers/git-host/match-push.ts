import type { PushTrigger } from '../../../schemas/triggers.js';
import { parseRemoteLocation } from '../../git/remote-location.js';
import { matchGlobs } from '../../resources/globs.js';
import type { Push } from './push.js';

/** What of a push trigger is compared, with nothing left to render. */
export type PushFilter = Pick<PushTrigger, 'url' | 'branches' | 'paths'>;

/** Why a push does not start the trigger's flow; null when it does. */
export async function whyNot(
  push: Push,
  filter: PushFilter,
): Promise<'repository' | 'branch' | 'paths' | null> {
  if (!isTo(push, repositoryName(filter.url))) return 'repository';
  const isBranch = await matchGlobs(filter.branches);
  if (!isBranch(push.branch)) return 'branch';
  // What is not known to be elsewhere may be here.
  if (filter.paths === undefined || push.paths === null) return null;
  return push.paths.some(await matchGlobs(filter.paths.flatMap(withContents))) ? null : 'paths';
}

function isTo({ urls, name }: Push, wanted: string): boolean {
  if (urls.length > 0 || name === undefined) return urls.some((url) => repositoryName(url) === wanted);
  // Whose server it is, the signature says.
  return wanted.endsWith(`/${name.toLowerCase()}`);
}

/** `_flows` stands for everything in it as well. */
function withContents(pattern: string): string[] {
  const directory = pattern.replace(/\/+$/, '').replace(/^\.\//, '');
  if (directory === '.' || directory === '') return ['**'];
  return [directory, `${directory}/**`];
}

/** One name for the ways to write a repository's address: over HTTP or SSH, with or without `.git`, in any case. */
function repositoryName(url: string): string {
  const location = parseRemoteLocation(url);
  return location === null ? url : `${location.host}/${location.path}`.toLowerCase();
}
