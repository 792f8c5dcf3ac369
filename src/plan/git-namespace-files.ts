import type { GitEntry, Snapshot } from '../git/types.js';
import { emptyBlobId } from '../resources/blob-id.js';
import { onlyEmptyDirectories, placeOfPath } from '../resources/namespace-file.js';
import type { ComparedChange, DesiredResource, HeldResource } from './compare.js';
import { relativePath } from './load-ignore-rules.js';

/** The namespace files that a directory of git holds. */
export interface GitNamespaceFiles {
  /** Files by their blob ids; an empty directory has an empty content. */
  resources: readonly DesiredResource[];
  /** Links and submodules: their copies in storage stay as they are. */
  held: HeldResource[];
  /** Contents by blob id, fetched in one go. */
  read(
    snapshot: Pick<Snapshot, 'read'>,
    changes: readonly ComparedChange[],
  ): Promise<ReadonlyMap<string, Uint8Array>>;
}

/** Sorts the entries below `directory` into files, empty directories and what is left alone. */
export function gitNamespaceFiles(
  entries: readonly GitEntry[],
  place: { namespace: string; directory: string },
): GitNamespaceFiles {
  const resources: DesiredResource[] = [];
  const held: HeldResource[] = [];
  const { namespace, directory } = place;
  let hasDirectories = false;
  for (const { path: gitPath, mode, oid: gitOid } of entries) {
    const found = placeOfPath(relativePath(directory, gitPath));
    if (found.kind === 'skipped') continue;
    const key = { kind: 'file', namespace, id: found.id } as const;
    if (mode === '120000' || mode === '160000') {
      const what = mode === '120000' ? 'a symbolic link, which is not followed' : 'a submodule';
      held.push({ key, gitPath, state: 'INVALID', note: `${gitPath}: ${what}` });
    } else {
      const isDirectory = found.kind === 'directory';
      hasDirectories ||= isDirectory;
      resources.push({ key, gitPath, gitOid, storedOid: isDirectory ? emptyBlobId : gitOid });
    }
  }
  return { resources: hasDirectories ? withoutInhabited(resources, held) : resources, held, read };
}

/** An entry for an empty directory goes when something else lies in it. */
function withoutInhabited(
  resources: readonly DesiredResource[],
  held: readonly HeldResource[],
): readonly DesiredResource[] {
  const kept = new Set(onlyEmptyDirectories([...resources, ...held].map(({ key }) => key.id)));
  return resources.filter(({ key }) => kept.has(key.id));
}

/**
 * Changed files with their contents; null when one of them needs a closer look: links, submodules, and `.gitkeep`, which
 * counts or does not by what stands beside it.
 */
export async function readChangedFiles(
  snapshot: Snapshot,
  entries: readonly GitEntry[],
  place: { namespace: string; directory: string },
): Promise<{ desired: readonly DesiredResource[]; contents: ReadonlyMap<string, Uint8Array> } | null> {
  const { resources, held } = gitNamespaceFiles(entries, place);
  if (held.length > 0 || resources.some(({ key }) => key.id.endsWith('/'))) return null;
  return {
    desired: resources,
    contents: await snapshot.read([...new Set(resources.map(({ storedOid }) => storedOid))]),
  };
}

async function read(snapshot: Pick<Snapshot, 'read'>, changes: readonly ComparedChange[]) {
  const oids = new Set(changes.flatMap(({ after }) => after ?? []));
  return snapshot.read([...oids]);
}
