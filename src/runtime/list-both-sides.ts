import { setImmediate as nextTurn } from 'node:timers/promises';
import type { GitEntry, PushBase } from '../git/types.js';
import type { Scope, StoredEntry } from '../storage/types.js';
import type { RunContext } from './context.js';
import { listScope } from './list-scope.js';
import { loadAhead } from './load-ahead.js';

/** What a push compares, before ignore rules and globs. */
export interface BothSides<T> {
  /** Below the directory of the repository; none when it, or the commit, is missing. */
  entries: readonly GitEntry[];
  listed: readonly StoredEntry[];
  /** Of the scope, asked for before it was listed; null when the storage has none. */
  version: string | null;
  /** What was made of the listing. */
  arranged: T;
}

/**
 * Lists what a push compares: the storage while the remote answers, and not before it was asked.
 * @param load loads what will be needed then
 * @param arrange what can be done with the storage's side alone
 */
export async function listBothSides<T>(
  context: RunContext,
  base: PushBase,
  {
    directory,
    scope,
    load,
    arrange,
  }: {
    directory: string;
    scope: Scope;
    load: () => Promise<unknown>;
    arrange: (listed: readonly StoredEntry[]) => T | Promise<T>;
  },
): Promise<BothSides<T>> {
  const listStorage = async () => {
    const { version, stored: listed } = await listScope(context, scope);
    loadAhead(load);
    // What the remote answered meanwhile leads to its next answer.
    await nextTurn();
    return { version, listed, arranged: await arrange(listed) };
  };
  const { snapshot } = base;
  const [entries, stored] = await Promise.all([
    snapshot?.list(directory) ?? null,
    snapshot?.asked.then(listStorage) ?? listStorage(),
  ]);
  return { entries: entries ?? [], ...stored };
}
