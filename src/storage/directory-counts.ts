import { parentOf, slashBefore } from './file-tree.js';

interface Directory {
  path: string;
  /** Files and directories that stand directly in it. */
  children: number;
}

/** The directories that file ids lie in, each with how many files and directories stand directly in it. */
export class DirectoryCounts {
  readonly #directories = new Map<string, Directory>();
  /** Ids mostly come in order: many in turn stand in the same directory. */
  #latest: Directory | null = null;
  #entries = 0;

  /** Whether entries of empty directories are among the ids. */
  get hasEntries(): boolean {
    return this.#entries > 0;
  }

  has(path: string): boolean {
    return this.#directories.has(path);
  }

  add(id: string): void {
    if (id.endsWith('/')) this.#entries += 1;
    const latest = this.#latest;
    if (latest !== null && latest.path.length === slashBefore(id) && id.startsWith(latest.path)) {
      latest.children += 1;
      return;
    }
    this.#latest = null;
    for (let parent = parentOf(id); parent !== ''; parent = parentOf(parent)) {
      const directory = this.#directories.get(parent);
      if (directory !== undefined) {
        directory.children += 1;
        this.#latest ??= directory;
        // It stood in its own parent before.
        return;
      }
      const made = { path: parent, children: 1 };
      this.#directories.set(parent, made);
      this.#latest ??= made;
    }
  }

  /** Takes back one `add`. */
  remove(id: string): void {
    if (id.endsWith('/')) this.#entries -= 1;
    this.#latest = null;
    for (let parent = parentOf(id); parent !== ''; parent = parentOf(parent)) {
      const directory = this.#directories.get(parent);
      if (directory === undefined || --directory.children > 0) return;
      this.#directories.delete(parent);
    }
  }
}
