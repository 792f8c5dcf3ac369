import { nameClash, permissionsOf } from './checkout-place.js';
import { diskPath } from './disk-path.js';
import { FileFailure, FileHelper, type NewFile } from './file-helper.js';
import type { CheckoutFile } from './list-checkout.js';
import { recordBytes, type StatRecords } from './stat-record.js';

const fewestInBatch = 32;
const mostInBatch = 256;
const batchBytes = 1024 * 1024;
/** One that is written, and one so that the helper need not wait. */
const batchesAtOnce = 2;

export interface WritingQueueOptions {
  root: string;
  files: readonly CheckoutFile[];
  /** What the file system says of a file goes there, by its number. */
  records: StatRecords;
  /** The content of a file by its number; undefined while it is not at hand. */
  contentOf: (number: number) => Uint8Array | undefined;
  /** Where it is false, the caller alone writes. */
  helped: boolean;
}

/**
 * Files that wait to be written, by their numbers. A second thread takes them from the front as soon as there are some;
 * the caller takes them from the end, when it has nothing else to do.
 */
export class WritingQueue {
  readonly #options: WritingQueueOptions;
  readonly #helper: FileHelper | null;
  readonly #batches = new Set<Promise<void>>();
  readonly #waiting: number[] = [];
  /** Where the helper goes on. */
  #front = 0;
  #writtenByHelper = 0;
  #failure: Error | null = null;
  #stopped = false;

  constructor(options: WritingQueueOptions) {
    this.#options = options;
    this.#helper = options.helped ? this.#startHelper() : null;
  }

  get writtenByHelper(): number {
    return this.#writtenByHelper;
  }

  add(number: number): void {
    this.#waiting.push(number);
    if (this.#left >= mostInBatch) this.#feedHelper();
  }

  /**
   * The next file for the caller to write; undefined when none is left.
   * @throws what the helper failed with
   */
  take(): number | undefined {
    if (this.#failure !== null) throw this.#failure;
    return this.#left > 0 ? this.#waiting.pop() : undefined;
  }

  /**
   * Waits until the helper has written what it took.
   * @throws CheckoutConflictError, and whatever the file system fails with
   */
  async finish(): Promise<void> {
    while (this.#batches.size > 0) await Promise.all(this.#batches);
    if (this.#failure !== null) throw this.#failure;
  }

  /** Nothing is written any more once this is done. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#helper?.stop();
  }

  get #left(): number {
    return this.#waiting.length - this.#front;
  }

  #startHelper(): FileHelper | null {
    try {
      return new FileHelper(() => this.#feedHelper());
    } catch {
      return null; // where no threads are allowed, the caller writes everything
    }
  }

  #feedHelper(): void {
    const helper = this.#helper;
    while (helper?.isReady === true && this.#batches.size < batchesAtOnce) {
      if (this.#stopped || this.#failure !== null) return;
      const batch = this.#takeBatch();
      if (batch.length === 0) return;
      const writing = this.#writeBatch(helper, batch)
        .catch((error: unknown) => this.#fail(error))
        .finally(() => {
          this.#batches.delete(writing);
          this.#feedHelper();
        });
      this.#batches.add(writing);
    }
  }

  #fail(error: unknown): void {
    this.#failure ??= error instanceof Error ? error : new Error(String(error));
  }

  /** The fewer are left, the fewer are taken: both shall have done at the same time. */
  #takeBatch(): Numbered[] {
    const { root, files, contentOf } = this.#options;
    const most = Math.min(mostInBatch, this.#left >> 2);
    const batch: Numbered[] = [];
    if (most < fewestInBatch) return batch;
    try {
      for (let bytes = 0; batch.length < most && bytes < batchBytes; this.#front++) {
        const number = this.#waiting[this.#front] ?? 0;
        const content = contentOf(number);
        const file = files[number];
        if (content === undefined || file === undefined) break;
        const permissions = permissionsOf(file.mode);
        batch.push({ number, path: diskPath(root, file.path), permissions, content });
        bytes += content.length;
      }
    } catch (error) {
      this.#fail(error); // told to whoever takes the next one: here nobody listens
    }
    return batch;
  }

  async #writeBatch(helper: FileHelper, batch: readonly Numbered[]): Promise<void> {
    const { root, files, records } = this.#options;
    try {
      const made = await helper.write(batch);
      batch.forEach(({ number }, row) => {
        records.copy(number, made.subarray(row * recordBytes, (row + 1) * recordBytes));
      });
      this.#writtenByHelper += batch.length;
    } catch (error) {
      if (!(error instanceof FileFailure && error.code === 'EEXIST')) throw error;
      throw nameClash(root, files[batch[error.index]?.number ?? 0]?.path ?? '', error);
    }
  }
}

interface Numbered extends NewFile {
  number: number;
}
