import type { StorageAdapter, StoredContent } from '../../storage/types.js';
import { SortedLines } from '../sorted-lines.js';
import { type Page, pageKey, placeOf } from './page.js';

/**
 * Sorted lines of which most may be somewhere else: see page.ts. Pages are read when they are asked for, once. A page
 * that is gone, or is another one than is listed, has no lines here, and whoever asks for some of them is told.
 */
export class PagedLines {
  readonly #storage: Pick<StorageAdapter, 'read'>;
  readonly #stored = new Map<number, StoredContent | null>();
  readonly #lines = new Map<number, SortedLines>();
  /** Id of the record that lists the pages. */
  readonly owner: string;
  /** The lines that stand in the record itself; null when there are pages. */
  readonly inline: SortedLines | null;
  readonly pages: readonly Page[];

  constructor(
    storage: Pick<StorageAdapter, 'read'>,
    owner: string,
    content: { inline: Uint8Array } | { pages: readonly Page[] },
  ) {
    this.#storage = storage;
    this.owner = owner;
    this.inline = 'inline' in content ? new SortedLines(content.inline) : null;
    this.pages = 'inline' in content ? [] : content.pages;
  }

  /** The lines that begin with the keys, null for those that there are not; null when a page of theirs is not there. */
  async find(keys: readonly string[]): Promise<ReadonlyMap<string, string | null> | null> {
    const { inline } = this;
    if (inline !== null) return new Map(keys.map((key) => [key, inline.get(key)]));
    const wanted = this.pagesOf(keys);
    if (!(await this.read([...wanted.keys()]))) return null;
    const found = new Map<string, string | null>();
    for (const [page, itsKeys] of wanted) {
      for (const key of itsKeys) found.set(key, this.linesOf(page)?.get(key) ?? null);
    }
    return found;
  }

  /** Reads pages, all by default; false when one of them is not there. */
  async read(pages: readonly Page[] = this.pages): Promise<boolean> {
    const unread = pages.filter(({ number }) => !this.#stored.has(number));
    const contents =
      unread.length === 0
        ? []
        : await this.#storage.read(unread.map(({ number }) => pageKey(this.owner, number)));
    unread.forEach(({ number }, index) => {
      this.#stored.set(number, contents[index] ?? null);
    });
    return pages.every(({ number, oid }) => this.#stored.get(number)?.oid === oid);
  }

  /** The keys by the page that has, or would have, their lines. */
  pagesOf(keys: Iterable<string>): ReadonlyMap<Page, string[]> {
    const found = new Map<Page, string[]>();
    for (const key of keys) {
      const page = this.pages[placeOf(this.pages, key)];
      if (page === undefined) continue;
      const others = found.get(page);
      if (others === undefined) found.set(page, [key]);
      else others.push(key);
    }
    return found;
  }

  /** A page's lines, once they were read; null when it is not there. */
  linesOf({ number, oid }: Page): SortedLines | null {
    const known = this.#lines.get(number);
    const stored = this.#stored.get(number);
    if (known !== undefined || stored?.oid !== oid) return known ?? null;
    const lines = new SortedLines(stored.content);
    this.#lines.set(number, lines);
    return lines;
  }

  /** Blob id of what storage has in a page's place, as far as it was read. */
  presentOid({ number, oid }: Page): string | null {
    const stored = this.#stored.get(number);
    return stored === undefined ? oid : (stored?.oid ?? null);
  }

  /** What storage has under page numbers that are not listed: nothing, unless somebody was interrupted. */
  async oidsBeside(numbers: readonly number[]): Promise<(string | null)[]> {
    if (numbers.length === 0) return [];
    const contents = await this.#storage.read(numbers.map((number) => pageKey(this.owner, number)));
    return contents.map((stored) => stored?.oid ?? null);
  }

  /** The lines that are there, page by page, once all were read. */
  *intact(): Generator<Uint8Array> {
    if (this.inline !== null) yield this.inline.bytes;
    for (const { number, oid } of this.pages) {
      const stored = this.#stored.get(number);
      if (stored?.oid === oid) yield stored.content;
    }
  }

  /** All lines in pieces, once all pages were read, with some put in, replaced or (null) taken out. */
  pieces(changes: ReadonlyMap<string, string | null> = new Map()): Iterable<Uint8Array> {
    if (this.inline !== null) return [this.inline.with(changes).bytes];
    const changed = this.pagesOf(changes.keys());
    const read = this.pages.map((page) => {
      const keys = changed.get(page);
      if (keys === undefined) return { content: () => this.#stored.get(page.number)?.content };
      const changesOfPage = new Map(keys.map((key) => [key, changes.get(key) ?? null]));
      const { bytes } = (this.linesOf(page) ?? new SortedLines(new Uint8Array())).with(changesOfPage);
      return { content: () => bytes };
    });
    return {
      *[Symbol.iterator]() {
        // A storage may copy a content when it is looked at: most pieces of most runs never are.
        for (const { content } of read) yield content() ?? new Uint8Array();
      },
    };
  }
}
