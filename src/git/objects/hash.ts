import { createHash, hash } from 'node:crypto';
import type { ObjectType } from './store.js';

/**
 * Below this size one `crypto.hash` call over a copy costs less than a Hash object; above it the copy would be the
 * larger part.
 */
const copyBelowBytes = 2048;

/** The id git gives an object: SHA-1 over `<type> <length>\0<content>`, as 40 lower-case hex digits. */
export function hashObject(type: ObjectType, content: Uint8Array): string {
  const header = `${type} ${content.length}\0`;
  if (content.length < copyBelowBytes) {
    const whole = Buffer.allocUnsafe(header.length + content.length);
    whole.write(header, 'latin1');
    whole.set(content, header.length);
    return hash('sha1', whole, 'hex');
  }
  return createHash('sha1').update(header, 'latin1').update(content).digest('hex');
}

/** The blob id of no bytes at all. */
export const emptyBlob = 'e69de29bb2d1d6434b8b29ae775ad8c2e48c5391';

/** The git blob id of some content: what `git hash-object` prints. */
export function hashBlob(content: Uint8Array): string {
  return hashObject('blob', content);
}
