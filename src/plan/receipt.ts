import * as z from 'zod';
import type { ResourceKey } from '../../schemas/resources.js';
import { StorageConflictError } from '../errors.js';
import {
  formatKey,
  type Scope,
  type StorageAdapter,
  type StorageChange,
  type StoredContent,
} from '../storage/types.js';
import { parsePages } from './pages/page.js';
import { PagedLines } from './pages/paged-lines.js';
import { changeLines, replaceText } from './pages/rewrite-lines.js';
import { type RewrittenLines, removeLines } from './pages/settle-pages.js';
import type { StateRows } from './state-rows.js';

/**
 * The note a run leaves behind when both sides agree: at this commit and this version of the storage, with these
 * choices, there is nothing to do. A later run that finds the same needs one request for the remote's refs and no
 * listing. A receipt is a short cut and nothing else: without one, or with a wrong one, a run plans as always.
 */
export type Receipt = ReceiptHead & ReceiptRows;

/** What a receipt says beside its rows. */
interface ReceiptHead {
  /** Blob id of the receipt itself. */
  oid: string;
  commit: string;
  /** As in `Agreement`. */
  signed?: string | undefined;
  /** Of the storage's scope. */
  version: string;
  /** How many resources the scope holds. */
  listed: number;
  /** How many resources are the same on both sides. */
  unchanged: number;
  /** Whether some of either side was kept out by ignore rules, or left as it is for a reason that its row gives. */
  ignoring: boolean;
  /** What is not valid in git, and stays as the target has it: every run tells of it. Absent when there is none. */
  invalid?: readonly InvalidResource[] | undefined;
}

/** An `INVALID` change of a plan, as a receipt has it. */
export interface InvalidResource {
  namespace: string;
  id: string;
  gitPath: string;
  /** What the target has; null when it has nothing. */
  oid: string | null;
  note: string | null;
}

/**
 * The rows to report for what is unchanged, by git path: the receipt's own, or those that the sync's state tells as long
 * as its record has the blob id `state`.
 */
type ReceiptRows = { state: null; rows: PagedLines } | { state: string; rows: StateRows };

/** A sync's state as it is now: the blob id of its record, and the rows that it tells. */
export interface PresentState {
  oid: string | null;
  rows: StateRows;
}

/** What a receipt to be left says beside its rows. */
export type NewReceipt = Omit<ReceiptHead, 'commit' | 'signed' | 'oid'>;

/** Its rows as text, or the blob id of the state's record that tells them. */
export type NewRows = Buffer | { state: string };

/** When a receipt holds. */
export interface Agreement {
  /** Id of the sync. */
  id: string;
  commit: string;
  /** The tag whose signature was checked: another one that leads to the same commit has yet to be. */
  signed?: string | undefined;
  scope: Scope;
  /** Everything else that decides what a run does: its policy, and the flow that runs it. */
  choices: object;
}

const header = z.object({
  commit: z.string(),
  signed: z.string().optional(),
  version: z.string(),
  choices: z.string(),
  unchanged: z.number(),
  listed: z.number(),
  ignoring: z.boolean(),
  invalid: z
    .array(
      z.object({
        namespace: z.string(),
        id: z.string(),
        gitPath: z.string(),
        oid: z.string().nullable(),
        note: z.string().nullable(),
      }),
    )
    .optional(),
  /** Whether the rows are in pages; otherwise they follow, */
  paged: z.boolean().optional(),
  /** or the state's record with this blob id tells them. */
  state: z.string().optional(),
});

/**
 * The receipt of an earlier run, when the storage is still as that run left it; its commit may be another one.
 * @param present the sync's state; without it, a receipt whose rows a state tells is none
 */
export async function findReceipt(
  storage: StorageAdapter,
  agreement: Agreement,
  present: PresentState | null = null,
): Promise<Receipt | null> {
  if (storage.version === undefined) return null;
  const [stored = null] = await storage.read([receiptKey(agreement.id)]);
  const found = stored === null ? null : openReceipt(storage, agreement.id, stored);
  if (stored === null || found === null || found.head.choices !== JSON.stringify(agreement.choices))
    return null;
  if ((await storage.version(agreement.scope)) !== found.head.version) return null;
  const { paged: _, state, ...head } = found.head;
  const receipt = { ...head, oid: stored.oid };
  if (state === undefined) return { ...receipt, state: null, rows: found.rows };
  return present?.oid === state ? { ...receipt, state, rows: present.rows } : null;
}

/** The changes that remove the receipt of the sync with this id; none when there is none. */
export async function removeReceipt(storage: StorageAdapter, id: string): Promise<StorageChange[]> {
  const [stored = null] = await storage.read([receiptKey(id)]);
  if (stored === null) return [];
  const found = openReceipt(storage, id, stored);
  await found?.rows.read();
  return [
    ...(found === null ? [] : removeLines(found.rows)),
    { action: 'delete', key: stored.key, expectedOid: stored.oid },
  ];
}

/**
 * Leaves a receipt, if the storage is what the run took it for. The version is asked for before the listing: whatever
 * changes in between makes the listing differ, and whatever changes later makes the version differ.
 * @param expected blob ids by `formatKey`, of everything in the scope
 */
export async function leaveReceipt(
  storage: StorageAdapter,
  agreement: Agreement,
  expected: ReadonlyMap<string, string>,
  receipt: Pick<NewReceipt, 'unchanged' | 'ignoring' | 'invalid'> & { rows: NewRows },
): Promise<void> {
  if (storage.version === undefined) return;
  const version = await storage.version(agreement.scope);
  const listing = await storage.list(agreement.scope);
  if (listing.length !== expected.size) return;
  if (listing.some(({ key, oid }) => expected.get(formatKey(key)) !== oid)) return;
  await writeReceipt(storage, agreement, { ...receipt, version, listed: listing.length });
}

/** Writes a receipt, with all its rows, for a version that is known to be right. */
export async function writeReceipt(
  storage: StorageAdapter,
  agreement: Agreement,
  { rows, ...receipt }: NewReceipt & { rows: NewRows },
): Promise<void> {
  const [stored = null] = await storage.read([receiptKey(agreement.id)]);
  const former =
    (stored === null ? null : openReceipt(storage, agreement.id, stored)?.rows) ??
    noRows(storage, agreement.id);
  const leave = async (): Promise<void> => {
    const expectedOid = stored?.oid ?? null;
    const written =
      'state' in rows
        ? { state: rows.state, rows: withoutLines(removeLines(former)) }
        : { state: undefined, rows: await replaceText(former, rows) };
    await write(storage, agreement, { ...receipt, expectedOid, ...written });
  };
  try {
    await leave();
  } catch (error) {
    if (!(error instanceof StorageConflictError) || (await former.read())) throw error;
    // Its pages are not those that it lists: now it is known what is there, and they can be written over.
    await leave();
  }
}

/**
 * As `writeReceipt`, in the place of one whose rows but these few stand.
 * @param changes rows by git path, null for those that go
 * @param state the blob id of the state's record that tells the rows with these changes; null when it tells others
 */
export async function renewReceipt(
  storage: StorageAdapter,
  agreement: Agreement,
  former: Receipt,
  {
    changes,
    state,
    ...receipt
  }: NewReceipt & { changes: ReadonlyMap<string, string | null>; state: string | null },
): Promise<void> {
  const renewed = { ...receipt, expectedOid: former.oid };
  if (former.state === null) {
    const rows = await changeLines(former.rows, changes);
    if (rows !== null) await write(storage, agreement, { ...renewed, state: undefined, rows });
  } else if (state !== null) {
    await write(storage, agreement, { ...renewed, state, rows: withoutLines([]) });
  }
}

function withoutLines(changes: StorageChange[]): RewrittenLines {
  return { tail: Buffer.alloc(0), paged: false, changes };
}

async function write(
  storage: StorageAdapter,
  { id, commit, signed, choices }: Agreement,
  {
    version,
    unchanged,
    listed,
    ignoring,
    invalid,
    expectedOid,
    state,
    rows: { tail, paged, changes },
  }: NewReceipt & { expectedOid: string | null; state: string | undefined; rows: RewrittenLines },
): Promise<void> {
  const head = {
    commit,
    signed,
    version,
    choices: JSON.stringify(choices),
    unchanged,
    listed,
    ignoring,
    invalid,
    paged,
    state,
  };
  const content = Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), tail]);
  await storage.apply({
    changes: [...changes, { action: 'put', key: receiptKey(id), content, expectedOid, frozen: true }],
  });
}

/** A receipt as storage has it; null when it cannot be understood. */
function openReceipt(
  storage: StorageAdapter,
  id: string,
  { content }: StoredContent,
): { head: z.output<typeof header>; rows: PagedLines } | null {
  const lineEnd = content.indexOf(10);
  const head = parseHeader(content.subarray(0, lineEnd));
  const tail = content.subarray(lineEnd + 1);
  const pages = head?.paged === true ? parsePages(tail) : [];
  if (head === null || pages === null) return null;
  const { id: owner } = receiptKey(id);
  return { head, rows: new PagedLines(storage, owner, head.paged === true ? { pages } : { inline: tail }) };
}

function noRows(storage: StorageAdapter, id: string): PagedLines {
  return new PagedLines(storage, receiptKey(id).id, { inline: new Uint8Array() });
}

function parseHeader(line: Uint8Array): z.output<typeof header> | null {
  try {
    return header.parse(JSON.parse(Buffer.from(line).toString()));
  } catch {
    return null;
  }
}

/** Where storage keeps the receipt of the sync with this id. */
export function receiptKey(id: string): ResourceKey {
  return { kind: 'state', namespace: '', id: `${id}.receipt` };
}
