import type { GitLimits } from '../types.js';
import { SharedRemote } from './shared-remote.js';
import { TreeMemories } from './tree-memory.js';

const memoryBytes = 64 * 1024 * 1024;

/** The remotes that one git engine talks to. Nothing of it outlives the engine. */
export class SharedRemotes {
  readonly #memories = new TreeMemories(memoryBytes);
  readonly #remotes = new Map<string, SharedRemote>();

  /** @param url without credentials: who has others asks for the refs with those, and may share the rest */
  of(url: string, limits: GitLimits): SharedRemote {
    const key = JSON.stringify([url, limits]);
    const shared = this.#remotes.get(key) ?? new SharedRemote(this.#memories.of(key));
    this.#remotes.set(key, shared);
    return shared;
  }
}
