import type { RunContext } from '../../src/runtime/context.js';
import type { StorageAdapter } from '../../src/storage/types.js';
import { formatKey } from '../../src/storage/types.js';

/** The git side of a model: in memory, or a bare repository behind a server. */
export interface GitSide {
  url: string;
  commit(files: Readonly<Record<string, string | null>>): Promise<void>;
  files(): Promise<ReadonlyMap<string, string>>;
  tip(): Promise<string | null>;
}

export interface ModelWorld {
  git: GitSide;
  storage: StorageAdapter;
  context: RunContext;
}

/** Namespaces in storage; in git the same are spelled with `live`. */
export const namespaces = ['prod', 'prod.sub'] as const;
export type Namespace = (typeof namespaces)[number];

const directories: Record<Namespace, string> = { prod: '', 'prod.sub': 'sub/' };

/** A flow's source, which three fields tell apart; enough stands between them to merge one by one. */
export function render(namespace: string, id: string, content: string): string {
  const tasks = content.split('|').map((field, index) => {
    return `  - id: task${index}\n    type: core.log.Log\n    description: a task\n    message: ${field}\n\n`;
  });
  return `id: ${id}\nnamespace: ${namespace}\n\ntasks:\n${tasks.join('')}`;
}

/** The id and the fields of what `render` made; null for anything else. */
export function parse(source: string): { id: string; content: string } | null {
  const id = /^id: (\S+)$/m.exec(source)?.[1];
  const fields = [...source.matchAll(/^ {4}message: (\S+)$/gm)].map(([, field]) => field);
  return id === undefined || fields.length !== 3 ? null : { id, content: fields.join('|') };
}

/** A file that is no valid flow, and says which it would be. */
export function broken(id: string, mark: string): string {
  return `id: ${id}\nnamespace: live\ntasks: [${mark}\n`;
}

export function inGitSpelling(namespace: string): string {
  return namespace.replace(/^prod/, 'live');
}

export function pathIn(directory: string, namespace: Namespace, name: string): string {
  return `${directory}/${directories[namespace]}${name}`;
}

export interface GitFile {
  path: string;
  namespace: Namespace;
  /** Null of an invalid one. */
  flow: { id: string; content: string } | null;
  /** What an invalid one says it is. */
  says: string | null;
}

/** The flow files below a directory. */
export function flowFiles(files: ReadonlyMap<string, string>, directory: string): GitFile[] {
  return [...files].flatMap(([path, text]): GitFile[] => {
    const match = new RegExp(`^${directory}/(sub/)?[^/]+\\.ya?ml$`).exec(path);
    if (match === null) return [];
    const says = /^id: (\S+)$/m.exec(text)?.[1] ?? null;
    return [{ path, namespace: match[1] === undefined ? 'prod' : 'prod.sub', flow: parse(text), says }];
  });
}

/** What takes part: flows of two namespaces, or files of one, with a directory in the second one's place. */
export type Kind = 'flow' | 'file';

/** How a resource is called that a step names by an id and a namespace. */
export function keyOf(
  kind: Kind,
  namespace: string,
  id: string,
): { kind: Kind; namespace: string; id: string } {
  if (kind === 'flow') return { kind, namespace, id };
  const directory = namespace === 'prod.sub' ? 'sub/' : '';
  return { kind, namespace: directory === '' ? namespace : 'prod', id: `${directory}${id}.txt` };
}

/** The files below a directory, each a resource of its own. */
export function plainFiles(files: ReadonlyMap<string, string>, directory: string): GitFile[] {
  return [...files].flatMap(([path, text]): GitFile[] => {
    if (!path.startsWith(`${directory}/`)) return [];
    const id = path.slice(directory.length + 1);
    return [{ path, namespace: 'prod', flow: { id, content: parse(text)?.content ?? '' }, says: id }];
  });
}

/** Everything in storage but flowgit's own records: text and revision by key. */
export async function storedEverywhere(storage: StorageAdapter): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const kind of ['flow', 'file'] as const) {
    const entries = await storage.list({ kind, namespace: '', children: true });
    const contents = await storage.read(entries.map(({ key }) => key));
    entries.forEach(({ key, revision }, index) => {
      found.set(formatKey(key), `${revision} ${Buffer.from(contents[index]?.content ?? []).toString()}`);
    });
  }
  return found;
}

/**
 * flowgit's own records, without receipts, which are short cuts that any run may leave, and without the history, where a
 * run that fails leaves its failure.
 */
export async function records(storage: StorageAdapter): Promise<string[]> {
  const entries = await storage.list({ kind: 'state', namespace: '', children: true });
  return entries
    .filter(({ key }) => !key.id.endsWith('.receipt') && !key.id.endsWith('.runs'))
    .map(({ key, oid }) => `${key.id} ${oid}`);
}

/** What the history of all syncs says. */
export async function history(storage: StorageAdapter): Promise<string[]> {
  const entries = await storage.list({ kind: 'state', namespace: '', children: true });
  return entries.filter(({ key }) => key.id.endsWith('.runs')).map(({ key, oid }) => `${key.id} ${oid}`);
}
