import { writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { explainingDiskFailures } from '../disk/failures.js';
import { makeDirectories } from '../disk/make-directories.js';
import { InvalidPropertiesError } from '../errors.js';
import type { RunContext, WorkingDirectory } from './context.js';
import { insideDirectory } from './inside-directory.js';
import { isFileUri, readFileOf } from './read-file.js';

/**
 * Writes files into a directory: path to content, or to the URI of a file of this run or a namespace. The map may come
 * as JSON text. A value that is neither text nor bytes is written as JSON.
 * @throws UnsafePathError when a path leaves the directory
 * @throws InvalidPropertiesError when a file does not exist, or the text is not a JSON map
 */
export async function writeInputFiles(
  context: RunContext,
  directory: WorkingDirectory,
  files: Readonly<Record<string, unknown>> | string,
): Promise<void> {
  for (const [path, value] of Object.entries(typeof files === 'string' ? parse(files) : files)) {
    await writeInside(directory, path, await contentOf(context, path, value));
  }
}

/** Writes one file below the directory; the directories above it are made. */
export async function writeInside(
  directory: WorkingDirectory,
  path: string,
  content: string | Uint8Array,
): Promise<void> {
  const target = await insideDirectory(await directory.path(), path);
  await explainingDiskFailures(`write ${target}`, async () => {
    await makeDirectories(dirname(target));
    await writeFile(target, content);
  });
}

async function contentOf(context: RunContext, path: string, value: unknown): Promise<string | Uint8Array> {
  if (value instanceof Uint8Array) return value;
  if (typeof value !== 'string') return JSON.stringify(value);
  if (!isFileUri(value)) return value;
  const content = await readFileOf(context, value);
  if (content !== null) return content;
  throw new InvalidPropertiesError(`The input file "${path}" is to be ${value}, which does not exist.`);
}

function parse(text: string): Record<string, unknown> {
  try {
    const files: unknown = JSON.parse(text);
    if (typeof files === 'object' && files !== null && !Array.isArray(files)) return { ...files };
  } catch {
    // Said below, for this and for JSON that is no map.
  }
  throw new InvalidPropertiesError('"inputFiles" must be a map of paths to contents, or one as JSON text.');
}
