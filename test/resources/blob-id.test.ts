import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { blobId, emptyBlobId } from '../../src/resources/blob-id.js';

describe('blobId', () => {
  it('is what git says of known contents', () => {
    expect(blobId(new Uint8Array())).toBe(emptyBlobId);
    expect(blobId(Buffer.from('hello\n'))).toBe('ce013625030ba8dba906f756967f9e9ca394464a');
  });

  it('is the same for small and large contents, and for views into larger buffers', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.nat(70_000), (seed, length) => {
        const outer = Buffer.alloc(length + 16, seed.length === 0 ? 1 : seed);
        const content = outer.subarray(8, 8 + length);
        const expected = createHash('sha1').update(`blob ${length}\0`).update(content).digest('hex');
        expect(blobId(content)).toBe(expected);
      }),
    );
  });
});
