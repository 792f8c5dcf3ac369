import { blobId } from '../../resources/blob-id.js';
import type { StorageChange } from '../../storage/types.js';
import { keyOfLine } from '../sorted-lines.js';
import { cutLines } from './cut-lines.js';
import { cutPageBytes, formatPages, maxPageBytes, type Page, pageKey } from './page.js';
import type { PagedLines } from './paged-lines.js';

/** Lines as they are to be. */
export interface RewrittenLines {
  /** What the owning record says behind its own first line: the lines themselves, or the list of their pages. */
  tail: Buffer;
  paged: boolean;
  /** Pages to write and to remove, for the batch that writes the owning record. */
  changes: StorageChange[];
}

/** A page on its way: `bytes` are null for one that stays as it is. `page` is null for a new one. */
export type Slot = { page: Page; bytes: Buffer | null } | { page: null; bytes: Buffer };

/** Gives every piece a number: its page's, one of a page that goes, or a new one. */
export async function settlePages(lines: PagedLines, slots: readonly Slot[]): Promise<RewrittenLines> {
  const { owner } = lines;
  const [only] = slots;
  if (only === undefined || (slots.length === 1 && only.bytes !== null && fitsInRecord(lines, only.bytes)))
    return {
      tail: only?.bytes ?? Buffer.alloc(0),
      paged: false,
      changes: removeLines(lines),
    };
  const pieces = slots.flatMap(piecesOf);
  const kept = new Set(pieces.flatMap(({ page }) => (page === null ? [] : [page.number])));
  const going = lines.pages.filter(({ number }) => !kept.has(number));
  const missing = pieces.filter(({ page }) => page === null).length - going.length;
  const free: Place[] = [
    ...going.map((page) => placeFor(lines, page)),
    ...(await freshPlaces(lines, missing)),
  ];
  const pages: Page[] = [];
  const changes: StorageChange[] = [];
  for (const { page, bytes } of pieces) {
    if (bytes === null) {
      if (page !== null) pages.push(page);
      continue;
    }
    const place = page === null ? free.shift() : placeFor(lines, page);
    if (place === undefined) throw new Error('There are more pieces than places for them.');
    const { number, expectedOid } = place;
    const oid = blobId(bytes);
    pages.push({ number, first: page?.first ?? firstKey(bytes), oid, size: bytes.length });
    if (oid !== expectedOid)
      changes.push({
        action: 'put',
        key: pageKey(owner, number),
        content: bytes,
        expectedOid,
        oid,
        frozen: true,
      });
  }
  return { tail: formatPages(pages), paged: true, changes: [...changes, ...removals(owner, free)] };
}

/** Where a page can go, and the blob id of what storage has there. */
interface Place {
  number: number;
  expectedOid: string | null;
}

function placeFor(lines: PagedLines, page: Page): Place {
  return { number: page.number, expectedOid: lines.presentOid(page) };
}

/** What removes the pages of lines that are no longer needed. */
export function removeLines(lines: PagedLines): StorageChange[] {
  return removals(
    lines.owner,
    lines.pages.map((page) => placeFor(lines, page)),
  );
}

/** What is in pages already comes back when it is well below the bound, so that it does not go to and fro. */
function fitsInRecord({ pages }: PagedLines, { length }: Buffer): boolean {
  return length <= (pages.length === 0 ? maxPageBytes : cutPageBytes);
}

function piecesOf(slot: Slot): Slot[] {
  const { page, bytes } = slot;
  if (bytes === null || (page !== null && bytes.length <= maxPageBytes)) return [slot];
  return cutLines(bytes).map((piece, index) => ({ page: index === 0 ? page : null, bytes: piece }));
}

/** The lowest numbers that no page has. Something may be there nevertheless, when a run was interrupted. */
async function freshPlaces(lines: PagedLines, count: number): Promise<Place[]> {
  if (count <= 0) return [];
  const used = new Set(lines.pages.map(({ number }) => number));
  const numbers: number[] = [];
  for (let number = 0; numbers.length < count; number++) if (!used.has(number)) numbers.push(number);
  const oids = await lines.oidsBeside(numbers);
  return numbers.map((number, index) => ({ number, expectedOid: oids[index] ?? null }));
}

function removals(owner: string, places: readonly Place[]): StorageChange[] {
  return places.flatMap(({ number, expectedOid }): StorageChange[] =>
    expectedOid === null ? [] : [{ action: 'delete', key: pageKey(owner, number), expectedOid }],
  );
}

function firstKey(bytes: Buffer): string {
  const end = bytes.indexOf(10);
  return keyOfLine(bytes.toString('utf8', 0, end === -1 ? bytes.length : end));
}
