import { maxContentBytes } from '../mirror/compact-layers.js';
import type { KnownCommit } from '../mirror/remote-memory.js';
import { PackObjects } from '../pack/pack-objects.js';
import type { PackEntry } from '../pack/write-pack.js';
import type { RemoteSession } from '../session.js';
import type { GitLimits } from '../types.js';
import type { BuiltCommit } from './build-commit.js';
import type { RemotePushBase } from './push-commit.js';

/** Keeps what a push that has landed made, for runs that come to the same commit: what was sent is not fetched. */
export function rememberPush(session: RemoteSession, base: RemotePushBase, built: BuiltCommit): void {
  session.shared.add(
    async () => ({
      objects: [inMemory(built.entries, session.limits)],
      known: await knownAfter(base, built.oid),
    }),
    session,
  );
}

/** Of its directory everything is at hand that was so of the commit it builds upon. */
async function knownAfter({ snapshot }: RemotePushBase, commit: string): Promise<KnownCommit> {
  if (snapshot === null) return { commit, path: '', contents: true };
  return { ...(await snapshot.known()), commit };
}

function inMemory(entries: readonly PackEntry[], limits: GitLimits): PackObjects {
  const bytes = entries.reduce((sum, { content }) => sum + content.length, 0);
  const objects = new PackObjects(limits);
  for (const { type, content } of entries) {
    if (type === 'blob' && bytes > maxContentBytes) continue;
    const draft = objects.draft(type, content.length);
    draft.content.set(content);
    objects.add(draft);
  }
  return objects;
}
