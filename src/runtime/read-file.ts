import { readFile } from 'node:fs/promises';
import { UnsafePathError } from '../errors.js';
import type { RunContext } from './context.js';
import { insideDirectory } from './inside-directory.js';

const namespaceFileScheme = 'nsfile:///';

/** Whether a text names a file of a run or a namespace rather than being content itself. */
export function isFileUri(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\/\S+$/i.test(text) && !/^https?:/i.test(text);
}

/**
 * A file that a flow may read: an output file by its URI, a namespace file, or a file in the task's working directory,
 * in this order. Null when there is none.
 * @throws UnsafePathError when a path leaves its root
 */
export async function readFileOf(
  context: RunContext,
  path: string,
  namespace?: string,
): Promise<Uint8Array | null> {
  if (path.startsWith(namespaceFileScheme)) {
    return readNamespaceFile(context, path.slice(namespaceFileScheme.length), namespace);
  }
  if (isFileUri(path)) return context.outputFiles.read(path);
  const stored = await readNamespaceFile(context, path, namespace);
  return stored ?? (namespace === undefined ? readWorkingFile(context, path) : null);
}

async function readNamespaceFile(
  context: RunContext,
  path: string,
  namespace = context.identity.namespace,
): Promise<Uint8Array | null> {
  const id = path.replace(/^(\.?\/)+/, '');
  if (id.split('/').includes('..')) {
    throw new UnsafePathError(`The path "${path}" leaves the namespace's files.`, { data: { path } });
  }
  if (id === '') return null;
  const [file] = await context.storage.read([{ kind: 'file', namespace, id }], { signal: context.signal });
  return file?.content ?? null;
}

async function readWorkingFile(context: RunContext, path: string): Promise<Uint8Array | null> {
  const file = await insideDirectory(await context.workingDirectory.path(), path);
  try {
    return await readFile(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'EISDIR' || code === 'ENOTDIR') return null;
    throw error;
  }
}
