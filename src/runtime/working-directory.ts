import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { explainingDiskFailures } from '../disk/failures.js';
import { makeDirectories } from '../disk/make-directories.js';
import type { SharedDirectory } from './flow-context.js';

/**
 * The working directories of one execution. Each is made when first asked for, below one temporary directory that
 * `remove` takes away with everything in it.
 */
export class WorkingDirectories {
  readonly #temporary = join(tmpdir(), `flowgit-${randomUUID()}`);
  readonly #given: string | null;
  #base: Promise<unknown> | null = null;
  #count = 0;

  /** With `given`, tasks share that directory, and it stays. */
  constructor(given?: string) {
    this.#given = given === undefined ? null : resolve(given);
  }

  /** The directory of one task run: the given one, or one of its own. */
  forTask(taskId: string): SharedDirectory {
    if (this.#given === null) return this.separate(taskId);
    const { location, path } = directory(this.#given, async () => {});
    return { location, path };
  }

  /** A fresh directory, also when one was given for the execution. */
  separate(taskId: string): SharedDirectory {
    this.#count += 1;
    return directory(join(this.#temporary, `${this.#count}-${taskId}`), async () => {
      // Not recursive: a directory of this name that is already there is somebody else's.
      this.#base ??= mkdir(this.#temporary, { mode: 0o700 });
      await this.#base;
    });
  }

  async remove(): Promise<void> {
    await rm(this.#temporary, { recursive: true, force: true, maxRetries: 3 });
  }
}

function directory(location: string, prepare: () => Promise<void>): SharedDirectory {
  let made: Promise<string> | null = null;
  return {
    location,
    path() {
      made ??= explainingDiskFailures(`make the working directory ${location}`, async () => {
        await prepare();
        await makeDirectories(location);
        return location;
      });
      return made;
    },
  };
}
