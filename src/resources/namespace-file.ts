/** Names that are git's own furniture, wherever they stand in a path. A directory called `x.git` is not. */
const furniture = new Set(['.git', '.gitignore', '.gitkeep']);

/** Makes an empty directory exist in git. */
export const keepFileName = '.gitkeep';

/** What a path below `gitDirectory` is as a namespace file. */
export type FilePlace =
  | { kind: 'file'; id: string }
  | { kind: 'directory'; id: string }
  | { kind: 'skipped' };

/** `path` is relative to `gitDirectory`. `a/.gitkeep` stands for the directory `a/`. */
export function placeOfPath(path: string): FilePlace {
  if (!path.includes('.git')) return { kind: 'file', id: path };
  const parts = path.split('/');
  const name = parts.at(-1) ?? '';
  const directories = parts.slice(0, -1);
  if (directories.some((part) => furniture.has(part))) return { kind: 'skipped' };
  if (name === keepFileName) {
    return directories.length === 0
      ? { kind: 'skipped' }
      : { kind: 'directory', id: `${directories.join('/')}/` };
  }
  return furniture.has(name) ? { kind: 'skipped' } : { kind: 'file', id: path };
}

/** The path below `gitDirectory` that a namespace file has in git. */
export function pathOfFile(id: string): string {
  return id.endsWith('/') ? `${id}${keepFileName}` : id;
}

/** Whether git can hold the namespace file as such. What git has its own use for neither comes nor goes. */
export function isInGit(id: string): boolean {
  if (!id.includes('.git') && !id.endsWith('/')) return true;
  const place = placeOfPath(pathOfFile(id));
  return place.kind !== 'skipped' && place.id === id;
}

/** Drops the directories that are not empty: they exist through what is in them. */
export function onlyEmptyDirectories(ids: readonly string[]): readonly string[] {
  if (!ids.some((id) => id.endsWith('/'))) return ids;
  const inhabited = new Set<string>();
  for (const id of ids) {
    let slash = id.lastIndexOf('/', id.length - 2);
    while (slash > 0) {
      const directory = id.slice(0, slash + 1);
      if (inhabited.has(directory)) break;
      inhabited.add(directory);
      slash = id.lastIndexOf('/', slash - 1);
    }
  }
  return ids.filter((id) => !id.endsWith('/') || !inhabited.has(id));
}
