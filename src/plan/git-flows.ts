import type { ResourceKey } from '../../schemas/resources.js';
import { DuplicateFlowError } from '../errors.js';
import type { GitEntry, Snapshot } from '../git/types.js';
import { type FlowInspection, formatProblem, inspectFlow } from '../resources/flow.js';
import { type FlowPlace, isNamespace, namespaceOfPath, stemOf } from '../resources/flow-path.js';
import { decodeUtf8 } from '../resources/text.js';
import { formatKey } from '../storage/types.js';
import type { SyncState } from './sync-state.js';

/** A file of the snapshot that holds a flow. */
export interface GitFlow {
  key: ResourceKey;
  gitPath: string;
  gitOid: string;
  /** Null when the sync state already tells what there is to know. */
  source: string | null;
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
  /** `links` are not read; `broken` files are no YAML, or not UTF-8; `foreign` ones are YAML of another kind. */
  reason: 'link' | 'broken' | 'foreign';
  /** With line and column where there are any. */
  message: string;
}

export interface GitFlows {
  flows: GitFlow[];
  invalid: InvalidGitFlow[];
}

/**
 * Reads the flows of a place. Files that the last run saw with the same blob id are not read again; all others are
 * read in one go.
 */
export async function readGitFlows(
  snapshot: Snapshot,
  entries: readonly GitEntry[],
  place: FlowPlace,
  state: SyncState,
): Promise<GitFlows> {
  const files = entries.flatMap((entry) => {
    const namespace = namespaceOfPath(place, entry.path);
    return namespace === null ? [] : [{ entry, namespace }];
  });
  const isKnown = ({ entry }: { entry: GitEntry }) => state.byPath.get(entry.path)?.gitOid === entry.oid;
  const unread = files.filter((file) => !isLink(file.entry) && !isKnown(file));
  const contents = await snapshot.read(unread.map(({ entry }) => entry.oid));
  const result: GitFlows = { flows: [], invalid: [] };
  for (const { entry, namespace } of files) {
    const known = state.byPath.get(entry.path);
    if (isLink(entry)) {
      result.invalid.push(linkAt(entry, namespace));
    } else if (known?.gitOid === entry.oid) {
      result.flows.push({ key: known.key, gitPath: entry.path, gitOid: entry.oid, source: null });
    } else {
      readOne(entry, namespace, contents.get(entry.oid), known?.key.id, result);
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
  content: Uint8Array | undefined,
  formerId: string | undefined,
  result: GitFlows,
): void {
  if (content === undefined) throw new Error(`The snapshot did not give ${entry.path}.`);
  const source = decodeUtf8(content);
  if (source === null) {
    const candidates = unique([formerId, stemOf(entry.path)]);
    const certain = formerId !== undefined;
    const message = `${entry.path}: not UTF-8 text`;
    result.invalid.push({
      gitPath: entry.path,
      gitOid: entry.oid,
      namespace,
      candidates,
      certain,
      reason: 'broken',
      message,
    });
    return;
  }
  const inspection = inspectFlow(source);
  const problem = inspection.problems[0];
  if (problem !== undefined) {
    result.invalid.push({
      gitPath: entry.path,
      gitOid: entry.oid,
      namespace,
      candidates: unique([formerId, inspection.id, idInText(source), stemOf(entry.path)]),
      certain: formerId !== undefined || inspection.id !== null,
      reason: isForeign(inspection, source) ? 'foreign' : 'broken',
      message: `${entry.path}:${formatProblem(problem)}`,
    });
  } else if (!isNamespace(namespace)) {
    const message = `${entry.path}: its directory stands for the namespace "${namespace}", which is not a valid one`;
    const candidates = unique([inspection.id, stemOf(entry.path)]);
    result.invalid.push({
      gitPath: entry.path,
      gitOid: entry.oid,
      namespace,
      candidates,
      certain: true,
      reason: 'broken',
      message,
    });
  } else if (inspection.id !== null) {
    result.flows.push({
      key: { kind: 'flow', namespace, id: inspection.id },
      gitPath: entry.path,
      gitOid: entry.oid,
      source,
    });
  }
}

function linkAt(entry: GitEntry, namespace: string): InvalidGitFlow {
  const what = entry.mode === '120000' ? 'a symbolic link, which is not followed' : 'a submodule';
  return {
    gitPath: entry.path,
    gitOid: entry.oid,
    namespace,
    candidates: [stemOf(entry.path)],
    certain: true,
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
  return /^["']?id["']?[ \t]*:[ \t]*["']?([A-Za-z0-9][A-Za-z0-9._-]*)/m.exec(source)?.[1] ?? null;
}

function unique(ids: readonly (string | null | undefined)[]): string[] {
  return [...new Set(ids.filter((id): id is string => typeof id === 'string'))];
}
