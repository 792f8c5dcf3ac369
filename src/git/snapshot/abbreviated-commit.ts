import { RevisionNotFoundError } from '../../errors.js';
import { readPack } from '../pack/read-pack.js';
import type { RemoteSession } from '../session.js';
import { isRefusal } from './object-fetcher.js';

/**
 * The commit that a short id means: one at the tip of a branch or a tag, else any in their history, of which only the
 * commits are transferred.
 * @throws RevisionNotFoundError when there is none, or more than one
 */
export async function findAbbreviatedCommit(session: RemoteSession, prefix: string): Promise<string> {
  const { refs, peeled } = await session.listRefs(['refs/heads/', 'refs/tags/']);
  const tips = new Map([...refs, ...peeled]);
  const atTips = matching(tips.values(), prefix);
  const found = atTips.length > 0 ? atTips : matching(await commitIds(session, tips), prefix);
  const [first] = found;
  if (first !== undefined && found.length === 1) return first;
  const what = found.length === 0 ? 'not found' : 'is ambiguous';
  throw new RevisionNotFoundError(`Commit ${JSON.stringify(prefix)} ${what} on ${session.url}.`, {
    hint:
      found.length === 0
        ? 'Only commits in the history of branches and tags are searched; check the id.'
        : 'Write more digits of it.',
    data: { commit: prefix, candidates: found.slice(0, 10) },
  });
}

async function commitIds(session: RemoteSession, tips: ReadonlyMap<string, string>): Promise<string[]> {
  const wants = [...new Set(tips.values())];
  if (wants.length === 0) return [];
  try {
    const { pack } = await session.fetchPack({ wants, filter: 'tree:0' });
    const objects = await readPack(pack, { limits: session.limits });
    return [...objects.oids()].filter((oid) => objects.get(oid)?.type === 'commit');
  } catch (error) {
    if (!isRefusal(error)) throw error;
    throw new RevisionNotFoundError(`${session.url} cannot be searched for a short commit id.`, {
      hint: 'Write all 40 digits of it.',
      cause: error,
    });
  }
}

function matching(oids: Iterable<string>, prefix: string): string[] {
  return [...new Set(oids)].filter((oid) => oid.startsWith(prefix));
}
