import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { FlowNotFoundError } from '../../src/errors.js';

const skipped = new Set(['node_modules']);

/**
 * The flow files that paths name: a file as it is, of a directory every `.yml` and `.yaml` below it, sorted. Hidden
 * directories and symbolic links in a directory are left alone. Names come out as they were given.
 * @throws FlowNotFoundError
 */
export async function findFlowFiles(cwd: string, paths: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const path of paths) {
    const info = await stat(resolve(cwd, path)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null;
      throw error;
    });
    if (info === null)
      throw new FlowNotFoundError(`There is no ${path}.`, { hint: `It was looked for in ${cwd}.` });
    if (info.isDirectory()) found.push(...(await below(cwd, path)));
    else found.push(path);
  }
  return [...new Set(found)];
}

async function below(cwd: string, directory: string): Promise<string[]> {
  const entries = await readdir(resolve(cwd, directory), { withFileTypes: true });
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  const found: string[] = [];
  for (const entry of entries) {
    const path = join(directory, entry.name);
    if (entry.isDirectory() && !entry.name.startsWith('.') && !skipped.has(entry.name)) {
      found.push(...(await below(cwd, path)));
    }
    if (entry.isFile() && /\.ya?ml$/i.test(entry.name)) found.push(path);
  }
  return found;
}
