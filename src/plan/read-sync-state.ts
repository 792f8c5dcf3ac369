import * as z from 'zod';
import { object } from '../../schemas/lazy-object.js';
import { StorageConflictError } from '../errors.js';
import { formatKey, type StorageAdapter, type StoredContent } from '../storage/types.js';
import { commitTable } from './commit-table.js';
import { parsePages } from './pages/page.js';
import { PagedLines } from './pages/paged-lines.js';
import { parseStateLines } from './state-line.js';
import {
  type OpenState,
  type SyncedResource,
  type SyncIdentity,
  type SyncState,
  stateKey,
  syncId,
} from './sync-state.js';

/**
 * The first line of a stored state. A line per resource follows (state-line.ts), or, in version 3, a line per page of
 * them (pages/page.ts). Version 1 had neither commits nor the texts of merges.
 */
const header = object(() => ({
  version: z.union([z.literal(1), z.literal(2), z.literal(3)]),
  sync: z.record(z.string(), z.unknown()),
  commit: z.string().nullable(),
  reads: z.record(z.string(), z.string()).optional(),
  commits: commitTable().optional(),
}));
/** The first line of a state, as it stands there. */
export type StateHeader = z.output<typeof header>;

/**
 * Opens the state of a sync: what its record says, without the pages that it lists. One that cannot be understood counts
 * as empty, because a sync works without it.
 */
export async function openSyncState(storage: StorageAdapter, identity: SyncIdentity): Promise<OpenState> {
  const id = syncId(identity);
  const [stored = null] = await storage.read([stateKey(id)]);
  return openState(storage, id, stored).state;
}

/** As `openSyncState`, with all its resources. */
export async function readSyncState(storage: StorageAdapter, identity: SyncIdentity): Promise<SyncState> {
  const id = syncId(identity);
  return (await loadState(storage, { id, kind: identity.kind })).state;
}

/** The state that storage holds under an id, with its first line; null where that cannot be understood. */
export function openState(
  storage: StorageAdapter,
  id: string,
  stored: StoredContent | null,
): { state: OpenState; head: StateHeader | null } {
  const bytes = stored?.content ?? null;
  const lineEnd = bytes?.indexOf(10) ?? -1;
  const head = bytes === null ? null : parseHeader(bytes.subarray(0, Math.max(lineEnd, 0)));
  const tail = head === null ? new Uint8Array() : (bytes?.subarray(lineEnd + 1) ?? new Uint8Array());
  const pages = head?.version === 3 ? parsePages(tail) : [];
  const understood = pages === null ? null : head;
  const content =
    understood?.version === 3 ? { pages: pages ?? [] } : { inline: pages === null ? new Uint8Array() : tail };
  const state: OpenState = {
    id,
    commit: understood?.commit ?? null,
    commits: understood?.commits ?? {},
    storedOid: stored?.oid ?? null,
    bytes,
    lines: new PagedLines(storage, id, content),
  };
  return { state, head: understood };
}

/** Somebody who writes a state again and again must not keep its readers for ever. */
const maxAttempts = 10;

/**
 * As `openState`, with all resources. A page that is not there while its record is as it was has no resources.
 * @param first the record, where it was read already
 * @throws StorageConflictError when others keep writing it
 */
export async function loadState(
  storage: StorageAdapter,
  { id, kind }: { id: string; kind: SyncIdentity['kind'] },
  first?: StoredContent | null,
): Promise<{ state: SyncState; head: StateHeader | null }> {
  let stored = first === undefined ? await readRecord(storage, id) : first;
  for (let attempt = 1; ; attempt++) {
    const { state, head } = openState(storage, id, stored);
    if (await state.lines.read()) return { state: withResources(state, kind), head };
    const present = await readRecord(storage, id);
    if (present?.oid === stored?.oid) return { state: withResources(state, kind), head };
    if (attempt === maxAttempts) throw movedError(storage, id);
    stored = present;
  }
}

/**
 * All resources of a state that was opened.
 * @throws StorageConflictError when it was written meanwhile
 */
export async function loadSyncState(
  storage: StorageAdapter,
  { kind }: Pick<SyncIdentity, 'kind'>,
  state: OpenState,
): Promise<SyncState> {
  if (!(await state.lines.read())) {
    const present = await readRecord(storage, state.id);
    if ((present?.oid ?? null) !== state.storedOid) throw movedError(storage, state.id);
  }
  return withResources(state, kind);
}

async function readRecord(storage: StorageAdapter, id: string): Promise<StoredContent | null> {
  const [stored = null] = await storage.read([stateKey(id)]);
  return stored;
}

/** For who built upon a state that another run has written since. */
export function movedError({ location }: StorageAdapter, id: string): StorageConflictError {
  return new StorageConflictError(`The state of ${id} in ${location} was written while it was read.`, {
    hint: 'Run again.',
    data: { keys: [stateKey(id)] },
  });
}

/** They are parsed when something of them is first asked for. */
function withResources(state: OpenState, kind: SyncIdentity['kind']): SyncState {
  let resources: SyncedResource[] | null = null;
  let byPath: Map<string, SyncedResource> | null = null;
  let byKey: Map<string, SyncedResource> | null = null;
  const all = () => {
    resources ??= [...state.lines.intact()].flatMap((lines) => parseStateLines({ kind }, lines));
    return resources;
  };
  return {
    ...state,
    get byPath() {
      byPath ??= new Map(all().map((resource) => [resource.gitPath, resource]));
      return byPath;
    },
    get byKey() {
      byKey ??= new Map(all().map((resource) => [formatKey(resource.key), resource]));
      return byKey;
    },
  };
}

function parseHeader(line: Uint8Array): StateHeader | null {
  try {
    return header.parse(JSON.parse(Buffer.from(line).toString()));
  } catch {
    return null;
  }
}
