import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DirectoryNotFoundError, UnsafePathError } from '../../src/errors.js';
import { type CarriedKind, carriedKinds, folders } from './layout.js';

/** A file of a plain directory, before anybody looked at what is in it. */
export interface PlainFile {
  kind: CarriedKind;
  /** Relative to the directory, `/`-separated; with a slash at its end an empty directory. */
  path: string;
  content: Uint8Array;
}

/**
 * Reads everything a plain directory holds, sorted by path within its kind. What lies beside the known folders is left alone.
 * @throws DirectoryNotFoundError; UnsafePathError for a symbolic link or a special file
 */
export async function readPlainDirectory(root: string): Promise<PlainFile[]> {
  const info = await lstat(root).catch(() => null);
  if (info === null) throw new DirectoryNotFoundError(`There is no directory ${root}.`);
  const files: PlainFile[] = [];
  for (const kind of carriedKinds) {
    if ((await lstat(join(root, folders[kind])).catch(() => null)) === null) continue;
    for await (const path of walk(root, folders[kind])) {
      const content = path.endsWith('/') ? new Uint8Array() : await readFile(join(root, path));
      files.push({ kind, path, content });
    }
  }
  return files;
}

async function* walk(root: string, folder: string): AsyncGenerator<string> {
  const info = await lstat(join(root, folder));
  if (!info.isDirectory()) throw unsafe(folder);
  const entries = await readdir(join(root, folder), { withFileTypes: true });
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  if (entries.length === 0) yield `${folder}/`;
  for (const entry of entries) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) yield* walk(root, path);
    else if (entry.isFile()) yield path;
    else throw unsafe(path);
  }
}

function unsafe(path: string): UnsafePathError {
  return new UnsafePathError(`${path} is neither a plain file nor a directory.`, {
    hint: 'Symbolic links and special files are not followed: replace it by what it stands for, or remove it.',
    data: { path },
  });
}
