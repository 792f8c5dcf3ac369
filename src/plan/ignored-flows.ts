import type { ResourceKey } from '../../schemas/resources.js';
import type { GitEntry, Snapshot } from '../git/types.js';
import { type FlowPlace, pathOfFlow } from '../resources/flow-path.js';
import type { IgnoreRules } from '../resources/ignore-rules.js';
import { formatKey, type StoredEntry } from '../storage/types.js';
import { readGitFlows } from './git-flows.js';
import { relativePath } from './load-ignore-rules.js';
import type { SyncState } from './sync-state.js';

export interface IgnoredFlowsInput {
  snapshot: Pick<Snapshot, 'read'>;
  place: FlowPlace;
  state: SyncState;
  stored: readonly StoredEntry[];
  /** The flows that files which are not ignored hold. */
  found: readonly { key: ResourceKey }[];
  source: { ignored: IgnoreRules; ignoredEntries: readonly GitEntry[] };
  /** Whether flows that no file holds would go. */
  deletes: boolean;
}

/**
 * The stored flows that the ignore rules protect, by `formatKey`: those whose file they name, where it would stand, where
 * it stood at the last run, and where it stands now under whatever name. A file says only inside which flow it is, so
 * the ignored ones are read, but not before a stored flow would otherwise go.
 */
export async function ignoredFlows(input: IgnoredFlowsInput): Promise<ReadonlySet<string>> {
  if (input.stored.length === 0) return new Set();
  const { snapshot, place, state, source } = input;
  const isIgnored = (path: string | undefined) =>
    path !== undefined && source.ignored(relativePath(place.directory, path));
  const found = new Set(input.found.map(({ key }) => formatKey(key)));
  const spared = new Set<string>();
  let open = 0;
  for (const { key } of input.stored) {
    const name = formatKey(key);
    if (found.has(name)) continue;
    const known = state.byKey.get(name)?.gitPath;
    if (isIgnored(pathOfFlow(place, key.namespace, key.id)) || isIgnored(known)) spared.add(name);
    else open++;
  }
  if (!input.deletes || open === 0 || source.ignoredEntries.length === 0) return spared;
  const memory = { keyOf: () => null, formerKey: () => null };
  const { flows, invalid } = await readGitFlows({ snapshot, place, memory, entries: source.ignoredEntries });
  for (const { key } of flows) spared.add(formatKey(key));
  for (const { namespace, candidates } of invalid) {
    for (const id of candidates) spared.add(formatKey({ kind: 'flow', namespace, id }));
  }
  for (const name of found) spared.delete(name);
  return spared;
}
