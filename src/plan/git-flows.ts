import type { ResourceKey } from '../../schemas/resources.js';
import { DuplicateFlowError } from '../errors.js';
import type { GitEntry, Snapshot } from '../git/types.js';
import { type FlowInspection, formatProblem, inspectFlow } from '../resources/flow.js';
import { type FlowPlace, isNamespace, namespaceOfPath, stemOf } from '../resources/flow-path.js';
import { recognizePlainFlow } from '../resources/plain-flow.js';
import { decodeUtf8 } from '../resources/text.js';
import { formatKey } from '../storage/types.js';
import type { SyncState } from './sync-state.js';

/** A file of the snapshot that holds a flow. */
export interface GitFlow {
  key: ResourceKey;
  gitPath: string;
  gitOid: string;
  /** The namespace written in the file, which need not be that of its place; null when the file was not read. */
  writtenNamespace: string | null;
  /** Null, like `content`, when the file was known without reading it. */
  source: string | null;
  content: Uint8Array | null;
}

/** A file with a flow's ending that is none. */
export interface InvalidGitFlow {
  gitPath: string;
  gitOid: string;
  namespace: string;
  /** Ids it may mean, best first: from the last run, from what could be parsed, from the text, from the file name. */
  candidates: string[];
  /** Whether the first candidate is more than a guess. */
  certain: boolean;
  /** A `link` is not read; a `broken` file is no valid flow; a `foreign` one is YAML of another kind. */
  reason: 'link' | 'broken' | 'foreign';
  /** With line and column where there are any. */
  message: string;
}

export interface GitFlows {
  flows: GitFlow[];
  invalid: InvalidGitFlow[];
}

/** What is known of a file without reading it. */
export interface FlowMemory {
  /** The flow that a file with exactly this blob id holds. */
  keyOf(entry: GitEntry): ResourceKey | null;
  /** The flow that stood at the path when it was last valid. */
  formerKey(path: string): ResourceKey | null;
}

/** What the last run saw. */
export function memoryOf(state: SyncState): FlowMemory {
  return {
    keyOf: (entry) => {
      const known = state.byPath.get(entry.path);
      // What a merge left in storage does not tell what this file alone would be there.
      return known?.gitOid === entry.oid && known.ancestor === undefined ? known.key : null;
    },
    formerKey: (path) => state.byPath.get(path)?.key ?? null,
  };
}

export interface GitFlowsInput {
  snapshot: Pick<Snapshot, 'read'>;
  entries: readonly GitEntry[];
  place: FlowPlace;
  memory: FlowMemory;
  /** The namespace in storage that a namespace in git stands for. */
  toStorage?: (namespace: string) => string;
}

/** Reads the flows of a place: files that are known with their blob id are not read, all others are in one go. */
export async function readGitFlows(input: GitFlowsInput): Promise<GitFlows> {
  const { snapshot, entries, place, memory, toStorage = (namespace) => namespace } = input;
  const files = entries.flatMap((entry) => {
    const namespace = namespaceOfPath(place, entry.path);
    return namespace === null ? [] : [{ entry, namespace }];
  });
  const unread = files.filter(({ entry }) => !isLink(entry) && memory.keyOf(entry) === null);
  const contents = await snapshot.read(unread.map(({ entry }) => entry.oid));
  const result: GitFlows = { flows: [], invalid: [] };
  for (const { entry, namespace } of files) {
    const known = memory.keyOf(entry);
    if (isLink(entry)) {
      result.invalid.push(linkAt(entry, toStorage(namespace), memory.formerKey(entry.path)?.id));
    } else if (known !== null) {
      const unread = { writtenNamespace: null, source: null, content: null };
      result.flows.push({ key: known, gitPath: entry.path, gitOid: entry.oid, ...unread });
    } else {
      const content = contents.get(entry.oid);
      if (content === undefined) throw new Error(`The snapshot did not give ${entry.path}.`);
      const read = readOne(entry, toStorage(namespace), content, memory.formerKey(entry.path)?.id);
      if ('reason' in read) result.invalid.push(read);
      else result.flows.push(read);
    }
  }
  return result;
}

/**
 * Refuses two files that hold one flow.
 * @throws DuplicateFlowError
 */
export function refuseDuplicates(flows: readonly GitFlow[]): void {
  const paths = new Map<string, string>();
  for (const flow of flows) {
    const name = formatKey(flow.key);
    const other = paths.get(name);
    if (other !== undefined) {
      throw new DuplicateFlowError(
        `Two files hold the flow ${flow.key.namespace}.${flow.key.id}: ${other} and ${flow.gitPath}.`,
        { hint: 'Give one of them another id, or remove it.', data: { paths: [other, flow.gitPath] } },
      );
    }
    paths.set(name, flow.gitPath);
  }
}

function readOne(
  entry: GitEntry,
  namespace: string,
  content: Uint8Array,
  formerId: string | undefined,
): GitFlow | InvalidGitFlow {
  const file = { gitPath: entry.path, gitOid: entry.oid };
  const invalid = { ...file, namespace, reason: 'broken' } as const;
  const stem = stemOf(entry.path);
  const source = decodeUtf8(content);
  if (source === null) {
    const certain = formerId !== undefined;
    return {
      ...invalid,
      candidates: unique([formerId, stem]),
      certain,
      message: `${entry.path}: not UTF-8 text`,
    };
  }
  const plain = isNamespace(namespace) ? recognizePlainFlow(source) : null;
  if (plain !== null) {
    const key = { kind: 'flow', namespace, id: plain.id } as const;
    return { ...file, key, writtenNamespace: plain.namespace, source, content };
  }
  const inspection = inspectFlow(source);
  const { id } = inspection;
  const [problem] = inspection.problems;
  if (problem !== undefined || id === null) {
    return {
      ...invalid,
      candidates: unique([formerId, id, idInText(source), stem]),
      certain: formerId !== undefined || id !== null,
      reason: isForeign(inspection, source) ? 'foreign' : 'broken',
      message: `${entry.path}:${problem === undefined ? ' it has no id' : formatProblem(problem)}`,
    };
  }
  if (!isNamespace(namespace)) {
    const message = `${entry.path}: its directory stands for the namespace "${namespace}", which is not a valid one`;
    return { ...invalid, candidates: [id], certain: true, message };
  }
  const key = { kind: 'flow', namespace, id } as const;
  return { ...file, key, writtenNamespace: inspection.namespace, source, content };
}

function linkAt(entry: GitEntry, namespace: string, formerId: string | undefined): InvalidGitFlow {
  const what = entry.mode === '120000' ? 'a symbolic link, which is not followed' : 'a submodule';
  return {
    gitPath: entry.path,
    gitOid: entry.oid,
    namespace,
    candidates: unique([formerId, stemOf(entry.path)]),
    certain: formerId !== undefined,
    reason: 'link',
    message: `${entry.path}: ${what}`,
  };
}

function isLink(entry: GitEntry): boolean {
  return entry.mode === '120000' || entry.mode === '160000';
}

/** Well-formed YAML in which nothing says that it was meant to be a flow. */
function isForeign(inspection: FlowInspection, source: string): boolean {
  return inspection.wellFormed && inspection.id === null && idInText(source) === null;
}

function idInText(source: string): string | null {
  return /^\uFEFF?["']?id["']?[ \t]*:[ \t]*["']?([A-Za-z0-9][A-Za-z0-9._-]*)/m.exec(source)?.[1] ?? null;
}

function unique(ids: readonly (string | null | undefined)[]): string[] {
  return [...new Set(ids.filter((id): id is string => typeof id === 'string' && id !== ''))];
}
