import { UnsupportedError } from '../errors.js';
import type { GitEntry, Snapshot } from '../git/types.js';
import { type IgnoreRules, ignoreFileNames, ignoreRules } from '../resources/ignore-rules.js';
import { decodeUtf8 } from '../resources/text.js';

/**
 * Reads the ignore files of a directory of the snapshot; the rules take paths relative to that directory. One that cannot
 * be read stops the run: without its rules, what they protect would be overwritten or deleted.
 * @throws UnsupportedError
 */
export async function loadIgnoreRules(
  snapshot: Snapshot,
  entries: readonly GitEntry[],
  directory: string,
): Promise<IgnoreRules> {
  const files = ignoreFilesIn(entries, directory);
  for (const { path, mode } of files) {
    if (mode === '120000') throw unreadable(path, 'a symbolic link, which is not followed');
    if (mode === '160000') throw unreadable(path, 'a submodule');
  }
  const contents = await snapshot.read(files.map((file) => file.oid));
  return ignoreRules(
    files.map(({ path, oid }) => {
      const text = decodeUtf8(contents.get(oid) ?? new Uint8Array());
      if (text === null) throw unreadable(path, 'not UTF-8 text');
      return text;
    }),
  );
}

/** The ignore files among the entries; without one, no entry is ignored. */
export function ignoreFilesIn(entries: readonly GitEntry[], directory: string): GitEntry[] {
  const paths = ignoreFileNames.map((name) => (directory === '' ? name : `${directory}/${name}`));
  return entries.filter((entry) => paths.includes(entry.path));
}

function unreadable(path: string, what: string): UnsupportedError {
  return new UnsupportedError(`The ignore file ${path} is ${what}: what it protects cannot be told.`, {
    hint: 'Commit it as an ordinary file in UTF-8, or remove it.',
    data: { path },
  });
}

/** The path below the directory. */
export function relativePath(directory: string, path: string): string {
  return directory === '' ? path : path.slice(directory.length + 1);
}
