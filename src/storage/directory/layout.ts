import { identifier, type ResourceKey, type ResourceKind } from '../../../schemas/resources.js';
import { encodeStateId } from '../keys.js';

/**
 * Where things lie below a directory storage's root:
 *
 *     flows/<namespace>/<id>.yml      files/<namespace>/<path>      dashboards/<id>.yml
 *     .flowgit/revisions              what each resource was when last seen: index-file.ts
 *     .flowgit/state/<namespace>/     records of kind `state`
 *     .flowgit/journal/               batches on their way: journal.ts
 *     .flowgit/locks/                 who writes: lock.ts
 */
export const privateDirectory = '.flowgit';
export const revisionsFile = `${privateDirectory}/revisions`;
export const journalDirectory = `${privateDirectory}/journal`;
export const locksDirectory = `${privateDirectory}/locks`;

const stateDirectory = `${privateDirectory}/state`;
/** Stands for the empty namespace; no namespace begins with an underscore. */
const noNamespace = '_';
const stateEnding = '.state';
/** The first is written; both are read. */
const yamlEndings = ['.yml', '.yaml'] as const;

/** The directory whose entries are the namespaces of a kind; dashboards have none. */
export function kindDirectory(kind: ResourceKind): string {
  switch (kind) {
    case 'flow':
      return 'flows';
    case 'file':
      return 'files';
    case 'dashboard':
      return 'dashboards';
    case 'state':
      return stateDirectory;
  }
}

/** The directory that holds one namespace of one kind. */
export function namespaceDirectory(kind: ResourceKind, namespace: string): string {
  if (kind === 'dashboard') return kindDirectory(kind);
  return `${kindDirectory(kind)}/${namespace === '' ? noNamespace : namespace}`;
}

/** The namespace a directory's name stands for. */
export function namespaceOfDirectory(kind: ResourceKind, name: string): string {
  return kind === 'state' && name === noNamespace ? '' : name;
}

/** The paths a resource may lie at: the one it is written to, then others that are read. A checked key is expected. */
export function pathsOf(key: ResourceKey): [string, ...string[]] {
  const directory = namespaceDirectory(key.kind, key.namespace);
  switch (key.kind) {
    case 'file':
      return [`${directory}/${key.id.endsWith('/') ? key.id.slice(0, -1) : key.id}`];
    case 'state':
      return [`${directory}/${encodeStateId(key.id)}${stateEnding}`];
    default:
      return [`${directory}/${key.id}${yamlEndings[0]}`, `${directory}/${key.id}${yamlEndings[1]}`];
  }
}

/**
 * The id a file name stands for in a directory that holds one resource per file. `null`: the file is none of ours
 * (a README, an editor's or a system's own file). `invalid`: it looks like a resource but its name cannot be an id.
 */
export function idOfName(kind: ResourceKind, name: string): { id: string } | 'invalid' | null {
  if (kind === 'state') return stateIdOfName(name);
  const ending = yamlEndings.find((known) => name.endsWith(known));
  if (ending === undefined || name.startsWith('.')) return null;
  const id = name.slice(0, -ending.length);
  return identifier.safeParse(id).success ? { id } : 'invalid';
}

function stateIdOfName(name: string): { id: string } | null {
  if (!name.endsWith(stateEnding)) return null;
  try {
    const id = decodeURIComponent(name.slice(0, -stateEnding.length));
    return encodeStateId(id) + stateEnding === name ? { id } : null;
  } catch {
    return null;
  }
}
