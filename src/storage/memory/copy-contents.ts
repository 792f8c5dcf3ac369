import type { EffectiveChange } from '../batch.js';
import type { StorageChange } from '../types.js';

type Put = StorageChange & { action: 'put' };

/** How large the memory may be that a content is kept in as it came. */
const keptBytes = 4 * 1024 * 1024;
/** How much memory copies share at most. */
const sharedBytes = 64 * 1024;

/**
 * The contents of a batch to keep: copies of those that their writer may change. Small ones share memory, though not so
 * much that one that outlives the others would keep a lot of it.
 */
export function keeping(effective: readonly EffectiveChange[]): (put: Put) => Uint8Array {
  // Mostly everything is kept as it came.
  let left: number | null = null;
  let shared = new Uint8Array(0);
  let used = 0;
  return (put) => {
    const { content } = put;
    if (isKept(put)) return content;
    if (!isShared(put)) return new Uint8Array(content);
    const size = content.byteLength;
    left ??= sharedSize(effective);
    if (used + size > shared.byteLength) {
      shared = new Uint8Array(Math.min(left, sharedBytes));
      used = 0;
    }
    const copy = shared.subarray(used, used + size);
    copy.set(content);
    used += size;
    left -= size;
    return copy;
  };
}

function sharedSize(effective: readonly EffectiveChange[]): number {
  let size = 0;
  for (const { change } of effective) {
    if (change.action === 'put' && isShared(change)) size += change.content.byteLength;
  }
  return size;
}

/** Unless a little would keep a lot alive: what comes from git stands with others in pieces of a few megabytes. */
function isKept({ content, frozen }: Put): boolean {
  return frozen === true && content.buffer.byteLength <= keptBytes;
}

function isShared(put: Put): boolean {
  return !isKept(put) && put.content.byteLength <= sharedBytes / 4;
}
