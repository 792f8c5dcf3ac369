import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { StatRecords } from '../../../src/git/clone/stat-record.js';
import { WritingQueue } from '../../../src/git/clone/writing-queue.js';

const files = Array.from({ length: 1000 }, (_each, number) => ({
  path: `file-${number}`,
  mode: '100644',
  oid: '',
}));
let root = '';

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'flowgit-queue-'));
});
afterEach(() => rm(root, { recursive: true }));

function open(contentOf = (number: number): Buffer | undefined => Buffer.from(`content ${number}`)) {
  const records = new StatRecords();
  const queue = new WritingQueue({ root, files, records, contentOf, helped: true });
  for (const number of files.keys()) queue.add(number);
  return { queue, records };
}

/** Until the helper has started and written what it takes. */
async function helped(queue: WritingQueue, enough: () => boolean): Promise<void> {
  while (!enough()) {
    await new Promise((resolve) => setImmediate(resolve));
    await queue.finish();
  }
}

describe('the thread that writes along', () => {
  test('takes files from the front and leaves the last ones to the caller', async () => {
    const { queue, records } = open();
    await helped(queue, () => queue.writtenByHelper > 800);
    const rest = files.length - queue.writtenByHelper;
    for (let left = rest; left > 0; left--) expect(queue.take()).toBeGreaterThanOrEqual(files.length - rest);
    expect(queue.take()).toBeUndefined();
    await queue.stop();
    expect(await readdir(root)).toHaveLength(queue.writtenByHelper);
    expect(await readFile(join(root, 'file-7'), 'utf8')).toBe('content 7');
    expect(Buffer.from(records.get(7)).readUInt32BE(36)).toBe('content 7'.length);
  });

  test('overwrites nothing: what stands there is a conflict', async () => {
    await writeFile(join(root, 'file-3'), 'mine');
    const { queue } = open();
    await expect(helped(queue, () => false)).rejects.toMatchObject({
      code: 'CHECKOUT_CONFLICT',
      data: { paths: ['file-3'] },
    });
    expect(() => queue.take()).toThrow('Something else stands at "file-3"');
    await queue.stop();
    expect(await readFile(join(root, 'file-3'), 'utf8')).toBe('mine');
  });

  test('tells what the file system fails with', async () => {
    const { queue } = open();
    const gone = join(root, 'gone');
    const other = new WritingQueue({
      root: gone,
      files,
      records: new StatRecords(),
      contentOf: () => Buffer.from('x'),
      helped: true,
    });
    for (const number of files.keys()) other.add(number);
    await expect(helped(other, () => false)).rejects.toMatchObject({ code: 'ENOENT' });
    await Promise.all([queue.stop(), other.stop()]);
  });

  test('waits for contents that are not at hand, and fails with what reading them fails with', async () => {
    let failing = false;
    const { queue } = open((number) => {
      if (failing) throw new Error('the pack is gone');
      return number < 100 ? Buffer.from('early') : undefined;
    });
    await helped(queue, () => queue.writtenByHelper === 100);
    failing = true;
    queue.add(0);
    expect(() => queue.take()).toThrow('the pack is gone');
    await queue.stop();
  });

  test('writes nothing once it was stopped', async () => {
    const { queue } = open();
    await queue.stop();
    const before = await readdir(root);
    queue.add(0);
    await new Promise((resolve) => setImmediate(resolve));
    expect(await readdir(root)).toEqual(before);
  });
});
