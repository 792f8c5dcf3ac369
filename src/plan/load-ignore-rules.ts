import type { GitEntry, Snapshot } from '../git/types.js';
import { type IgnoreRules, ignoreFileNames, ignoreRules } from '../resources/ignore-rules.js';
import { decodeUtf8 } from '../resources/text.js';

/** Reads the ignore files of a directory of the snapshot; the rules take paths relative to that directory. */
export async function loadIgnoreRules(
  snapshot: Snapshot,
  entries: readonly GitEntry[],
  directory: string,
): Promise<IgnoreRules> {
  const paths = new Set(ignoreFileNames.map((name) => (directory === '' ? name : `${directory}/${name}`)));
  const files = entries.filter((entry) => paths.has(entry.path) && entry.mode !== '120000');
  const contents = await snapshot.read(files.map((file) => file.oid));
  return ignoreRules(files.map((file) => decodeUtf8(contents.get(file.oid) ?? new Uint8Array()) ?? ''));
}

/** The path below the directory. */
export function relativePath(directory: string, path: string): string {
  return directory === '' ? path : path.slice(directory.length + 1);
}
