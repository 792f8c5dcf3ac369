import type { RemoteSession } from './session.js';
import type { RemoteRefs } from './types.js';

/** The session with an answer to `listRefs` at hand, for those who have asked already and go on from it. */
export function pinRefs(session: RemoteSession, refs: RemoteRefs): RemoteSession {
  return { ...session, listRefs: async () => refs };
}
