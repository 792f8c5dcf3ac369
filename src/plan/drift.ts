import type { GitEntry } from '../git/types.js';
import { namespaceOfPath } from '../resources/flow-path.js';
import { ignoreFileNames } from '../resources/ignore-rules.js';
import { placeOfPath } from '../resources/namespace-file.js';
import { formatKey, type StoredEntry } from '../storage/types.js';
import { relativePath } from './load-ignore-rules.js';
import type { SyncIdentity, SyncState } from './sync-state.js';

/** What one side has otherwise than a sync's record says: names of resources, or paths. */
export interface Drift {
  changed: string[];
  added: string[];
  deleted: string[];
}

/**
 * What changed in storage since a sync or push, by blob ids.
 * @param others resources that other syncs brought, by `formatKey`: they are no additions
 */
export function storageDrift(
  state: Pick<SyncState, 'byKey'>,
  listed: readonly StoredEntry[],
  others: ReadonlySet<string> = new Set(),
): Drift {
  const recorded = new Map([...state.byKey].map(([name, { storedOid }]) => [name, storedOid]));
  const present = new Map(listed.map(({ key, oid }) => [formatKey(key), oid]));
  return difference(recorded, present, (name) => !others.has(name));
}

/** What changed in git below the directory of a sync or push. */
export function gitDrift(
  identity: SyncIdentity,
  state: Pick<SyncState, 'byPath'>,
  entries: readonly GitEntry[],
  ignored: (path: string) => boolean = () => false,
): Drift {
  const recorded = new Map([...state.byPath].map(([path, { gitOid }]) => [path, gitOid]));
  const present = new Map(entries.map(({ path, oid }) => [path, oid]));
  return difference(recorded, present, (path) => takesPart(identity, path) && !ignored(path));
}

function takesPart(
  { kind, directory, gitNamespace: namespace, children }: SyncIdentity,
  path: string,
): boolean {
  const relative = relativePath(directory, path);
  if (ignoreFileNames.includes(relative)) return false;
  if (kind === 'flow') return namespaceOfPath({ directory, namespace, children }, path) !== null;
  return placeOfPath(relative).kind === 'file';
}

function difference(
  recorded: ReadonlyMap<string, string>,
  present: ReadonlyMap<string, string>,
  counts: (name: string) => boolean,
): Drift {
  const drift: Drift = { changed: [], added: [], deleted: [] };
  for (const [name, oid] of recorded) {
    const now = present.get(name);
    if (now === undefined) drift.deleted.push(name);
    else if (now !== oid) drift.changed.push(name);
  }
  for (const name of present.keys()) if (!recorded.has(name) && counts(name)) drift.added.push(name);
  return drift;
}
