/** The directories a file path lies in, outermost first and without a trailing slash: `a/b/c` → `a`, `a/b`. */
export function ancestorsOf(id: string): string[] {
  const ancestors: string[] = [];
  const last = id.endsWith('/') ? id.length - 2 : id.length - 1;
  for (let slash = id.indexOf('/'); slash !== -1 && slash <= last; slash = id.indexOf('/', slash + 1)) {
    ancestors.push(id.slice(0, slash));
  }
  return ancestors;
}

/** The directory that a file, a directory or a `dir/` entry stands in: `a/b` of `a/b/c` and of `a/b/c/`; empty at the top. */
export function parentOf(path: string): string {
  const slash = slashBefore(path);
  return slash === -1 ? '' : path.slice(0, slash);
}

/** Where that directory's name ends; -1 at the top. */
export function slashBefore(path: string): number {
  return path.lastIndexOf('/', path.length - 2);
}

/** What a namespace's files would be after a batch, judged as a tree. */
export interface TreeVerdict {
  /** Ids that would need one name to be a file and a directory, or an empty directory to hold something. */
  clashes: string[];
  /** Entries `dir/` that end because something comes to lie in the directory. */
  filled: string[];
}

/** The files of one namespace as they are after a batch. */
export interface TreeAfter {
  has(id: string): boolean;
  /** Whether there are `dir/` entries at all: most trees have none. */
  readonly hasEntries: boolean;
  /** Whether anything lies below it. */
  hasDirectory(path: string): boolean;
}

/**
 * Judges `ids`, the file ids of one namespace after a batch, of which `added` are new: a tree of files can hold neither
 * `a` beside `a/b` nor the empty directory `a/` beside `a/b`.
 */
export function judgeTree(ids: ReadonlyMap<string, unknown>, added: ReadonlySet<string>): TreeVerdict {
  if (added.size === 0) return { clashes: [], filled: [] };
  const directories = new Set<string>();
  for (const id of ids.keys()) for (const ancestor of ancestorsOf(id)) directories.add(ancestor);
  return judgeAdded(
    { has: (id) => ids.has(id), hasEntries: true, hasDirectory: (path) => directories.has(path) },
    added,
  );
}

/** As `judgeTree`, for a tree that knows its directories: the cost follows what is new. */
export function judgeAdded(tree: TreeAfter, added: Iterable<string>): TreeVerdict {
  const clashes = new Set<string>();
  const filled = new Set<string>();
  const parents = new Set<string>();
  // They mostly come in order: many in turn stand in the same directory.
  let latest = '';
  for (const id of added) {
    const isEntry = id.endsWith('/');
    const bare = isEntry ? id.slice(0, -1) : id;
    const isTaken = isEntry ? tree.has(bare) : tree.hasEntries && tree.has(`${bare}/`);
    if (isTaken || tree.hasDirectory(bare)) clashes.add(id);
    if (slashBefore(id) === latest.length && id.startsWith(latest)) continue;
    latest = parentOf(id);
    for (let parent = latest; parent !== '' && !parents.has(parent); parent = parentOf(parent))
      parents.add(parent);
  }
  const occupied = new Set([...parents].filter((path) => tree.has(path) || tree.has(`${path}/`)));
  if (occupied.size === 0) return { clashes: [...clashes], filled: [] };
  const together = new Set(added);
  for (const id of together) {
    for (const ancestor of ancestorsOf(id).filter((path) => occupied.has(path))) {
      if (tree.has(ancestor)) clashes.add(id);
      const entry = `${ancestor}/`;
      if (together.has(entry)) clashes.add(id);
      else if (tree.has(entry)) filled.add(entry);
    }
  }
  return { clashes: [...clashes], filled: [...filled] };
}
