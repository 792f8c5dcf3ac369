import type * as fs from 'node:fs';
import { type MessagePort, Worker } from 'node:worker_threads';
import { fillFile } from './fill-file.js';
import { recordBytes, writeStatRecord } from './stat-record.js';

/** A small file that is to be made. */
export interface NewFile {
  path: string | Uint8Array;
  permissions: number;
  content: Uint8Array;
}

/** What the thread is given. */
interface Batch {
  paths: readonly (string | Uint8Array)[];
  permissions: readonly number[];
  /** Where each content ends in `contents`. */
  ends: readonly number[];
  contents: Uint8Array<ArrayBuffer>;
}

/** What became of it: a record for each file, or the file that failed. */
interface Answer {
  records: Uint8Array;
  failed: { index: number; message: string; code: string | undefined } | null;
}

/** A file of a batch could not be made; those in front of it are there. */
export class FileFailure extends Error {
  readonly index: number;
  readonly code: string | undefined;

  constructor({ index, message, code }: { index: number; message: string; code: string | undefined }) {
    super(message);
    this.index = index;
    this.code = code;
  }
}

/**
 * A second thread that makes files, one after another: a checkout is nearly all work of the file system, which does two
 * things at once. It starts within 25 ms and loads nothing of ours.
 */
export class FileHelper {
  readonly #worker: Worker;
  readonly #answers: ((answer: Answer | Error) => void)[] = [];
  #ready = false;
  #failure: Error | null = null;

  /**
   * @param onReady called when it can be given its first batch
   * @throws where no thread may be started
   */
  constructor(onReady: () => void) {
    // Nothing that this process was started with concerns it.
    this.#worker = new Worker(program, { eval: true, env: {}, execArgv: [] });
    this.#worker.on('message', (answer: Answer | 'ready') => {
      if (answer !== 'ready') {
        this.#answers.shift()?.(answer);
        return;
      }
      this.#ready = true;
      onReady();
    });
    this.#worker.on('error', (error: unknown) => this.#fail(error));
    this.#worker.on('exit', () => this.#fail(new Error('The thread that writes files has ended.')));
  }

  /** False before it has started, and for ever when it cannot start. */
  get isReady(): boolean {
    return this.#ready && this.#failure === null;
  }

  /**
   * @returns the files' records, one behind the other
   * @throws FileFailure
   */
  async write(files: readonly NewFile[]): Promise<Uint8Array> {
    const batch = batchOf(files);
    const answer = await new Promise<Answer | Error>((resolve) => {
      this.#answers.push(resolve);
      this.#worker.postMessage(batch, [batch.contents.buffer]);
    });
    if (answer instanceof Error) throw answer;
    if (answer.failed !== null) throw new FileFailure(answer.failed);
    return answer.records;
  }

  /** Ends the thread, whatever it is at. */
  async stop(): Promise<void> {
    await this.#worker.terminate();
  }

  #fail(error: unknown): void {
    this.#failure ??= error instanceof Error ? error : new Error(String(error));
    for (const answer of this.#answers.splice(0)) answer(this.#failure);
  }
}

/** Contents are copied into memory that is handed over: where they stand, others stand too. */
function batchOf(files: readonly NewFile[]): Batch {
  const contents = new Uint8Array(files.reduce((sum, { content }) => sum + content.length, 0));
  const ends: number[] = [];
  let end = 0;
  for (const { content } of files) {
    contents.set(content, end);
    end += content.length;
    ends.push(end);
  }
  const [paths, permissions] = [files.map(({ path }) => path), files.map((file) => file.permissions)];
  return { paths, permissions, ends, contents };
}

/** What the thread does. As text it knows nothing but its parameters. */
function serveBatches(
  calls: typeof fs,
  port: MessagePort,
  fill: typeof fillFile,
  record: typeof writeStatRecord,
  bytesEach: number,
): void {
  port.on('message', ({ paths, permissions, ends, contents }: Batch) => {
    const records = new Uint8Array(paths.length * bytesEach);
    const view = new DataView(records.buffer);
    let failed: Answer['failed'] = null;
    for (let index = 0; index < paths.length && failed === null; index++) {
      const content = contents.subarray(ends[index - 1] ?? 0, ends[index]);
      try {
        const file = calls.openSync(paths[index] as string, 'wx', permissions[index]);
        record(view, index * bytesEach, fill(calls, file, content));
      } catch (error) {
        const { message, code } = error as NodeJS.ErrnoException;
        failed = { index, message, code };
      }
    }
    port.postMessage({ records, failed }, [records.buffer]);
  });
  port.postMessage('ready');
}

const program = `(${serveBatches})(
  require('node:fs'), require('node:worker_threads').parentPort, ${fillFile}, ${writeStatRecord}, ${recordBytes},
);`;
