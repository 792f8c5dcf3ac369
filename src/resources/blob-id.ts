import { createHash, hash } from 'node:crypto';

/** Above this, hashing in two steps is cheaper than copying the content behind its header. */
const copyLimitBytes = 32 * 1024;

/** The git blob id (SHA-1 of `blob <length>\0` and the bytes) as 40 hex digits. */
export function blobId(content: Uint8Array): string {
  const header = `blob ${content.byteLength}\0`;
  if (content.byteLength > copyLimitBytes) {
    return createHash('sha1').update(header).update(content).digest('hex');
  }
  const framed = Buffer.allocUnsafe(header.length + content.byteLength);
  framed.write(header, 'latin1');
  framed.set(content, header.length);
  return hash('sha1', framed, 'hex');
}

/** The blob id of no bytes at all, which is also the id of an empty directory's entry. */
export const emptyBlobId = 'e69de29bb2d1d6434b8b29ae775ad8c2e48c5391';
