import { StorageError } from '../../errors.js';
import type { StorageCallOptions } from '../types.js';
import { type Disk, hasCode } from './disk.js';
import { dropOldLogs } from './durability.js';
import type { Ledger } from './ledger.js';
import { acquireLock, type Lock, tryLock } from './lock.js';
import { needsRecovery, recover } from './recover.js';
import { type Revisions, readGeneration } from './revisions.js';
import type { Look } from './scan.js';

/** A reader that was overtaken by writers this often takes the lock itself. */
const maxOptimisticLooks = 5;
/** Rows that were right, but whose stamps were not, are written down from this many on. */
const worthSaving = 32;

/**
 * Lets readers look without a lock and see a batch entirely or not at all: a look counts when no batch was under way
 * before and after it and the revisions are of the same generation.
 */
export class DirectoryAccess {
  readonly #disk: Disk;
  readonly #ledger: Ledger;
  readonly #lockTimeoutMs: number;

  constructor(disk: Disk, ledger: Ledger, lockTimeoutMs: number) {
    this.#disk = disk;
    this.#ledger = ledger;
    this.#lockTimeoutMs = lockTimeoutMs;
  }

  /** Runs `look` on a state that no writer changed meanwhile, and records what it found out. */
  async look<T>(
    look: (revisions: Revisions) => Promise<Look<T>>,
    options: StorageCallOptions | undefined,
  ): Promise<T> {
    for (let attempt = 0; attempt < maxOptimisticLooks; attempt += 1) {
      if (needsRecovery(this.#disk)) await this.#locked(options, async () => undefined);
      const revisions = this.#ledger.current();
      const { generation } = revisions;
      const unchanged = (): boolean =>
        !needsRecovery(this.#disk) && readGeneration(this.#disk) === generation;
      let found: Look<T>;
      try {
        found = await look(revisions);
      } catch (error) {
        if (unchanged()) throw error;
        continue;
      }
      if (!unchanged() || revisions.generation !== generation) continue;
      this.#learn(found, revisions);
      return found.result;
    }
    return this.#locked(options, async () => {
      const found = await look(this.#ledger.current());
      for (const { key, observation } of found.news) this.#ledger.current().set(key, observation.row);
      if (found.news.length > 0) this.#ledger.save();
      return found.result;
    });
  }

  /** Runs `write` as the only writer, on a state with nothing left to recover. */
  async write<T>(write: (ledger: Ledger) => Promise<T>, options: StorageCallOptions | undefined): Promise<T> {
    return this.#locked(options, async () => {
      dropOldLogs(this.#disk);
      return write(this.#ledger);
    });
  }

  /**
   * Records news, and writes them down if nobody else is writing. Otherwise, or where nothing can be written, they
   * stay in this process's memory and the next look tries again.
   */
  #learn(found: Look<unknown>, revisions: Revisions): void {
    for (const { key, observation } of found.news) revisions.set(key, observation.row);
    const changed = found.news.some(({ observation }) => observation.outcome === 'changed');
    if (changed || found.news.length >= worthSaving) this.#ledger.unsaved = true;
    if (!this.#ledger.unsaved) return;
    let lock: Lock | null = null;
    try {
      const outcome = tryLock(this.#disk);
      if (!('release' in outcome)) return;
      lock = outcome;
      const current = readGeneration(this.#disk) === revisions.generation && !needsRecovery(this.#disk);
      if (current) this.#ledger.save();
    } catch (error) {
      if (!hasCode(error, 'EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EDQUOT')) throw error;
    } finally {
      lock?.release();
    }
  }

  async #locked<T>(options: StorageCallOptions | undefined, run: () => Promise<T>): Promise<T> {
    const lock = await this.#acquire(options);
    try {
      await recover(this.#disk, this.#ledger);
      return await run();
    } catch (error) {
      this.#ledger.forget();
      throw error;
    } finally {
      lock.release();
    }
  }

  async #acquire(options: StorageCallOptions | undefined): Promise<Lock> {
    try {
      return await acquireLock(this.#disk, { timeoutMs: this.#lockTimeoutMs, signal: options?.signal });
    } catch (error) {
      if (!hasCode(error, 'EACCES', 'EPERM', 'EROFS') || !needsRecovery(this.#disk)) throw error;
      throw new StorageError(`${this.#disk.location} holds an unfinished change and cannot be written.`, {
        hint: 'Run flowgit once with permission to write there: it then finishes the change.',
        cause: error,
      });
    }
  }
}
