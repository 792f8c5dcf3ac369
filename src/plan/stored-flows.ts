import type { ResourceKey } from '../../schemas/resources.js';
import { StorageConflictError } from '../errors.js';
import { blobId } from '../resources/blob-id.js';
import { inspectFlow } from '../resources/flow.js';
import { rewriteNamespace, rewriteReferences, saysDraft, withoutRevision } from '../resources/flow-source.js';
import { recognizePlainFlow } from '../resources/plain-flow.js';
import { decodeUtf8 } from '../resources/text.js';
import { formatKey, type StorageAdapter, type StoredEntry } from '../storage/types.js';
import type { ComparedChange } from './compare.js';
import type { SyncState } from './sync-state.js';

/** A flow of storage in the form git is to have it. */
export interface StoredFlow {
  key: ResourceKey;
  storedOid: string;
  gitOid: string;
}

export interface StoredFlows {
  flows: StoredFlow[];
  /** Flows that are not pushed, and whose files in git stay as they are. */
  unfit: { key: ResourceKey; note: string }[];
  /** Contents to commit by blob id; those that only the sync state knew are read when they are needed. */
  read(changes: readonly ComparedChange[]): Promise<ReadonlyMap<string, Uint8Array>>;
}

export interface StoredFlowsInput {
  entries: readonly StoredEntry[];
  state: SyncState;
  /** The namespace in git that a namespace in storage stands for. */
  toGit(namespace: string): string;
  /** Whether references to moved flows follow. */
  references: boolean;
  signal: AbortSignal;
}

const encoder = new TextEncoder();

/** Reads the flows that changed since the last push, and gives each the namespace it has in git. */
export async function readStoredFlows(
  storage: StorageAdapter,
  input: StoredFlowsInput,
): Promise<StoredFlows> {
  const { state, signal } = input;
  const contents = new Map<string, Uint8Array>();
  const flows: StoredFlow[] = [];
  const unfit: StoredFlows['unfit'] = [];
  const unread: StoredEntry[] = [];
  for (const { key, oid, ...entry } of input.entries) {
    const known = state.byKey.get(formatKey(key));
    if (known?.storedOid === oid && known.ancestor === undefined)
      flows.push({ key, storedOid: oid, gitOid: known.gitOid });
    else unread.push({ key, oid, ...entry });
  }
  for (const { key, oid, source } of await readSources(storage, unread, signal)) {
    const name = `${key.namespace}.${key.id}`;
    if (source === null) unfit.push({ key, note: `${name} is not UTF-8 text` });
    else if (saysDraft(source)) unfit.push({ key, note: `${name} is a draft` });
    else if (!holds(source, key)) unfit.push({ key, note: `${name} is not what its source says it is` });
    else {
      const content = inGit(source, key, input);
      const gitOid = blobId(content);
      contents.set(gitOid, content);
      flows.push({ key, storedOid: oid, gitOid });
    }
  }
  return {
    flows,
    unfit,
    async read(changes) {
      const missing = changes.filter(({ after }) => after !== null && !contents.has(after));
      const wanted = new Set(missing.map(({ key }) => formatKey(key)));
      const again = input.entries.filter(({ key }) => wanted.has(formatKey(key)));
      for (const { key, source } of await readSources(storage, again, signal)) {
        const content = inGit(source ?? '', key, input);
        contents.set(blobId(content), content);
      }
      return contents;
    },
  };
}

/**
 * Whether the text is YAML and says that it is this flow. An edit by hand can leave anything; in git it would be a
 * broken file, or another flow in this one's place.
 */
function holds(source: string, { id }: ResourceKey): boolean {
  if (recognizePlainFlow(source)?.id === id) return true;
  const inspection = inspectFlow(source);
  return inspection.wellFormed && inspection.id === id;
}

function inGit(source: string, key: ResourceKey, input: StoredFlowsInput): Uint8Array {
  const moved = rewriteNamespace(withoutRevision(source), input.toGit(key.namespace));
  return encoder.encode(input.references ? rewriteReferences(moved, input.toGit) : moved);
}

async function readSources(storage: StorageAdapter, entries: readonly StoredEntry[], signal: AbortSignal) {
  if (entries.length === 0) return [];
  const contents = await storage.read(
    entries.map(({ key }) => key),
    { signal },
  );
  return entries.map(({ key, oid }, index) => {
    const content = contents[index] ?? null;
    if (content?.oid !== oid) {
      throw new StorageConflictError(`${formatKey(key)} changed while the push was planned.`, {
        hint: 'Run it again.',
      });
    }
    return { key, oid, source: decodeUtf8(content.content) };
  });
}
