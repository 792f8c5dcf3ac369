import type { ResourceKey } from '../../schemas/resources.js';
import { InvalidFlowError } from '../errors.js';
import type { GitEntry, Snapshot } from '../git/types.js';
import { blobId } from '../resources/blob-id.js';
import type { FlowPlace } from '../resources/flow-path.js';
import { rewriteNamespace } from '../resources/flow-source.js';
import { decodeUtf8 } from '../resources/text.js';
import { formatKey, type StorageAdapter, type StoredEntry } from '../storage/types.js';
import type { ComparedChange, CurrentResource, DesiredResource, HeldResource } from './compare.js';
import { type GitFlow, type GitFlows, type InvalidGitFlow, readGitFlows } from './git-flows.js';
import type { SyncState } from './sync-state.js';

export interface AdoptionInput {
  found: GitFlows;
  state: SyncState;
  stored: readonly StoredEntry[];
  snapshot: Pick<Snapshot, 'read'>;
  storage: StorageAdapter;
  ignoreInvalid: boolean;
  deletes: boolean;
  /** The flow that runs the sync: it is never overwritten or deleted. */
  running: { namespace: string; flowId: string };
}

/** The flows of git as storage is to have them, and what must not be touched. */
export interface AdoptedFlows {
  desired: DesiredResource[];
  held: HeldResource[];
  /** Files that are no valid flows, with the reason; they are among `held` too. */
  invalid: InvalidGitFlow[];
  mayDelete(resource: CurrentResource): boolean;
  read(changes: readonly ComparedChange[]): Promise<ReadonlyMap<string, Uint8Array>>;
}

const encoder = new TextEncoder();

/**
 * Gives every flow the namespace of its place and sets aside what is invalid. An invalid file never counts as absent:
 * the flow it may mean stays as it is, and where nobody can tell which flow that is, nothing of its namespace is
 * deleted.
 * @throws InvalidFlowError unless invalid flows are ignored
 */
export async function adoptFlows(input: AdoptionInput): Promise<AdoptedFlows> {
  const contents = new Map<string, Uint8Array>();
  const candidates: DesiredResource[] = [];
  for (const flow of input.found.flows) {
    const storedOid = adopt(flow, input.state, contents);
    candidates.push({ key: flow.key, gitPath: flow.gitPath, gitOid: flow.gitOid, storedOid });
  }
  const refused = await refusedByStorage(candidates, contents, input);
  const invalid = [...input.found.invalid, ...refused];
  refuseInvalid(invalid, input.ignoreInvalid);

  const bad = new Set(refused.map(({ gitPath }) => gitPath));
  const desired = bad.size === 0 ? candidates : candidates.filter(({ gitPath }) => !bad.has(gitPath));
  const holds = holdInvalid(invalid, desired, input.stored);
  return {
    desired,
    invalid,
    held: [...holds.held, ...holdRunning(desired, input)],
    mayDelete: (resource) => !holds.namespaces.has(resource.key.namespace),
    read: (changes) => readAdopted(changes, contents, desired, input.snapshot),
  };
}

/** Changed files as flows for storage, with their contents; null when one of them needs a closer look. */
export async function adoptChanged(
  snapshot: Snapshot,
  entries: readonly GitEntry[],
  place: FlowPlace,
): Promise<{ desired: DesiredResource[]; contents: ReadonlyMap<string, Uint8Array> } | null> {
  const memory = { keyOf: () => null, formerKey: () => null };
  const found = await readGitFlows({ snapshot, entries, place, memory });
  if (found.invalid.length > 0) return null;
  const contents = new Map<string, Uint8Array>();
  const desired = found.flows.map((flow): DesiredResource => {
    const storedOid = adopt(flow, null, contents);
    return { key: flow.key, gitPath: flow.gitPath, gitOid: flow.gitOid, storedOid };
  });
  return { desired, contents };
}

/** The blob id a flow has in storage; its content is kept when it had to be made. */
function adopt(flow: GitFlow, state: SyncState | null, contents: Map<string, Uint8Array>): string {
  if (flow.source === null || flow.content === null)
    return state?.byPath.get(flow.gitPath)?.storedOid ?? flow.gitOid;
  const adopted = rewriteNamespace(flow.source, flow.key.namespace);
  const content = adopted === flow.source ? flow.content : encoder.encode(adopted);
  const oid = adopted === flow.source ? flow.gitOid : blobId(content);
  contents.set(oid, content);
  return oid;
}

/** Contents that only the sync state knew about are fetched when they turn out to be needed after all. */
async function readAdopted(
  changes: readonly ComparedChange[],
  contents: ReadonlyMap<string, Uint8Array>,
  desired: readonly DesiredResource[],
  snapshot: Pick<Snapshot, 'read'>,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const missing = changes.filter((change) => change.after !== null && !contents.has(change.after));
  if (missing.length === 0) return contents;
  const gitOids = new Map(desired.map(({ storedOid, gitOid }) => [storedOid, gitOid]));
  const oidOf = (change: ComparedChange) => gitOids.get(change.after ?? '') ?? '';
  const fetched = await snapshot.read(missing.map(oidOf));
  const all = new Map(contents);
  for (const change of missing) {
    const source = decodeUtf8(fetched.get(oidOf(change)) ?? new Uint8Array());
    if (source === null || change.after === null)
      throw new Error(`${change.gitPath} cannot be read as a flow.`);
    all.set(change.after, encoder.encode(rewriteNamespace(source, change.key.namespace)));
  }
  return all;
}

/** Asks the storage about flows that it does not have in this form yet. */
async function refusedByStorage(
  candidates: readonly DesiredResource[],
  contents: ReadonlyMap<string, Uint8Array>,
  input: AdoptionInput,
): Promise<InvalidGitFlow[]> {
  if (input.storage.validate === undefined) return [];
  const present = new Map(input.stored.map((entry) => [formatKey(entry.key), entry.oid]));
  const items = candidates.flatMap((flow) => {
    const content = contents.get(flow.storedOid);
    return content === undefined || present.get(formatKey(flow.key)) === flow.storedOid
      ? []
      : [{ ...flow, content }];
  });
  const problems = await input.storage.validate(items);
  return items.flatMap((flow, index): InvalidGitFlow[] => {
    const problem = problems[index]?.[0];
    if (problem === undefined) return [];
    const at = problem.line === undefined ? ' ' : `${problem.line}:${problem.column ?? 1}: `;
    return [
      {
        gitPath: flow.gitPath,
        gitOid: flow.gitOid,
        namespace: flow.key.namespace,
        candidates: [flow.key.id],
        certain: true,
        reason: 'broken',
        message: `${flow.gitPath}:${at}${problem.message}`,
      },
    ];
  });
}

function refuseInvalid(invalid: readonly InvalidGitFlow[], ignore: boolean): void {
  const broken = invalid.filter((file) => file.reason !== 'link');
  if (ignore || broken.length === 0) return;
  const rest = broken.length - 20;
  const list = broken.slice(0, 20).map((file) => file.message);
  throw new InvalidFlowError(
    `${broken.length === 1 ? 'A file is' : `${broken.length} files are`} not a valid flow: ${list.join('; ')}${rest > 0 ? ` and ${rest} more` : ''}. Nothing was written.`,
    {
      hint: 'Correct the file in git, name it in a .kestraignore, or set "ignoreInvalidFlows: true" to leave such flows as they are.',
      data: { files: broken.map((file) => ({ path: file.gitPath, message: file.message })) },
    },
  );
}

function holdInvalid(
  invalid: readonly InvalidGitFlow[],
  desired: readonly DesiredResource[],
  stored: readonly StoredEntry[],
): { held: HeldResource[]; namespaces: Set<string> } {
  if (invalid.length === 0) return { held: [], namespaces: new Set() };
  const claimed = new Set(desired.map((flow) => formatKey(flow.key)));
  const present = new Set(stored.map((entry) => formatKey(entry.key)));
  const held: HeldResource[] = [];
  const namespaces = new Set<string>();
  for (const file of invalid) {
    const keyOf = (id: string): ResourceKey => ({ kind: 'flow', namespace: file.namespace, id });
    // A certain id is meant even when another file claims it as well: nobody can say which of the two is right.
    const meant = file.candidates.filter(
      (id, index) => (index === 0 && file.certain) || !claimed.has(formatKey(keyOf(id))),
    );
    const kept = meant.filter((id) => present.has(formatKey(keyOf(id))));
    // The row of a file that means no flow of its own must not stand in the way of the flow it is named like.
    const name = kept[0] ?? meant[0] ?? file.gitPath;
    held.push({ key: keyOf(name), gitPath: file.gitPath, state: 'INVALID', note: file.message });
    for (const id of kept.slice(1)) {
      held.push({
        key: keyOf(id),
        gitPath: file.gitPath,
        state: 'UNCHANGED',
        note: `may be what ${file.gitPath} means`,
      });
    }
    // That a stored flow has a guessed name is no proof that the file means this one.
    if (!file.certain && file.reason !== 'link') namespaces.add(file.namespace);
  }
  return { held, namespaces };
}

function holdRunning(desired: readonly DesiredResource[], input: AdoptionInput): HeldResource[] {
  const key: ResourceKey = { kind: 'flow', namespace: input.running.namespace, id: input.running.flowId };
  const isRunning = ({ key: { namespace, id } }: { key: ResourceKey }) =>
    id === key.id && namespace === key.namespace;
  const present = input.stored.find(isRunning);
  const wanted = present === undefined ? undefined : desired.find(isRunning);
  if (present === undefined || wanted?.storedOid === present.oid) return [];
  if (wanted === undefined && !input.deletes) return [];
  return [
    {
      key,
      gitPath: wanted?.gitPath ?? null,
      state: 'UNCHANGED',
      note: 'the flow that runs this sync is left as it is',
    },
  ];
}
