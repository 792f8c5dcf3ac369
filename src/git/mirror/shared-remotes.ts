import { join } from 'node:path';
import type { GitLimits, RemoteOptions } from '../types.js';
import { DiskMirror } from './disk-mirror.js';
import { SharedRemote } from './shared-remote.js';
import { TreeMemories } from './tree-memory.js';

const memoryBytes = 64 * 1024 * 1024;
const defaultCacheMaxBytes = 2 * 1024 ** 3;
/** The directory may hold other things than mirrors. */
const mirrorsDirectory = 'mirrors';

/** The remotes that one git engine talks to. Nothing of it outlives the engine but what is on disk. */
export class SharedRemotes {
  readonly #memories = new TreeMemories(memoryBytes);
  readonly #remotes = new Map<string, SharedRemote>();

  /** @param url without credentials: who has others asks for the refs with those, and may share the rest */
  of(
    url: string,
    limits: GitLimits,
    { cacheDir, cacheMaxBytes = defaultCacheMaxBytes }: Pick<RemoteOptions, 'cacheDir' | 'cacheMaxBytes'>,
  ): SharedRemote {
    const key = JSON.stringify([url, limits, cacheDir, cacheMaxBytes]);
    const known = this.#remotes.get(key);
    if (known !== undefined) return known;
    const shared = new SharedRemote(
      cacheDir === undefined
        ? this.#memories.of(key)
        : new DiskMirror(join(cacheDir, mirrorsDirectory), url, cacheMaxBytes),
    );
    this.#remotes.set(key, shared);
    return shared;
  }
}
