import type { Scope, StoredEntry } from '../storage/types.js';
import type { RunContext } from './context.js';

/** What a scope holds. */
export interface ScopeListing {
  stored: readonly StoredEntry[];
  /** Asked for before anything was listed; null when the storage has none. */
  version: string | null;
}

/** Lists a scope. Whatever changes in it meanwhile gives it another version than the one that comes along. */
export async function listScope({ storage, signal }: RunContext, scope: Scope): Promise<ScopeListing> {
  const version = (await storage.version?.(scope)) ?? null;
  return { version, stored: await storage.list(scope, { signal }) };
}
