/** The directories a file path lies in, outermost first and without a trailing slash: `a/b/c` → `a`, `a/b`. */
export function ancestorsOf(id: string): string[] {
  const ancestors: string[] = [];
  const last = id.endsWith('/') ? id.length - 2 : id.length - 1;
  for (let slash = id.indexOf('/'); slash !== -1 && slash <= last; slash = id.indexOf('/', slash + 1)) {
    ancestors.push(id.slice(0, slash));
  }
  return ancestors;
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
  return judgeAdded({ has: (id) => ids.has(id), hasDirectory: (path) => directories.has(path) }, added);
}

/** As `judgeTree`, for a tree that knows its directories: the cost follows what is new. */
export function judgeAdded(tree: TreeAfter, added: ReadonlySet<string>): TreeVerdict {
  const clashes = new Set<string>();
  const filled = new Set<string>();
  const parents = new Set<string>();
  for (const id of added) {
    const bare = id.endsWith('/') ? id.slice(0, -1) : id;
    if (tree.hasDirectory(bare) || tree.has(id === bare ? `${bare}/` : bare)) clashes.add(id);
    for (let slash = bare.lastIndexOf('/'); slash > 0; slash = bare.lastIndexOf('/', slash - 1)) {
      const parent = bare.slice(0, slash);
      if (parents.has(parent)) break;
      parents.add(parent);
    }
  }
  const occupied = new Set([...parents].filter((path) => tree.has(path) || tree.has(`${path}/`)));
  if (occupied.size === 0) return { clashes: [...clashes], filled: [] };
  for (const id of added) {
    for (const ancestor of ancestorsOf(id).filter((path) => occupied.has(path))) {
      if (tree.has(ancestor)) clashes.add(id);
      const entry = `${ancestor}/`;
      if (added.has(entry)) clashes.add(id);
      else if (tree.has(entry)) filled.add(entry);
    }
  }
  return { clashes: [...clashes], filled: [...filled] };
}
