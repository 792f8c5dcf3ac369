import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunContext, WorkingDirectory } from './context.js';

/**
 * Stores the files of a directory that match a glob, and returns their URIs by path, sorted. Symbolic links are not
 * followed, and `.git` is not entered.
 */
export async function storeOutputFiles(
  context: RunContext,
  directory: WorkingDirectory,
  globs: readonly string[],
): Promise<Record<string, string>> {
  const stored: Record<string, string> = {};
  if (globs.length === 0) return stored;
  const root = await directory.path();
  const { default: picomatch } = await import('picomatch');
  const isWanted = picomatch(
    globs.map((glob) => glob.replace(/^(\.?\/)+/, '')),
    { dot: true },
  );
  for (const path of await filesBelow(root, '')) {
    if (!isWanted(path)) continue;
    const uri = await context.outputFiles.write(path, await readFile(join(root, path)), { verbatim: true });
    Object.defineProperty(stored, path, { value: uri, enumerable: true, configurable: true, writable: true });
  }
  return stored;
}

async function filesBelow(root: string, directory: string): Promise<string[]> {
  const found: string[] = [];
  const entries = await readdir(join(root, directory), { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = directory === '' ? entry.name : `${directory}/${entry.name}`;
    if (entry.isDirectory() && entry.name !== '.git') found.push(...(await filesBelow(root, path)));
    else if (entry.isFile()) found.push(path);
  }
  return found;
}
