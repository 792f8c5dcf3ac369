import { createRequire } from 'node:module';
import type { Volume } from 'memfs';
import type { ChangeState, PlanChange, PlanDocument, PlanEndpoint, PlanSummary } from '../../schemas/plan.js';
import type { ComparedChange } from './compare.js';
import { countLines, countWhole, expectComparison, unifiedDiff } from './line-diff.js';
import type { Plan } from './plan.js';
import type { PreparedPlan } from './prepared-plan.js';

export interface PlanInput {
  direction: PlanDocument['direction'];
  task: string;
  source: PlanEndpoint;
  target: PlanEndpoint;
  /** The plan's own from here on: it counts their lines into them. */
  changes: ComparedChange[];
  /** The target's present contents, for the changes given: blob id → bytes. */
  readBefore(changes: readonly ComparedChange[]): Promise<ReadonlyMap<string, Uint8Array>>;
  /** The contents to be, for the changes given: blob id → bytes. */
  readAfter(changes: readonly ComparedChange[]): Promise<ReadonlyMap<string, Uint8Array>>;
  /** What applying the plan takes, when plans are to be saved. */
  prepare?: ((plan: StagedPlan) => PreparedPlan) | undefined;
}

/** A plan together with the contents that applying it writes. */
export interface StagedPlan extends Plan {
  /** The document, in which the lines of what comes or goes as a whole are counted only when somebody looks at that. */
  readonly outline: PlanDocument;
  /** The changes that applying the plan makes. */
  readonly effective: readonly PlanChange[];
  /** What the change in that place among them leaves in the target; throws for one that leaves nothing. */
  contentAt(place: number): Uint8Array;
}

/** Whether applying the plan does something to the resource. */
export function isChange({ state }: { state: ChangeState }): boolean {
  return state !== 'UNCHANGED' && state !== 'INVALID' && state !== 'CONFLICT';
}

/** Reads what the changes need, once, compares their lines and lays the plan out. Unchanged content is never read. */
export async function makePlan(input: PlanInput): Promise<StagedPlan> {
  const { changes } = input;
  const effective = changes.filter(isChange);
  const replaced = effective.filter((change) => change.before !== null);
  const compared = replaced.filter(comparesLines);
  // It loads while the contents come.
  if (compared.length > 0) expectComparison();
  const [before, after] = await Promise.all([
    input.readBefore(replaced),
    input.readAfter(effective.filter((change) => change.after !== null)),
  ]);
  const sidesOf = (change: ComparedChange) =>
    [content(before, change.before), content(after, change.after)] as const;
  for (const change of compared) Object.assign(change, await countLines(...sidesOf(change)));
  // Fails now, and not when somebody looks.
  const contents = effective.map((change) => content(after, change.after));
  for (const change of replaced) content(before, change.before);
  let isCounted = false;
  const outline: PlanDocument = {
    version: 1,
    direction: input.direction,
    task: input.task,
    source: input.source,
    target: input.target,
    changes,
    summary: summarize(changes),
  };
  let volume: Volume | null = null;
  const { prepare } = input;
  const plan: StagedPlan = {
    outline,
    effective,
    get document() {
      const uncounted = isCounted ? [] : effective.filter((change) => !comparesLines(change));
      for (const change of uncounted) Object.assign(change, countWhole(...sidesOf(change)));
      isCounted = true;
      return outline;
    },
    get volume() {
      volume ??= stage(effective, after);
      return volume;
    },
    diff: async (change) => (isChange(change) ? unifiedDiff(change.gitPath, ...sidesOf(change)) : ''),
    contentAt(place) {
      const bytes = contents[place] ?? null;
      if (bytes === null) throw new Error(`The plan holds no content for ${effective[place]?.gitPath}.`);
      return bytes;
    },
    ...(prepare !== undefined && { prepare: () => prepare(plan) }),
  };
  return plan;
}

function comparesLines({ before, after }: ComparedChange): boolean {
  return before !== null && after !== null;
}

const countOf = {
  ADDED: 'added',
  UPDATED: 'updated',
  OVERWRITTEN: 'overwritten',
  DELETED: 'deleted',
  UNCHANGED: 'unchanged',
  INVALID: 'invalid',
  CONFLICT: 'conflicted',
} as const satisfies Record<ChangeState, keyof PlanSummary>;

/** Counts by state. */
export function summarize(changes: readonly { state: ChangeState }[]): PlanSummary {
  const summary: PlanSummary = {
    added: 0,
    updated: 0,
    overwritten: 0,
    deleted: 0,
    unchanged: 0,
    invalid: 0,
    conflicted: 0,
  };
  for (const { state } of changes) summary[countOf[state]] += 1;
  return summary;
}

/** The would-be working tree of the changed files, and nothing else. memfs is loaded only when somebody looks. */
function stage(changes: readonly PlanChange[], after: ReadonlyMap<string, Uint8Array>): Volume {
  const memfs = createRequire(import.meta.url)('memfs') as typeof import('memfs');
  const volume = new memfs.Volume();
  volume.mkdirSync('/', { recursive: true });
  for (const change of changes) {
    const bytes = content(after, change.after);
    if (bytes === null) continue;
    const path = `/${change.gitPath}`;
    volume.mkdirSync(path.slice(0, path.lastIndexOf('/')) || '/', { recursive: true });
    volume.writeFileSync(path, Buffer.from(bytes));
  }
  return volume;
}

function content(contents: ReadonlyMap<string, Uint8Array>, oid: string | null): Uint8Array | null {
  if (oid === null) return null;
  const bytes = contents.get(oid);
  if (bytes === undefined) throw new Error(`The content of blob ${oid} was not read.`);
  return bytes;
}
