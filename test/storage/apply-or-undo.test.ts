import { describe, expect, it } from 'vitest';
import type { ResourceKey } from '../../schemas/resources.js';
import { PartiallyAppliedError } from '../../src/errors.js';
import { applyOrUndo } from '../../src/storage/apply-or-undo.js';
import { createMemoryStorage } from '../../src/storage/memory.js';
import { formatKey, type StorageAdapter, type StorageChange } from '../../src/storage/types.js';
import { apply, file, flow, put, remove, state } from '../../src/testing/storage-contract/case.js';
import { oneByOneStorage } from '../support/one-by-one-storage.js';

const key = (id: string) => flow('company.team', id);
const batch: StorageChange[] = [
  put(key('a'), 'new A', 'A'),
  remove(key('b'), 'B'),
  put(key('c'), 'C'),
  put(key('same'), 'S', 'S'),
  remove(file('dir'), 'a file'),
  put(file('dir/x'), 'below'),
  put(state('sync'), 'state 2', 'state 1'),
];
const keys = batch.map((change) => change.key);

async function filled() {
  const storage = oneByOneStorage();
  await apply(
    storage,
    ...[put(key('a'), 'A'), put(key('b'), 'B'), put(key('same'), 'S')],
    ...[put(file('dir'), 'a file'), put(state('sync'), 'state 1')],
  );
  return storage;
}

async function texts(storage: StorageAdapter, wanted: readonly ResourceKey[] = keys) {
  const contents = await storage.read(wanted);
  return contents.map((found) => (found === null ? null : Buffer.from(found.content).toString()));
}

async function failure(storage: StorageAdapter): Promise<unknown> {
  return applyOrUndo(storage, { changes: batch }).catch((error: unknown) => error);
}

describe('a storage that is not atomic', () => {
  it('is left as it was, byte for byte, whichever write fails, done or not', async () => {
    for (const afterwards of [false, true]) {
      for (let at = 1; at <= batch.length; at++) {
        const storage = await filled();
        const before = await texts(storage);
        storage.fail({ writes: (count) => count === at, afterwards });
        const error = await failure(storage);
        expect(error, `write ${at}`).toMatchObject({ code: 'STORAGE_ERROR' });
        expect(await texts(storage)).toEqual(before);
        storage.fail(null);
        await applyOrUndo(storage, { changes: batch });
        expect(await texts(storage)).toEqual(['new A', null, 'C', 'S', null, 'below', 'state 2']);
      }
    }
  });

  it('says exactly what stands when undoing fails too, wherever each of the two fails', async () => {
    let partial = 0;
    for (let at = 2; at <= batch.length; at++) {
      for (let again = at + 1; again <= at + batch.length; again++) {
        // From there on every write fails, or every second one.
        for (const step of [1, 2]) {
          const storage = await filled();
          const before = await texts(storage);
          storage.fail({
            writes: (count) => count === at || (count >= again && (count - again) % step === 0),
          });
          const error = await failure(storage);
          const now = await texts(storage);
          const differing = keys.filter((_, index) => now[index] !== before[index]).map(formatKey);
          expect(error instanceof PartiallyAppliedError).toBe(differing.length > 0);
          if (!(error instanceof PartiallyAppliedError)) continue;
          partial += 1;
          const stands = error.data.stands as { key: ResourceKey }[];
          expect(stands.map((one) => formatKey(one.key))).toEqual(differing);
          for (const name of differing) expect(error.message).toContain(name);
        }
      }
    }
    expect(partial).toBeGreaterThan(20);
  });

  it('says what it may have written when it cannot be read any more', async () => {
    const storage = await filled();
    storage.fail({ writes: (count) => count === 3, reads: true });
    expect(await failure(storage)).toMatchObject({ code: 'PARTIALLY_APPLIED', data: { unknown: keys } });
  });

  it('leaves what somebody else wrote in between', async () => {
    const storage = await filled();
    const { apply: write } = storage;
    let first = true;
    const meddled: StorageAdapter = {
      ...storage,
      async apply(changes, options) {
        if (!first) return write(changes, options);
        first = false;
        storage.fail({ writes: (count) => count === 3 });
        try {
          return await write(changes, options);
        } finally {
          storage.fail(null);
          await write({ changes: [put(key('a'), 'theirs', 'new A')] });
        }
      },
    };
    expect(await failure(meddled)).toMatchObject({ code: 'STORAGE_ERROR' });
    expect(await texts(storage, [key('a'), key('b')])).toEqual(['theirs', 'B']);
  });

  it('passes on an error that came before anything was written, and a conflict once all is undone', async () => {
    const storage = await filled();
    storage.fail({ writes: (count) => count === 1 });
    expect(await failure(storage)).toMatchObject({ message: 'The connection was lost.' });
    storage.fail(null);
    await apply(storage, put(state('sync'), 'theirs', 'state 1'));
    const before = await texts(storage);
    expect(await failure(storage)).toMatchObject({ code: 'STORAGE_CONFLICT', retryable: true });
    expect(await texts(storage)).toEqual(before);
  });
});

describe('a storage that is atomic', () => {
  it('is asked once, and read by nobody', async () => {
    const calls: string[] = [];
    const memory = createMemoryStorage();
    const storage: StorageAdapter = {
      ...memory,
      read: (...args) => {
        calls.push('read');
        return memory.read(...args);
      },
      apply: (...args) => {
        calls.push('apply');
        return memory.apply(...args);
      },
    };
    await applyOrUndo(storage, { changes: [put(key('a'), 'A')] });
    expect(calls).toEqual(['apply']);
  });
});
