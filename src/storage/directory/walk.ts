import type { Dirent } from 'node:fs';
import { namespaceName, type ResourceKey, type ResourceKind } from '../../../schemas/resources.js';
import { StorageError, UnsafePathError } from '../../errors.js';
import { filePathProblem, isReservedName } from '../keys.js';
import { inScope, type Scope } from '../types.js';
import { absolute, type Disk, linkError, listDirectory, statPath } from './disk.js';
import { idOfName, kindDirectory, namespaceDirectory, namespaceOfDirectory } from './layout.js';
import { type Stamp, stampOf } from './stamp.js';

/** A resource as it lies there. `stamp` is null for an empty directory's entry. */
export interface Found {
  key: ResourceKey;
  path: string;
  stamp: Stamp | null;
}

/** Finds the resources of a scope, namespace by namespace, without reading any. */
export function* walkScope(disk: Disk, scope: Scope): Generator<Found> {
  for (const namespace of namespacesIn(disk, scope)) yield* walkNamespace(disk, scope.kind, namespace);
}

/** Finds the files below one directory of a namespace; `id` is that directory's, with its trailing slash. */
export function* walkFiles(disk: Disk, namespace: string, id: string): Generator<Found> {
  const base = namespaceDirectory('file', namespace);
  const entries = listDirectory(disk, id === '' ? base : `${base}/${id.slice(0, -1)}`);
  if (entries === null) return;
  if (entries.length === 0 && id !== '') {
    yield { key: { kind: 'file', namespace, id }, path: `${base}/${id.slice(0, -1)}`, stamp: null };
  }
  for (const entry of entries) {
    if (isReservedName(entry.name)) continue;
    const childId = `${id}${entry.name}`;
    const path = `${base}/${childId}`;
    if (entry.isSymbolicLink()) {
      // Emacs marks a file that is being edited by a dangling link of this name.
      if (entry.name.startsWith('.#')) continue;
      throw linkError(disk, path);
    }
    if (!entry.isDirectory() && !entry.isFile()) continue;
    const problem = filePathProblem(childId);
    if (problem !== null) {
      throw new UnsafePathError(
        `${JSON.stringify(absolute(disk, path))} cannot be a namespace file: ${problem}.`,
        {
          hint: 'Rename it, or move it out of the storage.',
        },
      );
    }
    if (entry.isDirectory()) yield* walkFiles(disk, namespace, `${childId}/`);
    else yield* found(disk, { kind: 'file', namespace, id: childId }, path);
  }
}

function* walkNamespace(disk: Disk, kind: ResourceKind, namespace: string): Generator<Found> {
  if (kind === 'file') {
    yield* walkFiles(disk, namespace, '');
    return;
  }
  const directory = namespaceDirectory(kind, namespace);
  const names = new Map<string, string>();
  for (const entry of listDirectory(disk, directory) ?? []) {
    const named = idOfName(kind, entry.name);
    if (named === null || entry.isDirectory()) continue;
    const path = `${directory}/${entry.name}`;
    if (entry.isSymbolicLink()) throw linkError(disk, path);
    if (named === 'invalid') {
      throw new StorageError(`${absolute(disk, path)}: the file's name is not a ${kind}'s id.`, {
        hint: 'Rename it to <id>.yml with letters, digits, ".", "_" and "-", or give it another ending.',
      });
    }
    const other = names.get(named.id);
    if (other !== undefined) throw twoNamesError(disk, kind, `${directory}/${other}`, path);
    names.set(named.id, entry.name);
    yield* found(disk, { kind, namespace, id: named.id }, path);
  }
}

function* found(disk: Disk, key: ResourceKey, path: string): Generator<Found> {
  const stats = statPath(disk, path);
  if (stats?.isFile() === true) yield { key, path, stamp: stampOf(stats) };
  else if (stats?.isSymbolicLink() === true) throw linkError(disk, path);
  else if (stats === null && path.includes('\ufffd')) {
    // The name was not UTF-8 and cannot be opened by what was read of it. Absent it is not.
    throw new UnsafePathError(`${absolute(disk, path)}: the file's name is not UTF-8.`, {
      hint: 'Rename it.',
    });
  }
}

function namespacesIn(disk: Disk, scope: Scope): string[] {
  const { kind } = scope;
  const top = kindDirectory(kind);
  if (kind !== 'dashboard' && !scope.children) {
    const directory = namespaceDirectory(kind, scope.namespace);
    if (scope.namespace === '' && kind !== 'state') return [];
    return isDirectory(disk, top) && isDirectory(disk, directory) ? [scope.namespace] : [];
  }
  if (!isDirectory(disk, top)) return [];
  if (kind === 'dashboard') return scope.namespace === '' ? [''] : [];
  return (listDirectory(disk, top) ?? []).flatMap((entry) => namespaceOfEntry(disk, scope, entry)).sort();
}

/** A directory whose name is no namespace holds nothing that flowgit could name, so it is left alone. */
function namespaceOfEntry(disk: Disk, scope: Scope, entry: Dirent): string[] {
  const namespace = namespaceOfDirectory(scope.kind, entry.name);
  if (namespace !== '' && !namespaceName.safeParse(namespace).success) return [];
  if (!inScope(scope, { kind: scope.kind, namespace, id: '' })) return [];
  if (entry.isSymbolicLink()) throw linkError(disk, `${kindDirectory(scope.kind)}/${entry.name}`);
  return entry.isDirectory() ? [namespace] : [];
}

function isDirectory(disk: Disk, path: string): boolean {
  const stats = statPath(disk, path);
  if (stats?.isSymbolicLink() === true) throw linkError(disk, path);
  return stats?.isDirectory() === true;
}

/** One resource lies under both endings: which one is meant cannot be told. */
export function twoNamesError(disk: Disk, kind: ResourceKind, one: string, other: string): StorageError {
  const [first, second] = [absolute(disk, one), absolute(disk, other)].sort();
  return new StorageError(`${first} and ${second} are the same ${kind}.`, { hint: 'Remove one of them.' });
}
