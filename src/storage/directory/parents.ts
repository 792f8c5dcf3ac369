import { UnsafePathError } from '../../errors.js';
import { absolute, type Disk, hasCode, linkError, parentOf, statPath } from './disk.js';

/**
 * The directories on the way to files, each looked at once. A symbolic link among them is refused: through it a
 * storage would read and write somewhere else.
 */
export class Parents {
  readonly #disk: Disk;
  readonly #known = new Map<string, 'directory' | 'file' | null>([['', 'directory']]);

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  /** What lies at a directory's path; `null` when nothing does. */
  at(path: string): 'directory' | 'file' | null {
    const known = this.#known.get(path);
    if (known !== undefined) return known;
    const state = this.at(parentOf(path)) === 'directory' ? this.#look(path) : null;
    this.#known.set(path, state);
    return state;
  }

  /** Makes a directory and those it lies in, as far as they are missing. */
  make(path: string): void {
    if (this.at(path) === 'directory') return;
    this.make(parentOf(path));
    try {
      this.#disk.fs.mkdirSync(absolute(this.#disk, path));
    } catch (error) {
      if (!hasCode(error, 'EEXIST') || this.#look(path) !== 'directory') throw error;
    }
    this.#known.set(path, 'directory');
  }

  /** Something was removed at a path: look again. */
  forget(path: string): void {
    this.#known.delete(path);
  }

  #look(path: string): 'directory' | 'file' | null {
    const stats = statPath(this.#disk, path);
    if (stats === null) return null;
    if (stats.isSymbolicLink()) throw linkError(this.#disk, path);
    if (stats.isDirectory()) return 'directory';
    if (stats.isFile()) return 'file';
    throw new UnsafePathError(`${absolute(this.#disk, path)} is neither a file nor a directory.`);
  }
}
