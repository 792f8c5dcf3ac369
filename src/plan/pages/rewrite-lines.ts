import { joinLines } from '../sorted-lines.js';
import { cutPageBytes, maxPageBytes, minPageBytes } from './page.js';
import type { PagedLines } from './paged-lines.js';
import { type RewrittenLines, type Slot, settlePages } from './settle-pages.js';

/** Puts lines in, replaces them, or (null) takes them out; null when a page that this takes is not there. */
export async function changeLines(
  lines: PagedLines,
  changes: ReadonlyMap<string, string | null>,
): Promise<RewrittenLines | null> {
  if (lines.inline !== null) {
    return settlePages(lines, [{ page: null, bytes: lines.inline.with(changes).bytes }]);
  }
  const touched = lines.pagesOf(changes.keys());
  if (!(await lines.read([...touched.keys()]))) return null;
  const slots = lines.pages.map((page): Slot => {
    const keys = touched.get(page);
    if (keys === undefined) return { page, bytes: null };
    const changesOfPage = new Map(keys.map((key) => [key, changes.get(key) ?? null]));
    return { page, bytes: lines.linesOf(page)?.with(changesOfPage).bytes ?? null };
  });
  return settlePages(lines, await mergeSmall(lines, slots));
}

/** Writes all lines anew, which are sorted; pages whose lines are the same stay. */
export async function replaceLines<T>(
  lines: PagedLines,
  items: readonly T[],
  { keyOf, lineOf }: { keyOf: (item: T) => string; lineOf: (item: T) => string },
): Promise<RewrittenLines> {
  const { pages } = lines;
  if (pages.length === 0) return replaceText(lines, joinLines(items, lineOf));
  const slots: Slot[] = [];
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
  return settlePages(lines, await mergeSmall(lines, slots));
}

/** As `replaceLines`, for lines that stand already. */
export function replaceText(lines: PagedLines, bytes: Buffer): Promise<RewrittenLines> {
  return settlePages(lines, [{ page: null, bytes }]);
}

/** Lays pages that became small into one beside them, unless that one is not there. */
async function mergeSmall(lines: PagedLines, slots: readonly Slot[]): Promise<Slot[]> {
  const left = slots.filter(({ bytes }) => bytes === null || bytes.length > 0);
  for (let place = 0; place < left.length; place++) {
    const small = left[place];
    if (small === undefined || small.bytes === null || small.bytes.length >= minPageBytes) continue;
    const beside = [place - 1, place + 1].filter((other) => left[other] !== undefined);
    const [other] = beside.sort((a, b) => sizeOf(left[a]) - sizeOf(left[b]));
    if (other === undefined || sizeOf(left[other]) + small.bytes.length > cutPageBytes) continue;
    const from = Math.min(place, other);
    const pair = left.slice(from, from + 2);
    const unread = pair.flatMap(({ page, bytes }) => (page !== null && bytes === null ? [page] : []));
    if (!(await lines.read(unread))) continue;
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
