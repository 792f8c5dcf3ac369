import type { KnownCommit } from '../mirror/remote-memory.js';
import { PackObjects } from '../pack/pack-objects.js';
import type { PackEntry } from '../pack/write-pack.js';
import type { RemoteSession } from '../session.js';
import type { BuiltCommit } from './build-commit.js';
import type { RemotePushBase } from './push-commit.js';

/** Of a larger push the trees alone are kept: the storage that it came from has the contents. */
const maxContentBytes = 8 * 1024 * 1024;

/** Keeps what a push that has landed made, for runs that come to the same commit: what was sent is not fetched. */
export function rememberPush(session: RemoteSession, base: RemotePushBase, built: BuiltCommit): void {
  const bytes = built.entries.reduce((sum, { content }) => sum + content.length, 0);
  const withContents = bytes <= maxContentBytes;
  const entries = built.entries.filter(({ type }) => withContents || type !== 'blob');
  session.shared.add(async () => {
    const known = await knownBefore(base);
    return {
      objects: [inMemory(entries, new PackObjects(session.limits))],
      // Of its directory everything is at hand that was so of the commit it builds upon.
      known: { ...known, commit: built.oid, contents: known.contents && withContents },
    };
  }, session);
}

async function knownBefore({ snapshot }: RemotePushBase): Promise<Omit<KnownCommit, 'commit'>> {
  return snapshot === null ? { path: '', contents: true } : snapshot.known();
}

function inMemory(entries: readonly PackEntry[], objects: PackObjects): PackObjects {
  for (const { type, content } of entries) {
    const draft = objects.draft(type, content.length);
    draft.content.set(content);
    objects.add(draft);
  }
  return objects;
}
