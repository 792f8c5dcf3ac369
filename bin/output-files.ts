import { mkdir, readFile, realpath, writeFile } from 'node:fs/promises';
import { dirname, extname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { StorageError, UnsafePathError } from '../src/errors.js';
import type { Logger } from '../src/logger.js';
import type { Redactor } from '../src/redaction.js';
import type { OutputFiles } from '../src/runtime/context.js';
import { memoryOutputFiles } from '../src/runtime/create-context.js';
import { wholeContent } from '../src/runtime/output-content.js';

/**
 * Keeps the files of one execution in a directory of its own, as `file:` URIs. Reported rows, JSON Lines, are masked
 * one by one; other files stay as they are. What the disk does not take is kept in memory while the execution lasts: a
 * task tells what it did when it has done it, and must not fail then.
 */
export function directoryOutputFiles(
  root: string,
  executionId: string,
  redactor: Redactor,
  logger: Logger,
): OutputFiles {
  const directory = join(root, executionId);
  const inMemory = memoryOutputFiles(executionId);
  return {
    async write(name, content, { verbatim = false } = {}) {
      const path = resolve(directory, name);
      if (!isBelow(directory, path))
        throw new UnsafePathError(`The output file "${name}" leaves its directory.`);
      const masks = !verbatim && name.endsWith('.jsonl') && redactor.hasSecrets;
      const whole = wholeContent(content);
      const kept = masks ? maskRows(whole, redactor) : whole;
      try {
        await mkdir(dirname(path), { recursive: true });
        return pathToFileURL(await writeNew(path, kept)).href;
      } catch (error) {
        logger.warn(
          { file: path, error: error instanceof Error ? error.message : String(error) },
          'output file cannot be written, it is gone when the run ends',
        );
        return inMemory.write(name, kept);
      }
    },
    async read(uri) {
      if (uri.startsWith('memory:')) return inMemory.read(uri);
      if (!uri.startsWith('file:')) throw new StorageError(`${uri} is not an output file of a run.`);
      const path = fileURLToPath(uri);
      // Only what runs wrote: an expression must not make a task read any file of this machine.
      const real = await realpath(path).catch(() => null);
      if (real === null) throw new StorageError(`There is no output file ${uri}.`);
      if (!isBelow(await realpath(root), real))
        throw new UnsafePathError(`${uri} is not an output file of a run.`);
      return readFile(real);
    },
  };
}

/** Two task runs of one name, as in a loop, must not overwrite each other's file. */
async function writeNew(path: string, content: string | Uint8Array): Promise<string> {
  const ending = extname(path);
  const stem = path.slice(0, path.length - ending.length);
  for (let number = 1; ; number++) {
    const candidate = number === 1 ? path : `${stem}-${number}${ending}`;
    try {
      await writeFile(candidate, content, { flag: 'wx' });
      return candidate;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

function maskRows(rows: string | Uint8Array, redactor: Redactor): string {
  return Buffer.from(rows)
    .toString()
    .replace(/^.+$/gm, (row) => JSON.stringify(redactor.redactValue(JSON.parse(row))));
}

function isBelow(root: string, path: string): boolean {
  const way = relative(root, path);
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && resolve(root, way) === path;
}
