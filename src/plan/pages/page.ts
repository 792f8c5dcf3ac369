import type { ResourceKey } from '../../../schemas/resources.js';

/**
 * What a sync remembers grows with its directory, and most runs change little of it. So lines are kept in pages, each a
 * record of its own, and the record that owns them lists its pages: a run reads that list and the pages of what changed,
 * and writes those again. Lines that fit in one page stand in the owning record itself.
 */
export interface Page {
  /** Names the page's record; pages that go leave theirs to new ones. */
  number: number;
  /** Lines from this key on, and before the next page's, are in it; the first page has those before it as well. */
  first: string;
  /** Blob id of its bytes. A record with other bytes is not the page that is listed. */
  oid: string;
  /** Bytes. */
  size: number;
}

/** A page that grew beyond this is cut. */
export const maxPageBytes = 64 * 1024;
/** What is cut becomes pages of at most this, unless one line is longer. */
export const cutPageBytes = 32 * 1024;
/** A page that shrank below this goes into one beside it. */
export const minPageBytes = 8 * 1024;

/** Keeps pages out of the listing of records, which some runs look through. */
const pagesNamespace = 'flowgit.pages';

/** Where storage keeps a page of the record with this id. */
export function pageKey(owner: string, number: number): ResourceKey {
  return { kind: 'state', namespace: pagesNamespace, id: `${owner}.${number}` };
}

/** A line per page. */
export function formatPages(pages: readonly Page[]): Buffer {
  const lines = pages.map(({ number, first, oid, size }) => JSON.stringify([number, first, oid, size]));
  return Buffer.from(lines.map((line) => `${line}\n`).join(''));
}

/** The pages that lines list; null when they cannot be understood. */
export function parsePages(lines: Uint8Array): Page[] | null {
  try {
    const text = Buffer.from(lines).toString().trimEnd().replaceAll('\n', ',');
    const pages = (JSON.parse(`[${text}]`) as unknown[]).map(pageOf);
    return areOrderly(pages) ? pages : null;
  } catch {
    return null;
  }
}

/** The place, among pages, of the one that has the key's line. There is at least one page. */
export function placeOf(pages: readonly Page[], key: string): number {
  let low = 0;
  let high = pages.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((pages[middle]?.first ?? '') <= key) low = middle;
    else high = middle;
  }
  return low;
}

function pageOf(row: unknown): Page {
  const [number, first, oid, size] = Array.isArray(row) ? (row as unknown[]) : [];
  if (
    !Number.isSafeInteger(number) ||
    typeof first !== 'string' ||
    typeof oid !== 'string' ||
    typeof size !== 'number'
  )
    throw new Error('The line does not list a page.');
  return { number: number as number, first, oid, size };
}

function areOrderly(pages: readonly Page[]): boolean {
  const numbers = new Set(pages.map(({ number }) => number));
  return (
    numbers.size === pages.length &&
    pages.every(({ first }, place) => place === 0 || (pages[place - 1]?.first ?? '') <= first)
  );
}
