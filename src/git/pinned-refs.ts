import type { RemoteSession } from './session.js';
import type { RemoteRefs } from './types.js';

/** The session with an answer to `listRefs` at hand, for those who have asked already and go on from it. */
export function pinRefs(session: RemoteSession, pinned: RemoteRefs): RemoteSession {
  return {
    ...session,
    async listRefs(prefixes) {
      if (prefixes === undefined) return pinned;
      const refs = [...pinned.refs].filter(([ref]) => prefixes.some((prefix) => ref.startsWith(prefix)));
      return { ...pinned, refs: new Map(refs) };
    },
  };
}
