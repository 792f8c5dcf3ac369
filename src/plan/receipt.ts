import * as z from 'zod';
import type { ResourceKey } from '../../schemas/resources.js';
import { formatKey, type Scope, type StorageAdapter } from '../storage/types.js';

/**
 * The note a run leaves behind when both sides agree: at this commit and this version of the storage, with these
 * choices, there is nothing to do. A later run that finds the same needs one request for the remote's refs and no
 * listing. A receipt is a short cut and nothing else: without one, or with a wrong one, a run plans as always.
 */
export interface Receipt {
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
  /** Whether ignore rules kept some of either side out. */
  ignoring: boolean;
  /** The rows to report for them, as JSON Lines. */
  rows: Uint8Array;
}

/** A receipt to be left; `replaces` is the blob id of the one that is there, where that is known. */
export type NewReceipt = Omit<Receipt, 'commit' | 'signed' | 'oid'> & { replaces?: string };

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
});

/** The receipt of an earlier run, when the storage is still as that run left it; its commit may be another one. */
export async function findReceipt(storage: StorageAdapter, agreement: Agreement): Promise<Receipt | null> {
  if (storage.version === undefined) return null;
  const [stored = null] = await storage.read([keyOf(agreement)]);
  if (stored === null) return null;
  const lineEnd = stored.content.indexOf(10);
  const found = parseHeader(stored.content.subarray(0, lineEnd));
  if (found === null || found.choices !== JSON.stringify(agreement.choices)) return null;
  if ((await storage.version(agreement.scope)) !== found.version) return null;
  return { ...found, oid: stored.oid, rows: stored.content.subarray(lineEnd + 1) };
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
  receipt: Pick<NewReceipt, 'unchanged' | 'ignoring' | 'rows'>,
): Promise<void> {
  if (storage.version === undefined) return;
  const version = await storage.version(agreement.scope);
  const listing = await storage.list(agreement.scope);
  if (listing.length !== expected.size) return;
  if (listing.some(({ key, oid }) => expected.get(formatKey(key)) !== oid)) return;
  await writeReceipt(storage, agreement, { ...receipt, version, listed: listing.length });
}

/** Writes a receipt for a version that is known to be right. */
export async function writeReceipt(
  storage: StorageAdapter,
  agreement: Agreement,
  { version, unchanged, listed, ignoring, rows, replaces }: NewReceipt,
): Promise<void> {
  const choices = JSON.stringify(agreement.choices);
  const { commit, signed } = agreement;
  const line = JSON.stringify({ commit, signed, version, choices, unchanged, listed, ignoring });
  const content = Buffer.concat([Buffer.from(`${line}\n`), rows]);
  const expectedOid = replaces ?? (await storage.read([keyOf(agreement)]))[0]?.oid ?? null;
  await storage.apply({ changes: [{ action: 'put', key: keyOf(agreement), content, expectedOid }] });
}

function parseHeader(line: Uint8Array): z.output<typeof header> | null {
  try {
    return header.parse(JSON.parse(Buffer.from(line).toString()));
  } catch {
    return null;
  }
}

function keyOf({ id }: Agreement): ResourceKey {
  return receiptKey(id);
}

/** Where storage keeps the receipt of the sync with this id. */
export function receiptKey(id: string): ResourceKey {
  return { kind: 'state', namespace: '', id: `${id}.receipt` };
}
