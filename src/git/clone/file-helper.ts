import type * as fs from 'node:fs';
import { type MessagePort, Worker } from 'node:worker_threads';
import { cells, fieldsEach, type SharedMemory, slotFields } from './file-jobs.js';
import { fillFile } from './fill-file.js';
import { writeStatRecord } from './stat-record.js';

/** The thread's last message. */
interface Failure {
  /** The path as bytes in latin1, below the root. */
  path: string;
  message: string;
  code: string | undefined;
}

/** A file could not be made; those before it are there. */
export class FileFailure extends Error {
  readonly path: string;
  readonly code: string | undefined;

  constructor({ path, message, code }: Failure) {
    super(message);
    this.path = path;
    this.code = code;
  }
}

/**
 * A second thread that makes files, one after another: a checkout is nearly all work of the file system, which does two
 * things at once. It starts within 25 ms and loads nothing of ours.
 */
export class FileHelper {
  readonly #end: Promise<void>;
  #hasEnded = false;
  #failure: Error | null = null;

  /**
   * @param root absolute path of the directory that the files are below
   * @throws where no thread may be started
   */
  constructor(root: string, memory: SharedMemory) {
    // Nothing that this process was started with concerns it.
    const worker = new Worker(program, { eval: true, env: {}, execArgv: [], workerData: { root, memory } });
    worker.on('message', (failure: Failure) => {
      this.#failure ??= new FileFailure(failure);
    });
    worker.on('error', (error: unknown) => {
      this.#failure ??= error instanceof Error ? error : new Error(String(error));
    });
    this.#end = new Promise((resolve) => {
      worker.on('exit', () => {
        this.#hasEnded = true;
        resolve();
      });
    });
  }

  /** Whether the thread has ended, for whatever reason. An event tells of it. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** What it could not go on after. */
  get failure(): Error | null {
    return this.#failure;
  }

  /** Waits until the thread has ended, for which somebody has to close its jobs. */
  async ended(): Promise<void> {
    await this.#end;
  }
}

/** What the thread is given, and of ours what it works with. */
interface Surroundings {
  fs: typeof fs;
  port: MessagePort;
  root: string;
  memory: SharedMemory;
  fill: typeof fillFile;
  record: typeof writeStatRecord;
  cell: typeof cells;
  field: typeof slotFields;
  fieldsEach: number;
}

/** What the thread does. As text it knows nothing but its parameter. */
function serveJobs({ fs, port, root, memory, fill, record, cell, field, fieldsEach }: Surroundings): void {
  const { cells, slots } = memory;
  const room = Buffer.from(memory.room.buffer);
  const records = new DataView(memory.room.buffer);

  /** @returns the number of the first job, or -1 */
  const take = (): number => {
    for (;;) {
      const range = Atomics.load(cells, cell.range);
      const first = range >>> 16;
      const end = range & 0xffff;
      if (first === end) return -1;
      const rest = (((first + 1) & 0xffff) << 16) | end;
      if (Atomics.compareExchange(cells, cell.range, range, rest) === range) return first;
    }
  };
  const make = (job: number): void => {
    const slot = (job * fieldsEach) % slots.length;
    const start = slots[slot + field.start] ?? 0;
    const pathEnd = start + (slots[slot + field.pathBytes] ?? 0);
    const end = pathEnd + (slots[slot + field.contentBytes] ?? 0);
    const path = room.toString('latin1', start, pathEnd);
    try {
      const isAscii = !/[\x80-\xff]/.test(path);
      const place = isAscii
        ? `${root}/${path}`
        : Buffer.concat([Buffer.from(`${root}/`), Buffer.from(path, 'latin1')]);
      const file = fs.openSync(place, 'wx', slots[slot + field.permissions]);
      Atomics.store(cells, cell.made, (job + 1) & 0xffff);
      record(records, start, fill(fs, file, room, pathEnd, end));
    } catch (error) {
      const { message, code } = error as NodeJS.ErrnoException;
      port.postMessage({ path, message, code });
      Atomics.store(cells, cell.failed, 1);
      return;
    }
    Atomics.store(cells, cell.done, (job + 1) & 0xffff);
    Atomics.notify(cells, cell.done);
  };

  while (Atomics.load(cells, cell.failed) === 0) {
    const news = Atomics.load(cells, cell.news);
    const job = take();
    if (job !== -1) make(job);
    else if (Atomics.load(cells, cell.closed) === 1) return;
    else {
      Atomics.store(cells, cell.asleep, 1);
      Atomics.wait(cells, cell.news, news);
      Atomics.store(cells, cell.asleep, 0);
    }
  }
}

const program = `const { parentPort: port, workerData } = require('node:worker_threads');
(${serveJobs})({
  ...workerData, port, fs: require('node:fs'), fill: ${fillFile}, record: ${writeStatRecord},
  cell: ${JSON.stringify(cells)}, field: ${JSON.stringify(slotFields)}, fieldsEach: ${fieldsEach},
});`;
