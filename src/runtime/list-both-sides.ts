import type { GitEntry, PushBase } from '../git/types.js';
import type { Scope, StoredEntry } from '../storage/types.js';
import type { RunContext } from './context.js';

/** What a push compares, before ignore rules and globs. */
export interface BothSides {
  /** Below the directory of the repository; none when it, or the commit, is missing. */
  entries: readonly GitEntry[];
  listed: readonly StoredEntry[];
  /** Of the scope, asked for before it was listed; null when the storage has none. */
  version: string | null;
}

/** Lists what a push compares: the storage while the remote answers. */
export async function listBothSides(
  { storage, signal }: RunContext,
  base: PushBase,
  directory: string,
  scope: Scope,
): Promise<BothSides> {
  const listScope = async () => {
    const version = (await storage.version?.(scope)) ?? null;
    return { version, listed: await storage.list(scope, { signal }) };
  };
  const [entries, stored] = await Promise.all([base.snapshot?.list(directory) ?? null, listScope()]);
  return { entries: entries ?? [], ...stored };
}
