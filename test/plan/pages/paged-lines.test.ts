import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutPageBytes, maxPageBytes, type Page, pageKey, parsePages } from '../../../src/plan/pages/page.js';
import { PagedLines } from '../../../src/plan/pages/paged-lines.js';
import { changeLines, replaceLines, replaceText } from '../../../src/plan/pages/rewrite-lines.js';
import { type RewrittenLines, removeLines } from '../../../src/plan/pages/settle-pages.js';
import { createMemoryStorage } from '../../../src/storage/memory.js';
import type { StorageAdapter } from '../../../src/storage/types.js';

const owner = 'sync-file-team-000000000000';

/** A line of about 700 bytes, so that few of them make a page. */
function line(key: string, version: number): string {
  return JSON.stringify([key, version, 'x'.repeat(650 + (version % 7) * 20)]);
}

/** Lines in a storage, and what the record that owns them would say. */
class Kept {
  readonly storage: StorageAdapter = createMemoryStorage();
  content: { inline: Uint8Array } | { pages: readonly Page[] } = { inline: new Uint8Array() };

  open(): PagedLines {
    return new PagedLines(this.storage, owner, this.content);
  }

  async take({ tail, paged, changes }: RewrittenLines) {
    await this.storage.apply({ changes });
    const pages = paged ? parsePages(tail) : [];
    if (pages === null) throw new Error('The list of pages cannot be read.');
    this.content = paged ? { pages } : { inline: tail };
    return changes;
  }

  async change(changes: ReadonlyMap<string, string | null>) {
    const rewritten = await changeLines(this.open(), changes);
    if (rewritten === null) throw new Error('A page is not there.');
    return this.take(rewritten);
  }

  replace(model: ReadonlyMap<string, string>) {
    const sorted = [...model].sort(([a], [b]) => (a < b ? -1 : 1));
    return (lines: PagedLines) =>
      replaceLines(lines, sorted, { keyOf: ([key]) => key, lineOf: ([, text]) => text });
  }

  async text(): Promise<string> {
    const lines = this.open();
    expect(await lines.read()).toBe(true);
    return Buffer.concat([...lines.pieces()]).toString();
  }

  async pagesInStorage(): Promise<number> {
    return (await this.storage.list({ kind: 'state', namespace: '', children: true })).length;
  }
}

function textOf(model: ReadonlyMap<string, string>): string {
  return [...model.keys()]
    .sort()
    .map((key) => `${model.get(key)}\n`)
    .join('');
}

function numbered(count: number, version = 0): Map<string, string> {
  const keys = Array.from({ length: count }, (_, index) => `path/${String(index).padStart(5, '0')}.yml`);
  return new Map(keys.map((key) => [key, line(key, version)]));
}

async function keptWith(model: ReadonlyMap<string, string>): Promise<Kept> {
  const kept = new Kept();
  await kept.take(await kept.replace(model)(kept.open()));
  return kept;
}

/** How large pages may be where a line has less than 1 kB. */
function expectBounds({ pages }: PagedLines): void {
  for (const { size } of pages) expect(size).toBeLessThanOrEqual(maxPageBytes);
  const total = pages.reduce((sum, { size }) => sum + size, 0);
  // Small ones go together, so that two neighbours are never both small.
  expect(pages.length).toBeLessThanOrEqual(Math.max(2, (total / cutPageBytes) * 8));
}

describe('lines in pages', () => {
  it('are what a map would be after any changes, and only the pages that these touch are written', async () => {
    const key = fc.integer({ min: 0, max: 400 }).map((number) => `p/${number}`);
    const change = fc.tuple(key, fc.option(fc.nat(9), { freq: 2 }));
    const steps = fc.array(
      fc.record({ whole: fc.boolean(), changes: fc.array(change, { maxLength: 120 }) }),
      { maxLength: 12 },
    );
    await fc.assert(
      fc.asyncProperty(steps, async (story) => {
        const kept = new Kept();
        const model = new Map<string, string>();
        for (const { whole, changes } of story) {
          const wanted = new Map(
            changes.map(([name, version]) => [name, version === null ? null : line(name, version)]),
          );
          for (const [name, text] of wanted) text === null ? model.delete(name) : model.set(name, text);
          const before = kept.open();
          const touched = before.pagesOf(wanted.keys());
          if (whole) {
            await before.read();
            await kept.take(await kept.replace(model)(before));
          } else {
            const written = await kept.change(wanted);
            // Each of them may be cut, or go into one beside it.
            const most = 2 * touched.size + Math.ceil(wanted.size / 20) + 1;
            if (before.inline === null && kept.open().inline === null)
              expect(written.length).toBeLessThanOrEqual(most);
          }
          expect(await kept.text()).toBe(textOf(model));
          expectBounds(kept.open());
          expect(await kept.pagesInStorage()).toBe(kept.open().pages.length);
          const names = [...wanted.keys(), 'p/none', '', 'z'];
          expect(await kept.open().find(names)).toEqual(
            new Map(names.map((name) => [name, model.get(name) ?? null])),
          );
        }
      }),
      { numRuns: 60 },
    );
  });

  it('stand in the record itself while they are few, and come back to it', async () => {
    const few = numbered(20);
    const kept = await keptWith(few);
    expect(kept.open().pages).toEqual([]);
    await kept.change(numbered(150));
    expect(kept.open().pages.length).toBeGreaterThan(1);
    expect(kept.open().inline).toBeNull();
    await kept.change(new Map([...numbered(150).keys()].slice(20).map((key) => [key, null])));
    expect(kept.open().inline).not.toBeNull();
    expect(await kept.text()).toBe(textOf(few));
    expect(await kept.pagesInStorage()).toBe(0);
  });

  it('are written anew where they changed, and nowhere else', async () => {
    const model = numbered(2000);
    const kept = await keptWith(model);
    const count = kept.open().pages.length;
    expect(count).toBeGreaterThan(30);
    expect(await kept.change(new Map([['path/00777.yml', line('path/00777.yml', 3)]]))).toHaveLength(1);
    model.set('path/00777.yml', line('path/00777.yml', 3));
    const before = kept.open();
    await before.read();
    expect(await kept.take(await kept.replace(model)(before))).toEqual([]);
    model.set('path/01000a.yml', line('path/01000a.yml', 1));
    model.delete('path/01500.yml');
    const opened = kept.open();
    await opened.read();
    expect(await kept.take(await kept.replace(model)(opened))).toHaveLength(2);
    expect(kept.open().pages).toHaveLength(count);
  });

  it('give the places of pages that go to new ones', async () => {
    const kept = await keptWith(numbered(500));
    const numbers = () => kept.open().pages.map(({ number }) => number);
    const before = numbers();
    const opened = kept.open();
    await opened.read();
    await kept.take(await replaceText(opened, Buffer.from(textOf(numbered(450, 1)))));
    expect(Math.max(...numbers())).toBeLessThanOrEqual(Math.max(...before));
    expect(await kept.text()).toBe(textOf(numbered(450, 1)));
    const last = kept.open();
    await kept.storage.apply({ changes: removeLines(last) });
    expect(await kept.pagesInStorage()).toBe(0);
  });

  it('keep a line that is longer than a page', async () => {
    const long = JSON.stringify(['b', 'y'.repeat(3 * maxPageBytes)]);
    const model = new Map([...numbered(100), ['b', long], ['a', line('a', 0)]]);
    const kept = await keptWith(model);
    expect(await kept.text()).toBe(textOf(model));
    await kept.change(new Map([['b', null]]));
    model.delete('b');
    expect(await kept.text()).toBe(textOf(model));
  });

  it('keep to the bounds in any script', async () => {
    const model = new Map(
      Array.from({ length: 300 }, (_, index) => {
        const key = `ファイル/${String(index).padStart(4, '0')}`;
        return [key, JSON.stringify([key, 'あ'.repeat(300)])] as const;
      }),
    );
    const kept = await keptWith(model);
    expectBounds(kept.open());
    expect(await kept.text()).toBe(textOf(model));
  });
});

describe('a page that is not the one that is listed', () => {
  const corrupt = async (kept: Kept, content: string | null): Promise<Page> => {
    const page = kept.open().pages[3];
    if (page === undefined) throw new Error('There are too few pages.');
    const key = pageKey(owner, page.number);
    const change =
      content === null
        ? ({ action: 'delete', key, expectedOid: page.oid } as const)
        : ({ action: 'put', key, content: Buffer.from(content), expectedOid: page.oid } as const);
    await kept.storage.apply({ changes: [change] });
    return page;
  };

  it.each([
    ['gone', null],
    ['another', '["path/00000.yml",1]\n'],
    ['empty', ''],
  ])('because it is %s has no lines, says so, and is written anew', async (_, content) => {
    const model = numbered(1000);
    const kept = await keptWith(model);
    const page = await corrupt(kept, content);
    expect(await kept.open().find([page.first])).toBeNull();
    expect(await changeLines(kept.open(), new Map([[page.first, null]]))).toBeNull();
    expect((await kept.open().find(['path/00000.yml']))?.get('path/00000.yml')).toBe(
      model.get('path/00000.yml'),
    );
    const opened = kept.open();
    expect(await opened.read()).toBe(false);
    expect([...opened.intact()]).toHaveLength(opened.pages.length - 1);
    await kept.take(await kept.replace(model)(opened));
    expect(await kept.text()).toBe(textOf(model));
  });

  it('does not keep a page beside it that becomes small from being written', async () => {
    const model = numbered(1000);
    const kept = await keptWith(model);
    const lost = await corrupt(kept, null);
    const { pages } = kept.open();
    const next = pages[pages.findIndex(({ number }) => number === lost.number) + 1];
    const after = pages[pages.findIndex(({ number }) => number === lost.number) + 2];
    const inNext = [...model.keys()].filter(
      (key) => key >= (next?.first ?? '') && key < (after?.first ?? ''),
    );
    await kept.change(new Map(inNext.slice(1).map((key) => [key, null])));
    expect(await kept.open().find(inNext.slice(0, 2))).toEqual(
      new Map([
        [inNext[0], model.get(inNext[0] ?? '')],
        [inNext[1], null],
      ]),
    );
  });

  it('is written over where its list was lost', async () => {
    const model = numbered(1000);
    const kept = await keptWith(model);
    kept.content = { inline: new Uint8Array() };
    await kept.take(await kept.replace(numbered(800, 2))(kept.open()));
    expect(await kept.text()).toBe(textOf(numbered(800, 2)));
  });
});

describe('a list of pages', () => {
  it.each([
    '[0,"a","0",1]\n[0,"b","1",1]\n',
    '[0,"b","0",1]\n[1,"a","1",1]\n',
    '[0,"a","0"]\n',
    '{"number":0}\n',
    '[0,"a","0",1]\n[1,"b',
    '["0","a","0",1]\n',
  ])('that says %j is none', (text) => {
    expect(parsePages(Buffer.from(text))).toBeNull();
  });
});
