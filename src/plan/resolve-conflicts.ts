import type { ConflictHunks } from '../../schemas/plan.js';
import type { ResourceKey } from '../../schemas/resources.js';
import { blobId } from '../resources/blob-id.js';
import { formatKey } from '../storage/types.js';
import { type ComparedChange, type Comparison, targetOidOf } from './compare.js';
import { unifiedDiff } from './line-diff.js';
import { mergeableText, mergeTexts } from './merge-texts.js';
import type { SyncedResource } from './sync-state.js';

/** Where the contents of a conflict come from. All are in the target's form: with the namespace that it has there. */
export interface ConflictContents {
  /** By the blob id in the target that each change names as `after`. */
  source(changes: readonly ComparedChange[]): Promise<ReadonlyMap<string, Uint8Array>>;
  /** By the blob id that each change names as `before`. */
  target(changes: readonly ComparedChange[]): Promise<ReadonlyMap<string, Uint8Array>>;
  /** By blob id in git; what cannot be had is missing. `inTargetForm` makes of it what the target would have. */
  base(oids: readonly string[]): Promise<ReadonlyMap<string, Uint8Array>>;
  inTargetForm(content: Uint8Array, key: ResourceKey): Uint8Array | Promise<Uint8Array>;
  /** What the target itself says of a merged content; null when nothing is wrong. */
  validate?(key: ResourceKey, content: Uint8Array): Promise<string | null>;
}

export interface ConflictInput extends Pick<Comparison, 'desired' | 'target'> {
  changes: ComparedChange[];
  /** All that is known of what both sides once had in common, by `formatKey`; there may be several. */
  bases(name: string): readonly SyncedResource[];
  contents: ConflictContents;
  /** Whether what can be merged is. */
  merge: boolean;
}

/** What merging made, beside the changes themselves. */
export interface Resolution {
  /** Merged contents by blob id. */
  merged: ReadonlyMap<string, Uint8Array>;
  /** By `formatKey`, of resources whose target has more than the source now: the source's text, the next base. */
  ancestors: ReadonlyMap<string, string>;
}

/** Merges the conflicts among the changes where that is wanted and possible, and gives the others both sides' hunks. */
export async function resolveConflicts(input: ConflictInput): Promise<Resolution> {
  const merged = new Map<string, Uint8Array>();
  const ancestors = new Map<string, string>();
  const conflicts = input.changes.filter(({ state }) => state === 'CONFLICT');
  if (conflicts.length === 0) return { merged, ancestors };
  const sides = await readSides(conflicts, input);
  for (const change of conflicts) {
    const side = sides.get(change) ?? { source: null, target: null, bases: [], baseOid: null };
    const outcome = input.merge ? await merge(change.key, side, input.contents) : null;
    if (outcome === null || 'problem' in outcome) {
      if (outcome !== null) change.note = `${change.note}: ${outcome.problem}`;
      change.hunks = await hunksOf(change.gitPath, side);
      continue;
    }
    const { content, source } = outcome;
    const oid = blobId(content);
    const sourceOid = blobId(source);
    if (oid !== sourceOid) ancestors.set(formatKey(change.key), Buffer.from(source).toString());
    merged.set(oid, content);
    change.note = null;
    change.after = oid;
    change.state = oid === change.before ? 'UNCHANGED' : 'UPDATED';
    if (oid !== sourceOid) change.merged = true;
  }
  return { merged, ancestors };
}

/** Contents of one conflict; null is absent. */
interface Sides {
  source: Uint8Array | null;
  target: Uint8Array | null;
  bases: Uint8Array[];
  /** Blob id in git of the first of them. */
  baseOid: string | null;
}

async function readSides(
  conflicts: readonly ComparedChange[],
  { desired, target: side, bases, contents }: ConflictInput,
): Promise<Map<ComparedChange, Sides>> {
  const names = new Set(conflicts.map(({ key }) => formatKey(key)));
  const wanted = new Map<string, string>();
  for (const resource of desired) {
    const name = formatKey(resource.key);
    if (names.has(name)) wanted.set(name, targetOidOf(resource, { target: side }));
  }
  const asked = conflicts.flatMap((change) => {
    const after = wanted.get(formatKey(change.key));
    return after === undefined ? [] : [{ ...change, after }];
  });
  const source = await contents.source(asked);
  const target = await contents.target(conflicts.filter(({ before }) => before !== null));
  const rows = new Map(conflicts.map((change) => [change, bases(formatKey(change.key))]));
  const oids = [...rows.values()].flat().flatMap((row) => (row.ancestor === undefined ? [row.gitOid] : []));
  const common = oids.length === 0 ? new Map<string, Uint8Array>() : await contents.base([...new Set(oids)]);
  const sides = new Map<ComparedChange, Sides>();
  for (const change of conflicts) {
    const known: { oid: string; content: Uint8Array }[] = [];
    for (const row of rows.get(change) ?? []) {
      const git = row.ancestor === undefined ? common.get(row.gitOid) : Buffer.from(row.ancestor);
      if (git === undefined) continue;
      known.push({ oid: row.gitOid, content: await contents.inTargetForm(git, change.key) });
    }
    sides.set(change, {
      source: source.get(wanted.get(formatKey(change.key)) ?? '') ?? null,
      target: change.before === null ? null : (target.get(change.before) ?? null),
      bases: known.map(({ content }) => content),
      baseOid: known[0]?.oid ?? null,
    });
  }
  return sides;
}

type Outcome = { content: Uint8Array; source: Uint8Array } | { problem: string };

async function merge(key: ResourceKey, sides: Sides, { validate }: ConflictContents): Promise<Outcome> {
  const { source, target, bases } = sides;
  if (source === null || target === null) return { problem: 'a deletion and a change cannot be merged' };
  if (bases.length === 0) return { problem: 'what both sides had in common cannot be had any more' };
  const [from, into] = [mergeableText(source), mergeableText(target)];
  if (from === null || into === null) return { problem: 'it is binary or too large, and is not merged' };
  let text: string | null = null;
  for (const base of bases) {
    const common = mergeableText(base);
    if (common === null) return { problem: 'what both sides had in common is binary or too large' };
    const result = await mergeTexts(common, from, into);
    if ('problem' in result) return result;
    // The records of both directions tell of different times; nothing says which one is the later.
    if (text !== null && text !== result.text) return { problem: 'it is not clear which side changed what' };
    text = result.text;
  }
  const content = Buffer.from(text ?? '');
  const problem = (await problemOf(key, text ?? '', from)) ?? (await validate?.(key, content)) ?? null;
  return problem === null ? { content, source } : { problem: `merged, it is not a valid flow: ${problem}` };
}

/** Each side may be valid and what came of the two not; and it has to be the same flow still. */
async function problemOf(key: ResourceKey, text: string, source: string): Promise<string | null> {
  if (key.kind !== 'flow') return null;
  const { formatProblem, inspectFlow } = await import('../resources/flow.js');
  const { id, namespace, problems } = inspectFlow(text);
  const [problem] = problems;
  if (problem !== undefined) return formatProblem(problem);
  if (id !== key.id) return `its id would be ${JSON.stringify(id)}`;
  return namespace === inspectFlow(source).namespace
    ? null
    : `its namespace would be ${JSON.stringify(namespace)}`;
}

async function hunksOf(path: string, { source, target, bases, baseOid }: Sides): Promise<ConflictHunks> {
  const base = bases[0] ?? null;
  if (base === null) return { base: null, source: cut(await unifiedDiff(path, target, source)), target: '' };
  const diffs = [await unifiedDiff(path, base, source), await unifiedDiff(path, base, target)] as const;
  return { base: baseOid, source: cut(diffs[0]), target: cut(diffs[1]) };
}

const maxHunkChars = 32_768;

/** At the end of a line, so that what is left still reads as a diff. */
function cut(diff: string): string {
  if (diff.length <= maxHunkChars) return diff;
  const end = diff.lastIndexOf('\n', maxHunkChars);
  return `${diff.slice(0, end === -1 ? maxHunkChars : end)}\n(… cut, ${diff.length - maxHunkChars} more characters)\n`;
}
