import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../src/logger.js';
import { createMemoryStorage, type StorageAdapter } from '../../src/storage/index.js';
import { createFlowCatalog } from '../../src/triggers/flow-catalog.js';
import { flowWith, put, registry, remove } from './flows.js';

/** A storage that tells what was asked of it. */
function counted(storage: StorageAdapter) {
  const asked = { list: 0, read: [] as string[], version: 0 };
  const watched: StorageAdapter = {
    ...storage,
    async list(scope, options) {
      asked.list++;
      return storage.list(scope, options);
    },
    async read(keys, options) {
      asked.read.push(...keys.map(({ id }) => id));
      return storage.read(keys, options);
    },
    async version(scope, options) {
      asked.version++;
      return (await storage.version?.(scope, options)) ?? '';
    },
  };
  return { asked, storage: watched };
}

describe('the catalog of stored flows', () => {
  it('asks for the version alone while nothing changes, and reads only what did', async () => {
    const { asked, storage } = counted(createMemoryStorage());
    await put(storage, 'company.a', 'one', flowWith('company.a', 'one', ''));
    await put(storage, 'company.b', 'two', flowWith('company.b', 'two', ''));
    asked.read = [];
    const catalog = createFlowCatalog({ storage, registry, logger: silentLogger });
    expect(await catalog.refresh()).toBe(true);
    expect(asked).toEqual({ list: 1, read: ['one', 'two'], version: 1 });
    expect(await catalog.refresh()).toBe(false);
    expect(asked).toEqual({ list: 1, read: ['one', 'two'], version: 2 });

    const one = catalog.get('company.a', 'one');
    await put(storage, 'company.b', 'two', flowWith('company.b', 'two', '', 'description: changed\n'));
    asked.read = [];
    expect(await catalog.refresh()).toBe(true);
    expect(asked).toEqual({ list: 2, read: ['two'], version: 3 });
    expect(catalog.get('company.b', 'two')).toMatchObject({
      revision: 2,
      definition: { description: 'changed' },
      unknownTypes: [],
    });
    expect(catalog.get('company.a', 'one')).toBe(one);
  });

  it('looks at the listing of a storage without versions', async () => {
    const memory = createMemoryStorage();
    const { version, ...storage } = memory;
    expect(version).toBeDefined();
    const catalog = createFlowCatalog({ storage, registry, logger: silentLogger });
    expect(await catalog.refresh()).toBe(false);
    await put(memory, 'company', 'one', flowWith('company', 'one', ''));
    expect(await catalog.refresh()).toBe(true);
    await remove(memory, 'company', 'one');
    expect(await catalog.refresh()).toBe(true);
    expect(catalog.list()).toEqual([]);
  });

  it('names the task types it does not have, and reports broken flows beside the others', async () => {
    const storage = createMemoryStorage();
    await put(storage, 'company', 'good', flowWith('company', 'good', ''));
    await put(storage, 'company', 'bad', 'id: bad\nnamespace: company\ntasks: none\n');
    await put(storage, 'company', 'other', flowWith('company', 'another', ''));
    const foreign = 'io.kestra.plugin.jdbc.Query';
    await put(
      storage,
      'company',
      'unknown',
      `id: unknown\nnamespace: company\ntasks:\n  - {id: q, type: ${foreign}}\n`,
    );
    const catalog = createFlowCatalog({ storage, registry, logger: silentLogger });
    await catalog.refresh();
    expect(catalog.list().map(({ id, unknownTypes }) => [id, unknownTypes])).toEqual([
      ['good', []],
      ['unknown', [foreign]],
    ]);
    expect(catalog.broken()).toEqual([
      expect.objectContaining({ id: 'bad', problems: ['3:8: tasks: must be a list, not a string'] }),
      expect.objectContaining({
        id: 'other',
        problems: [expect.stringMatching(/calls itself company\/another/)],
      }),
    ]);
    expect(catalog.get('company', 'bad')).toBeNull();
  });

  it('keeps what it had when the storage cannot be read', async () => {
    const memory = createMemoryStorage();
    let fails = false;
    const storage: StorageAdapter = {
      ...memory,
      async list(scope) {
        if (fails) throw new Error('gone');
        return memory.list(scope);
      },
    };
    await put(storage, 'company', 'one', flowWith('company', 'one', ''));
    const catalog = createFlowCatalog({ storage, registry, logger: silentLogger });
    await catalog.refresh();
    fails = true;
    await put(memory, 'company', 'two', flowWith('company', 'two', ''));
    await expect(catalog.refresh()).rejects.toThrow('gone');
    expect(catalog.list().map(({ id }) => id)).toEqual(['one']);
    fails = false;
    await catalog.refresh();
    expect(catalog.list().map(({ id }) => id)).toEqual(['one', 'two']);
  });

  it('follows the storage on its own, until it is told to stop', async () => {
    const storage = createMemoryStorage();
    const catalog = createFlowCatalog({ storage, registry, logger: silentLogger });
    const changed = () =>
      new Promise<void>((resolve) => {
        const stop = catalog.onChange(() => {
          stop();
          resolve();
        });
      });
    const stop = await catalog.follow({ pollMs: 5 });
    const first = changed();
    await put(storage, 'company', 'one', flowWith('company', 'one', ''));
    await first;
    const second = changed();
    await remove(storage, 'company', 'one');
    await second;
    expect(catalog.list()).toEqual([]);
    await stop();
  });

  it('looks at once when the storage says that something changed', async () => {
    const memory = createMemoryStorage();
    let tell = () => {};
    const storage: StorageAdapter = {
      ...memory,
      async watch(_, onChange) {
        tell = onChange;
        return async () => {
          tell = () => {};
        };
      },
    };
    const catalog = createFlowCatalog({ storage, registry, logger: silentLogger });
    const stop = await catalog.follow({ pollMs: 600_000 });
    await catalog.refresh();
    const changed = new Promise<void>((resolve) => catalog.onChange(resolve));
    await put(memory, 'company', 'one', flowWith('company', 'one', ''));
    tell();
    await changed;
    expect(catalog.list()).toHaveLength(1);
    await stop();
  });
});
