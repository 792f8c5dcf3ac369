import { describe, expect, test } from 'vitest';
import { hashBlob, hashObject } from '../../../src/git/objects/hash.js';

describe('object ids', () => {
  test('the empty blob and the empty tree have the ids git documents', () => {
    expect(hashBlob(new Uint8Array())).toBe('e69de29bb2d1d6434b8b29ae775ad8c2e48c5391');
    expect(hashObject('tree', new Uint8Array())).toBe('4b825dc642cb6eb9a060e54bf8d69288fbee4904');
  });

  test('a large blob is named as git names it', () => {
    expect(hashBlob(Buffer.alloc(200_000, 'a'))).toBe('42b8cf7fc8396422e1c666ca97b6d4541073d850');
  });
});
