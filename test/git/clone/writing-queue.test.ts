import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { recordBytes, StatRecords } from '../../../src/git/clone/stat-record.js';
import { WritingQueue } from '../../../src/git/clone/writing-queue.js';

let root = '';
const queues: WritingQueue[] = [];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'flowgit-queue-'));
});
afterEach(async () => {
  for (const queue of queues.splice(0)) await queue.stop();
  await rm(root, { recursive: true });
});

type ContentOf = (number: number) => Buffer | undefined;

function open(...options: Parameters<typeof make>) {
  const { add, ...made } = make(...options);
  add();
  return made;
}

function make(count: number, contentOf: ContentOf = (number) => Buffer.from(`content ${number}`), at = root) {
  const records = new StatRecords();
  const files = Array.from({ length: count }, (_each, number) => ({
    path: number % 10 === 9 ? `fil\xe9-${number}` : `file-${number}`,
    mode: number % 3 === 0 ? '100755' : '100644',
    oid: '',
  }));
  const made: number[] = [];
  const onMade = (number: number) => void made.push(number);
  const queue = new WritingQueue({ root: at, files, records, contentOf, onMade, helped: true });
  queues.push(queue);
  const add = (): void => files.forEach((_file, number) => void queue.add(number));
  return { queue, records, made, add };
}

/** What the helper leaves to the caller. */
function takeAll(queue: WritingQueue): number[] {
  const taken: number[] = [];
  for (let next = queue.take(); next !== undefined; next = queue.take()) taken.push(next);
  return taken;
}

/** Leaves all to the helper. */
async function untilNothingIsLeft(queue: WritingQueue): Promise<void> {
  for (let next = queue.take(); next !== undefined; next = queue.take()) {
    queue.add(next);
    await setImmediate();
  }
}

async function until(enough: () => boolean): Promise<void> {
  while (!enough()) await setImmediate();
}

/** The names as they are on disk are no UTF-8. */
async function numbersOnDisk(): Promise<number[]> {
  const names = await readdir(root, { encoding: 'latin1' });
  return names.map((name) => Number(/^fil[e\xe9]-(\d+)$/.exec(name)?.[1])).sort((a, b) => a - b);
}

/** Runs `act` on the thread as soon as there is one. */
function withThread(act: (thread: Worker) => void): Promise<void> {
  return new Promise((resolve) => {
    process.once('worker', (thread) => {
      act(thread);
      thread.once('exit', () => resolve());
    });
  });
}

/** The size that a line's record tells. */
function sizeIn(records: StatRecords, line: number): number {
  const bytes = Buffer.from(records.words(line + 1).slice().buffer);
  return bytes.readUInt32BE(line * recordBytes + 36);
}

describe('the thread that writes along', () => {
  test('takes files from the front and leaves the last ones to the caller', async () => {
    const { queue, records } = open(3000);
    await until(() => queue.writtenByHelper > 100);
    const taken = takeAll(queue);
    await queue.finish();
    const count = 3000 - taken.length;
    expect(queue.writtenByHelper).toBe(count);
    expect(taken).toEqual(Array.from(taken, (_each, row) => 2999 - row));
    expect(await numbersOnDisk()).toEqual([...Array(count).keys()]);
    expect(await readFile(join(root, 'file-7'), 'utf8')).toBe('content 7');
    expect(sizeIn(records, 7)).toBe('content 7'.length);
  });

  test('works while its caller does not turn the event loop', () => {
    const { queue } = open(1024);
    const end = performance.now() + 20_000;
    while (queue.writtenByHelper < 1024 && performance.now() < end) {}
    expect(queue.writtenByHelper).toBe(1024);
  });

  test('writes more than its memory holds at a time, each file once and as it is', async () => {
    const sizes = [0, 1, 5000, 300, 70_000, 12, 3_000_000];
    const content = (number: number) =>
      Buffer.alloc(sizes[number % 97 === 0 ? 6 : number % 6] ?? 0, `${number}`);
    const { queue, records } = open(2000, content);
    const large: number[] = [];
    while (queue.writtenByHelper + large.length < 2000) {
      const next = queue.take();
      if (next !== undefined && next % 97 === 0) large.push(next);
      // Others are put back, to be written by the helper.
      else if (next !== undefined) queue.add(next);
      await setImmediate();
    }
    await queue.finish();
    expect(large.sort((a, b) => a - b)).toEqual(Array.from(large, (_each, row) => row * 97));
    const numbers = await numbersOnDisk();
    expect(numbers).toEqual([...Array(2000).keys()].filter((number) => number % 97 > 0));
    for (const number of numbers) {
      expect(sizeIn(records, number)).toBe(content(number).length);
      if (number % 10 !== 9)
        expect(content(number).equals(await readFile(join(root, `file-${number}`)))).toBe(true);
    }
  });

  test('overwrites nothing: what stands there is a conflict', async () => {
    await writeFile(join(root, 'file-3'), 'mine');
    const { queue, made } = open(1000);
    await until(() => queue.writtenByHelper === 3);
    await untilNothingIsLeft(queue);
    await expect(queue.finish()).rejects.toMatchObject({
      code: 'CHECKOUT_CONFLICT',
      data: { paths: ['file-3'] },
    });
    expect(queue.take()).toBeUndefined();
    expect(await readFile(join(root, 'file-3'), 'utf8')).toBe('mine');
    expect(await numbersOnDisk()).toEqual([0, 1, 2, 3]);
    await queue.stop();
    expect(made).toEqual([0, 1, 2]);
  });

  test('tells what the file system fails with', async () => {
    const { queue } = open(1000, undefined, join(root, 'gone'));
    await untilNothingIsLeft(queue);
    await expect(queue.finish()).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('waits for contents that are not at hand, and fails with what reading them fails with', async () => {
    let failing = false;
    const { queue } = open(1000, (number) => {
      if (failing) throw new Error('the pack is gone');
      return number < 100 ? Buffer.from('early') : undefined;
    });
    await until(() => queue.writtenByHelper === 100);
    failing = true;
    expect(() => queue.take()).toThrow('the pack is gone');
    expect(await numbersOnDisk()).toHaveLength(100);
  });

  test('that ends before it has begun leaves everything to the caller', async () => {
    const ended = withThread((thread) => void thread.terminate());
    const { queue, add } = make(1000);
    await ended;
    add();
    expect(takeAll(queue)).toHaveLength(1000);
    await queue.finish();
    expect(await readdir(root)).toEqual([]);
  });

  test('that ends in the middle leaves no file half written without an error', async () => {
    const content = Buffer.alloc(400_000, 'content');
    const threads: Worker[] = [];
    process.once('worker', (thread) => threads.push(thread));
    const { queue, made } = open(1000, () => content);
    await until(() => queue.writtenByHelper > 0);
    for (const thread of threads) await thread.terminate();
    takeAll(queue);
    const end = await queue.finish().catch((error: Error) => error.message);
    if (end === undefined) {
      const numbers = await numbersOnDisk();
      expect(numbers).toHaveLength(queue.writtenByHelper);
      const last = numbers.filter((number) => number % 10 !== 9).at(-1);
      expect(await readFile(join(root, `file-${last}`))).toHaveLength(content.length);
    } else expect(end).toBe('The thread that writes files has ended.');
    await queue.stop();
    // Ended right behind the making of a file, the thread could not tell of it.
    const numbers = await numbersOnDisk();
    expect(made).toEqual(numbers.slice(0, made.length));
    expect(numbers.length - made.length).toBeLessThanOrEqual(1);
  });

  test('writes nothing once it was stopped, and has told of all that it made', async () => {
    const { queue, made } = open(4000);
    await until(() => queue.writtenByHelper > 0);
    await queue.stop();
    const before = await numbersOnDisk();
    expect(before.length).toBeLessThan(4000);
    expect(made).toEqual(before);
    for (let turn = 0; turn < 20; turn++) await setImmediate();
    expect(await numbersOnDisk()).toEqual(before);
  });
});
