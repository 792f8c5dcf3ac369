import { StorageError } from '../../src/errors.js';
import { createMemoryStorage } from '../../src/storage/memory.js';
import type { AppliedChange, StorageAdapter } from '../../src/storage/types.js';

export interface Failures {
  /** Which single writes fail, counted from 1 over all batches since the last `fail`. */
  writes(count: number): boolean;
  /** Whether such a write is done all the same, and only its answer is lost. */
  afterwards?: boolean;
  /** Whether reading fails as well once a write has. */
  reads?: boolean;
}

export interface OneByOneStorage extends StorageAdapter {
  fail(failures: Failures | null): void;
}

/** A storage that writes one change after the other and says so: what a plain HTTP API for single resources gives. */
export function oneByOneStorage(): OneByOneStorage {
  const { applyAt: _, version: __, ...memory } = createMemoryStorage();
  let failures: Failures | null = null;
  let count = 0;
  let broken = false;
  const lost = () => new StorageError('The connection was lost.');
  return {
    ...memory,
    atomic: false,
    fail(next) {
      failures = next;
      count = 0;
      broken = false;
    },
    async read(keys, options) {
      if (broken && failures?.reads === true) throw lost();
      return memory.read(keys, options);
    },
    async apply(batch, options) {
      const applied: AppliedChange[] = [];
      for (const change of batch.changes) {
        count += 1;
        const fails = failures?.writes(count) === true;
        if (fails) broken = true;
        if (!fails || failures?.afterwards === true) {
          applied.push(...(await memory.apply({ changes: [change] }, options)));
        }
        if (fails) throw lost();
      }
      return applied;
    },
  };
}
