import type { StorageAdapter } from '../../src/storage/types.js';

/**
 * A storage in memory whose n-th write to a Map in a batch fails, as it does when memory runs out. The batch is applied
 * in one turn of the event loop, so that nothing else writes meanwhile.
 */
export function failingMemory(
  storage: StorageAdapter,
  failing: number | null,
): { storage: StorageAdapter; writes(): number } {
  let writes = 0;
  const failingOnce = <T>(apply: () => T): T => {
    const { set } = Map.prototype;
    Map.prototype.set = function (...entry) {
      if (++writes === failing) throw new RangeError('Map maximum size exceeded');
      return set.apply(this, entry);
    };
    try {
      return apply();
    } finally {
      Map.prototype.set = set;
    }
  };
  const { applyAt } = storage;
  return {
    storage: {
      ...storage,
      apply: (batch, options) => failingOnce(() => storage.apply(batch, options)),
      ...(applyAt && { applyAt: (batch, at, options) => failingOnce(() => applyAt(batch, at, options)) }),
    },
    writes: () => writes,
  };
}
