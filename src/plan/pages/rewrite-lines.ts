import { blobId } from '../../resources/blob-id.js';
import type { StorageChange } from '../../storage/types.js';
import { keyOfLine } from '../sorted-lines.js';
import { cutLines } from './cut-lines.js';
import { cutPageBytes, formatPages, maxPageBytes, minPageBytes, type Page, pageKey } from './page.js';
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
type Slot = { page: Page; bytes: Buffer | null } | { page: null; bytes: Buffer };

/** Puts lines in, replaces them, or (null) takes them out; null when a page that this takes is not there. */
export async function changeLines(
  lines: PagedLines,
  changes: ReadonlyMap<string, string | null>,
): Promise<RewrittenLines | null> {
  if (lines.inline !== null) {
    return settle(lines, [{ page: null, bytes: lines.inline.with(changes).bytes }]);
  }
  const touched = lines.pagesOf(changes.keys());
  if (!(await lines.read([...touched.keys()]))) return null;
  const slots = lines.pages.map((page): Slot => {
    const keys = touched.get(page);
    if (keys === undefined) return { page, bytes: null };
    const changesOfPage = new Map(keys.map((key) => [key, changes.get(key) ?? null]));
    return { page, bytes: lines.linesOf(page)?.with(changesOfPage).bytes ?? null };
  });
  const merged = await mergeSmall(lines, slots);
  return merged === null ? null : settle(lines, merged);
}

/** Writes all lines anew, which are sorted; pages whose lines are the same stay. */
export async function replaceLines<T>(
  lines: PagedLines,
  items: readonly T[],
  { keyOf, lineOf }: { keyOf: (item: T) => string; lineOf: (item: T) => string },
): Promise<RewrittenLines> {
  const slots: Slot[] = [];
  const { pages } = lines;
  let place = 0;
  let page = pages[0] ?? null;
  let text: string[] = [];
  let length = 0;
  const flush = (): void => {
    if (text.length === 0) return;
    const bytes = Buffer.from(`${text.join('\n')}\n`);
    const isSame = page !== null && (lines.linesOf(page)?.bytes.equals(bytes) ?? false);
    slots.push(page === null ? { page, bytes } : { page, bytes: isSame ? null : bytes });
    page = null;
    text = [];
    length = 0;
  };
  for (const item of items) {
    const key = keyOf(item);
    for (let next = pages[place + 1]; next !== undefined && key >= next.first; next = pages[place + 1]) {
      flush();
      place += 1;
      page = next;
    }
    const line = lineOf(item);
    if (length + line.length >= maxPageBytes) flush();
    text.push(line);
    length += line.length + 1;
  }
  flush();
  return settle(lines, (await mergeSmall(lines, slots)) ?? slots);
}

/** As `replaceLines`, for lines that stand already. */
export function replaceText(lines: PagedLines, bytes: Buffer): Promise<RewrittenLines> {
  return settle(lines, [{ page: null, bytes }]);
}

/** What removes the pages of lines that are no longer needed. */
export function removeLines(lines: PagedLines): StorageChange[] {
  return removals(
    lines.owner,
    lines.pages.map((page) => placeFor(lines, page)),
  );
}

/** Lays pages that became small into one beside them; null when that one is not there. */
async function mergeSmall(lines: PagedLines, slots: readonly Slot[]): Promise<Slot[] | null> {
  const left = slots.filter(({ bytes }) => bytes === null || bytes.length > 0);
  for (let place = 0; place < left.length; place++) {
    const small = left[place];
    if (small === undefined || small.bytes === null || small.bytes.length >= minPageBytes) continue;
    const beside = [place - 1, place + 1].filter((other) => left[other] !== undefined);
    const [other] = beside.sort((a, b) => sizeOf(left[a]) - sizeOf(left[b]));
    if (other === undefined || sizeOf(left[other]) + small.bytes.length > cutPageBytes) continue;
    const from = Math.min(place, other);
    const pair = left.slice(from, from + 2);
    if (
      !(await lines.read(pair.flatMap(({ page, bytes }) => (page !== null && bytes === null ? [page] : []))))
    )
      return null;
    const parts = pair.map(
      ({ page, bytes }) => bytes ?? (page && lines.linesOf(page)?.bytes) ?? Buffer.alloc(0),
    );
    left.splice(from, 2, { page: pair[0]?.page ?? null, bytes: Buffer.concat(parts) });
    place = from - 1;
  }
  return left;
}

function sizeOf(slot: Slot | undefined): number {
  return slot?.bytes?.length ?? slot?.page?.size ?? 0;
}

/** Gives every piece a number: its page's, one of a page that goes, or a new one. */
async function settle(lines: PagedLines, slots: readonly Slot[]): Promise<RewrittenLines> {
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
      changes.push({ action: 'put', key: pageKey(owner, number), content: bytes, expectedOid });
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
