import {
  identifier,
  isIdentifier,
  isNamespaceName,
  namespaceName,
  type ResourceKey,
  type ResourceKind,
} from '../../schemas/resources.js';
import { UnsafePathError } from '../errors.js';
import { formatKey, type Scope } from './types.js';

/** The longest name that common file systems give one directory entry. */
const maxSegmentBytes = 255;
/** Leaves room for the storage's own directory below Linux's 4096. */
const maxPathBytes = 3000;

/** Most paths are made of these names, and need no closer look; none of them is reserved. */
const plainPath = /^[A-Za-z0-9_][\w.-]{0,59}(?:\/[A-Za-z0-9_][\w.-]{0,59}){0,15}$/;

/**
 * Refuses a key that could not be a file below a storage's root on every system flowgit runs on. All adapters call it,
 * so that what one holds can be carried to another.
 * @throws UnsafePathError
 */
export function checkKey(key: ResourceKey): void {
  refuse(key, namespaceProblem(key) ?? idProblems[key.kind](key.id));
}

/** As `checkKey`, for many of few namespaces: each is looked at once. */
export function keyChecker(): (key: ResourceKey) => void {
  let kind: ResourceKey['kind'] | null = null;
  let namespace = '';
  let idProblem = idProblems.file;
  return (key) => {
    if (key.kind !== kind || key.namespace !== namespace) {
      refuse(key, namespaceProblem(key));
      ({ kind, namespace } = key);
      idProblem = idProblems[kind];
    }
    const problem = idProblem(key.id);
    if (problem !== null) refuse(key, problem);
  };
}

function refuse(key: ResourceKey, problem: string | null): void {
  if (problem === null) return;
  throw new UnsafePathError(`Storage cannot hold ${JSON.stringify(formatKey(key))}: ${problem}.`, {
    hint: 'Rename it where it comes from.',
    data: { key },
  });
}

/** @throws UnsafePathError when the scope's namespace is none. */
export function checkScope(scope: Scope): void {
  if (scope.namespace === '' || isNamespaceName(scope.namespace)) return;
  throw new UnsafePathError(`${JSON.stringify(scope.namespace)} is not a namespace.`);
}

/** What makes a relative path unfit as a namespace file's id; `null` when nothing does. */
export function filePathProblem(path: string): string | null {
  if (plainPath.test(path)) return null;
  const unfit = textProblem(path);
  if (unfit !== null) return unfit;
  if (Buffer.byteLength(path) > maxPathBytes) return `the path is longer than ${maxPathBytes} bytes`;
  const bare = path.endsWith('/') ? path.slice(0, -1) : path;
  for (const segment of bare.split('/')) {
    if (segment === '') return 'a path is relative and has no empty parts';
    if (segment === '.' || segment === '..') return `a path may not contain "${segment}"`;
    if (isReservedName(segment)) return `"${segment}" is reserved`;
    if (segment.length > maxSegmentBytes / 4 && Buffer.byteLength(segment) > maxSegmentBytes) {
      return `a part of the path is longer than ${maxSegmentBytes} bytes`;
    }
  }
  return null;
}

/** Names that belong to flowgit or to git, in any letter case, because some file systems ignore case. */
export function isReservedName(segment: string): boolean {
  const lower = segment.toLowerCase();
  return lower === '.flowgit' || lower === '.git';
}

/** A state record's id as one file name without its ending. */
export function encodeStateId(id: string): string {
  return encodeURIComponent(id);
}

function namespaceProblem(key: ResourceKey): string | null {
  if (key.kind === 'dashboard') return key.namespace === '' ? null : 'a dashboard has no namespace';
  if (key.kind === 'state' && key.namespace === '') return null;
  if (isNamespaceName(key.namespace)) return null;
  const parsed = namespaceName.safeParse(key.namespace);
  return parsed.success ? null : `the namespace ${parsed.error.issues[0]?.message ?? 'is invalid'}`;
}

function identifierProblem(id: string): string | null {
  if (isIdentifier(id)) return null;
  const parsed = identifier.safeParse(id);
  return parsed.success ? null : `the id ${parsed.error.issues[0]?.message ?? 'is invalid'}`;
}

function stateIdProblem(id: string): string | null {
  if (id === '') return 'the id is empty';
  const unfit = textProblem(id);
  if (unfit !== null) return unfit;
  return encodeStateId(id).length > 200 ? 'the id is too long' : null;
}

function textProblem(text: string): string | null {
  if (text.includes('\0')) return 'it contains a NUL';
  if (text.includes('\\')) return 'it contains a backslash, which some systems take for a separator';
  return text.isWellFormed() ? null : 'it is not valid Unicode';
}

/** What makes an id unfit, by the kind of its resource; `null` when nothing does. */
const idProblems: Readonly<Record<ResourceKind, (id: string) => string | null>> = {
  flow: identifierProblem,
  dashboard: identifierProblem,
  file: filePathProblem,
  state: stateIdProblem,
};
