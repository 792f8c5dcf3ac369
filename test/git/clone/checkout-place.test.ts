import fs, { existsSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { CheckoutPlace } from '../../../src/git/clone/checkout-place.js';
import { fillFileInPieces } from '../../../src/git/clone/fill-file.js';
import { prepareDirectory } from '../../../src/git/clone/target-directory.js';

let root = '';

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'flowgit-place-'));
});
afterEach(async () => {
  vi.restoreAllMocks();
  syncBuiltinESMExports();
  await rm(root, { recursive: true });
});

const large = { path: 'large', mode: '100644', oid: '' };
const streaming = (pieces: Iterable<Buffer>) => ({ stream: () => Readable.from(pieces) });

/** However a file is written. */
function failWritesWith(error: Error): void {
  const failLater = (...args: unknown[]) => setImmediate(args.at(-1) as (error: Error) => void, error);
  vi.spyOn(fs, 'write').mockImplementation(failLater);
  vi.spyOn(fs, 'writeSync').mockImplementation(() => {
    throw error;
  });
  syncBuiltinESMExports();
}

describe('a file that is streamed', () => {
  test('is written whole', async () => {
    const place = new CheckoutPlace(await prepareDirectory(root), new Set());
    const pack = streaming([Buffer.from('one '), Buffer.alloc(0), Buffer.from('two')]);
    const stats = await place.streamFile(large, 0, pack);
    expect(stats.size).toBe(7n);
    expect(readFileSync(join(root, 'large'), 'utf8')).toBe('one two');
  });

  test('fails with what reading it fails with', async () => {
    const place = new CheckoutPlace(await prepareDirectory(root), new Set());
    function* breaking(): Generator<Buffer> {
      yield Buffer.from('one');
      throw new Error('the pack is gone');
    }
    await expect(place.streamFile(large, 0, streaming(breaking()))).rejects.toThrow('the pack is gone');
  });

  test('on a disk that is full says so, and leaves nothing open', async () => {
    const place = new CheckoutPlace(await prepareDirectory(root), new Set());
    const opened = vi.spyOn(fs, 'openSync');
    failWritesWith(Object.assign(new Error('no space left on device'), { code: 'ENOSPC' }));
    const writing = place.streamFile(large, 0, streaming([Buffer.from('x')]));
    await expect(writing).rejects.toMatchObject({ code: 'ENOSPC' });
    expect(() => fstatSync(Number(opened.mock.results[0]?.value))).toThrow('EBADF');
  });

  test.skipIf(!existsSync('/dev/full'))(
    'into /dev/full fails with ENOSPC and leaves nothing open',
    async () => {
      const file = openSync('/dev/full', 'w');
      const filling = fillFileInPieces(fs, file, Readable.from([Buffer.from('x')]));
      await expect(filling).rejects.toMatchObject({ code: 'ENOSPC' });
      expect(() => fstatSync(file)).toThrow('EBADF');
    },
  );
});
