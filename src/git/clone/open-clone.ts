import type { RemoteSession } from '../session.js';
import type { ClonedRepository, CloneOptions } from '../types.js';

const refPrefixes = ['refs/heads/', 'refs/tags/'];

/** As {@link cloneRepository}, whose code loads while the remote answers. */
export async function openClone(session: RemoteSession, options: CloneOptions): Promise<ClonedRepository> {
  const askForRefs = () => session.listRefs(refPrefixes);
  // What is wrong with a configuration or with keys is said before anything is asked for.
  const asked = options.gitConfig === undefined && options.verify === undefined ? askForRefs() : null;
  asked?.catch(() => {}); // told to who waits for them
  const { cloneRepository } = await import('./clone-repository.js');
  return cloneRepository(session, options, () => asked ?? askForRefs());
}
