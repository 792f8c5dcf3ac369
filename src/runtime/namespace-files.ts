import { explainingDiskFailures } from '../disk/failures.js';
import { makeDirectories } from '../disk/make-directories.js';
import type { RunContext, WorkingDirectory } from './context.js';
import { writeInside } from './input-files.js';
import { insideDirectory } from './inside-directory.js';

export interface NamespaceFilesOptions {
  /** Globs; none means all. A glob without a slash matches a file's name in any directory. */
  include: readonly string[];
  exclude: readonly string[];
  /** The flow's own namespace when absent. A later one's file wins over an earlier one's of the same path. */
  namespaces?: readonly string[] | undefined;
}

/** Writes the files of namespaces into a directory. */
export async function writeNamespaceFiles(
  context: RunContext,
  directory: WorkingDirectory,
  options: NamespaceFilesOptions,
): Promise<void> {
  const isWanted = await matcher(options);
  for (const namespace of options.namespaces ?? [context.identity.namespace]) {
    const entries = await context.storage.list({ kind: 'file', namespace, children: false }, context);
    const wanted = entries.filter(({ key }) => isWanted(key.id));
    const files = wanted.filter(({ key }) => !key.id.endsWith('/'));
    for (const { key } of wanted) {
      if (key.id.endsWith('/')) {
        const target = await insideDirectory(await directory.path(), key.id);
        await explainingDiskFailures(`make ${target}`, () => makeDirectories(target));
      }
    }
    const contents = await context.storage.read(
      files.map(({ key }) => key),
      context,
    );
    for (const file of contents) {
      // Null: removed since it was listed.
      if (file !== null) await writeInside(directory, file.key.id, file.content);
    }
  }
}

async function matcher({ include, exclude }: NamespaceFilesOptions): Promise<(path: string) => boolean> {
  const isIncluded = include.length === 0 ? () => true : await compile(include);
  const isExcluded = exclude.length === 0 ? () => false : await compile(exclude);
  return (path) => isIncluded(path) && !isExcluded(path);
}

async function compile(globs: readonly string[]): Promise<(path: string) => boolean> {
  const { default: picomatch } = await import('picomatch');
  return picomatch(
    globs.map((glob) => (glob.includes('/') ? glob.replace(/^\/+/, '') : `**/${glob}`)),
    { dot: true },
  );
}
