import type { EffectiveChange } from '../batch.js';

/** How much memory copies share at most. */
const sharedBytes = 64 * 1024;

/** Small copies of one batch share memory; not so much that one that outlives the others would keep a lot of it. */
export function copying(effective: readonly EffectiveChange[]): (content: Uint8Array) => Uint8Array {
  let left = 0;
  for (const { change } of effective) {
    if (change.action === 'put' && change.content.byteLength <= sharedBytes / 4)
      left += change.content.byteLength;
  }
  let shared = new Uint8Array(0);
  let used = 0;
  return (content) => {
    const size = content.byteLength;
    if (size > sharedBytes / 4) return new Uint8Array(content);
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
