import * as z from 'zod';
import type { PagedLines } from './pages/paged-lines.js';

/** A commit as `blame` tells it; the time is in seconds since the epoch. */
export interface SyncedCommit {
  oid: string;
  author: string;
  email: string;
  timestamp: number;
}

/** The commits that the resources of a sync came with, by number: a line per resource names its commit in few bytes. */
export const commitTable = () =>
  z.record(z.string().regex(/^\d+$/), z.tuple([z.string(), z.string(), z.string(), z.number()]));
export type CommitTable = z.output<ReturnType<typeof commitTable>>;

/** The commit of that number. */
export function commitAt(table: CommitTable, index: number | undefined): SyncedCommit | null {
  const entry = index === undefined ? undefined : table[index];
  if (entry === undefined) return null;
  const [oid, author, email, timestamp] = entry;
  return { oid, author, email, timestamp };
}

/** The number of a commit, and the table with it. Numbers are never given to another commit while they are in use. */
export function indexOfCommit(
  table: CommitTable,
  commit: SyncedCommit | null,
): { table: CommitTable; index: number | undefined } {
  if (commit === null) return { table, index: undefined };
  const numbers = Object.keys(table).map(Number);
  const known = numbers.find((number) => table[number]?.[0] === commit.oid);
  if (known !== undefined) return { table, index: known };
  const index = numbers.length === 0 ? 0 : Math.max(...numbers) + 1;
  return {
    table: { ...table, [index]: [commit.oid, commit.author, commit.email, commit.timestamp] },
    index,
  };
}

/** The table without the commits that nothing came with. */
export function usedCommits(table: CommitTable, used: ReadonlySet<number>): CommitTable {
  return Object.fromEntries(Object.entries(table).filter(([number]) => used.has(Number(number))));
}

const sweepEvery = 100;

/**
 * As `usedCommits`, now and then: it takes a look at every line of a state.
 * @param latest the number of the commit that changes some of the lines
 */
export async function sweepCommits(
  table: CommitTable,
  latest: number | undefined,
  lines: PagedLines,
): Promise<CommitTable> {
  const count = Object.keys(table).length;
  if (count < sweepEvery || count % sweepEvery !== 0 || !(await lines.read())) return table;
  const used = new Set(latest === undefined ? [] : [latest]);
  for (const piece of lines.pieces()) {
    const text = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength).toString('latin1');
    for (const [, number] of text.matchAll(/"(?:,(\d+))(?:\]\n|,")/g)) used.add(Number(number));
  }
  return usedCommits(table, used);
}
