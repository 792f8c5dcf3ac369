/** The directories that file ids lie in, each with how many files and directories stand directly in it. */
export class DirectoryCounts {
  readonly #children = new Map<string, number>();

  has(path: string): boolean {
    return this.#children.has(path);
  }

  add(id: string): void {
    for (let parent = parentOf(id); parent !== ''; parent = parentOf(parent)) {
      const children = this.#children.get(parent) ?? 0;
      this.#children.set(parent, children + 1);
      // It stood in its own parent before.
      if (children > 0) return;
    }
  }

  /** Takes back one `add`. */
  remove(id: string): void {
    for (let parent = parentOf(id); parent !== ''; parent = parentOf(parent)) {
      const children = (this.#children.get(parent) ?? 0) - 1;
      if (children > 0) {
        this.#children.set(parent, children);
        return;
      }
      this.#children.delete(parent);
    }
  }
}

/** `a/b` of `a/b/c` and of `a/b/c/`; empty at the top. */
function parentOf(id: string): string {
  const slash = id.lastIndexOf('/', id.length - 2);
  return slash === -1 ? '' : id.slice(0, slash);
}
