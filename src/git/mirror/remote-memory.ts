import type { Logger } from '../../logger.js';
import type { ReadableObjects } from '../objects/store.js';
import type { PackObjects } from '../pack/pack-objects.js';

/**
 * A commit whose trees below `path` were brought once, with or without contents. It is a hint about what is worth
 * building upon, never a promise: whatever turns out to be missing is fetched.
 */
export interface KnownCommit {
  readonly commit: string;
  /** Directory, `''` for the root. */
  readonly path: string;
  readonly contents: boolean;
}

export interface Recalled {
  /** Objects at hand. One that is damaged is not in them. */
  readonly layers: readonly ReadableObjects[];
  /** The newest first. */
  readonly commits: readonly KnownCommit[];
}

/** What one transfer brought. */
export interface Transferred {
  readonly objects: readonly PackObjects[];
  readonly known: KnownCommit | null;
}

/** On whose behalf something is looked up or waited for. */
export interface Caller {
  readonly logger: Logger;
  readonly signal?: AbortSignal | undefined;
}

/** What is known of one remote from earlier transfers. Nothing here fails: what cannot be remembered is fetched anew. */
export interface RemoteMemory {
  recall(caller: Caller): Promise<Recalled>;
  /**
   * Waits until nobody else who shares this memory transfers anything.
   * @returns what lets the next one in
   * @throws CancelledError
   */
  lock(caller: Caller): Promise<() => Promise<void>>;
  remember(transferred: Transferred, caller: Caller): Promise<void>;
}

/** How many commits of a remote are worth building upon. */
export const maxKnownCommits = 16;

/** The list with one more in front, each commit and path once. */
export function addKnown(commits: readonly KnownCommit[], known: KnownCommit): KnownCommit[] {
  const others = commits.filter(({ commit, path }) => commit !== known.commit || path !== known.path);
  const before = commits.find(({ commit, path }) => commit === known.commit && path === known.path);
  const contents = known.contents || before?.contents === true;
  return [{ ...known, contents }, ...others].slice(0, maxKnownCommits);
}

/** Whether what was brought for one directory holds another one. */
export function covers(path: string, below: string): boolean {
  return path === '' || path === below || below.startsWith(`${path}/`);
}
