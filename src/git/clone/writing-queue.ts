import { setImmediate } from 'node:timers/promises';
import { nameClash, permissionsOf } from './checkout-place.js';
import { FileFailure, FileHelper } from './file-helper.js';
import { FileJobs } from './file-jobs.js';
import type { CheckoutFile } from './list-checkout.js';
import type { StatRecords } from './stat-record.js';

/** So many are handed over together: a thread that sleeps is not woken for each. */
const fewestTogether = 32;

export interface WritingQueueOptions {
  root: string;
  files: readonly CheckoutFile[];
  /** What the file system says of a file goes there, by its number. */
  records: StatRecords;
  /** The content of a file by its number; undefined while it is not at hand. */
  contentOf: (number: number) => Uint8Array | undefined;
  /** Told of each file that the helper has made, be it that it could not fill it. */
  onMade: (number: number) => void;
  /** Where it is false, the caller alone writes. */
  helped: boolean;
}

/**
 * Files that wait to be written, by their numbers. A second thread takes them from the front as soon as there are some;
 * the caller takes them from the end, when it has nothing else to do.
 */
export class WritingQueue {
  readonly #options: WritingQueueOptions;
  readonly #jobs: FileJobs | null = null;
  readonly #helper: FileHelper | null = null;
  /** In the order in which they came; those before `#front` were handed over. */
  readonly #waiting: number[] = [];
  #front = 0;
  /** Too large to be handed over. */
  readonly #large: number[] = [];
  #writtenByHelper = 0;

  constructor(options: WritingQueueOptions) {
    this.#options = options;
    if (!options.helped) return;
    const jobs = new FileJobs();
    try {
      this.#helper = new FileHelper(options.root, jobs.memory);
      this.#jobs = jobs;
    } catch {
      // Where no threads are allowed, the caller writes everything.
    }
  }

  /** So far. */
  get writtenByHelper(): number {
    if (this.#jobs !== null) this.#collect(this.#jobs);
    return this.#writtenByHelper;
  }

  add(number: number): void {
    this.#waiting.push(number);
    if (this.#jobs !== null && this.#waiting.length - this.#front >= fewestTogether)
      this.#handOver(this.#jobs);
  }

  /** The next file for the caller to write; undefined when none is left, or the helper failed. */
  take(): number | undefined {
    const jobs = this.#jobs;
    if (jobs?.hasFailed) return undefined;
    if (jobs !== null && jobs.waiting < fewestTogether) this.#handOver(jobs);
    if (this.#large.length > 0) return this.#large.pop();
    return this.#front < this.#waiting.length ? this.#waiting.pop() : jobs?.takeBack();
  }

  /**
   * Waits until the helper has written what it took. Nothing may be added any more.
   * @throws CheckoutConflictError, and whatever the file system fails with
   */
  async finish(): Promise<void> {
    const [jobs, helper] = [this.#jobs, this.#helper];
    if (jobs === null || helper === null) return;
    // The thread goes away while the caller does what is left to do.
    jobs.close();
    while (this.#collect(jobs) && !helper.hasEnded) {
      jobs.wait();
      // That the thread has ended is an event, which takes a turn of the loop.
      if (this.#collect(jobs)) await setImmediate();
    }
    // One that could not start, or that ended between two files, leaves nothing undone: the caller has written the rest.
    if (this.#collect(jobs)) throw this.#explained(helper.failure);
  }

  /** Nothing is written any more once this is done, and all that the helper made was told of. */
  async stop(): Promise<void> {
    const [jobs, helper] = [this.#jobs, this.#helper];
    if (jobs === null || helper === null) return;
    // It ends after the file that it is at: ended at once, it could not tell whether it has made it.
    jobs.abandon();
    await helper.ended();
    this.#collect(jobs);
    if (jobs.halfDone !== undefined) this.#options.onMade(jobs.halfDone);
  }

  #handOver(jobs: FileJobs): void {
    this.#collect(jobs);
    const { files, contentOf } = this.#options;
    const before = this.#front;
    for (; this.#front < this.#waiting.length; this.#front++) {
      const number = this.#waiting[this.#front] ?? 0;
      const content = contentOf(number);
      const file = files[number];
      if (content === undefined || file === undefined) break;
      const { path, mode } = file;
      if (!jobs.fits(path, content)) this.#large.push(number);
      else if (!jobs.offer(number, { path, content, permissions: permissionsOf(mode) })) break;
    }
    if (this.#front > before) jobs.announce();
  }

  /** @returns whether the helper has something left to do */
  #collect(jobs: FileJobs): boolean {
    return jobs.collect((number, record) => {
      this.#options.records.copy(number, record);
      this.#options.onMade(number);
      this.#writtenByHelper++;
    });
  }

  #explained(failure: Error | null): Error {
    if (failure === null) return new Error('The thread that writes files has ended.');
    if (!(failure instanceof FileFailure && failure.code === 'EEXIST')) return failure;
    return nameClash(this.#options.root, failure.path, failure);
  }
}
