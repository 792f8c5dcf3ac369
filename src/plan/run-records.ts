import * as z from 'zod';
import type { PlanDocument } from '../../schemas/plan.js';
import type { ResourceKey } from '../../schemas/resources.js';
import { type RunRecord, runRecord } from '../../schemas/run-record.js';
import { formatKey, type StorageAdapter, type StorageChange } from '../storage/types.js';
import { isChange } from './make-plan.js';
import type { SyncIdentity } from './sync-state.js';

export type { RunRecord };

const header = z.object({ version: z.literal(1), sync: z.record(z.string(), z.unknown()) });

/** Older runs go. */
const maxRuns = 50;
const maxChanges = 50;

/** Where storage keeps the runs of the sync with this id. */
export function runsKey(id: string): ResourceKey {
  return { kind: 'state', namespace: '', id: `${id}.runs` };
}

/** The rows of a plan as a run's record lists them. */
export function changesOf({ changes }: Pick<PlanDocument, 'changes'>): Pick<RunRecord, 'changes' | 'more'> {
  const rows = changes.filter((change) => isChange(change) || change.state === 'CONFLICT');
  return {
    changes: rows.slice(0, maxChanges).map(({ state, gitPath, key }) => [state, gitPath, formatKey(key)]),
    more: Math.max(rows.length - maxChanges, 0),
  };
}

/** The runs of a sync, oldest first, and which sync it was; damaged lines are left out. */
export function parseRuns(content: Uint8Array): { sync: Record<string, unknown> | null; runs: RunRecord[] } {
  const [first = '', ...lines] = Buffer.from(content).toString().split('\n');
  const runs = lines.flatMap((line) => {
    const parsed = runRecord.safeParse(parse(line));
    return parsed.success ? [parsed.data] : [];
  });
  return { sync: header.safeParse(parse(first)).data?.sync ?? null, runs };
}

/** Whether the last run of a sync that left a line failed. */
export async function lastRunFailed(storage: StorageAdapter, id: string): Promise<boolean> {
  const [stored = null] = await storage.read([runsKey(id)]);
  return stored !== null && parseRuns(stored.content).runs.at(-1)?.outcome === 'FAILED';
}

/** The change that adds a run to what storage has of a sync. */
export async function recordRun(
  storage: StorageAdapter,
  sync: { id: string; identity: SyncIdentity },
  run: Omit<RunRecord, 'count' | 'since'>,
): Promise<StorageChange> {
  const key = runsKey(sync.id);
  const [stored = null] = await storage.read([key]);
  const { runs } = stored === null ? { runs: [] } : parseRuns(stored.content);
  const lines = append(runs, { ...run, count: 1 }).map((one) => `${JSON.stringify(one)}\n`);
  const first = JSON.stringify({ version: 1, sync: sync.identity });
  const content = Buffer.from(`${first}\n${lines.join('')}`);
  return { action: 'put', key, content, expectedOid: stored?.oid ?? null, frozen: true };
}

function append(runs: readonly RunRecord[], run: RunRecord): RunRecord[] {
  const last = runs.at(-1);
  if (last === undefined || !isRepetition(last, run)) return [...runs, run].slice(-maxRuns);
  return [...runs.slice(0, -1), { ...run, since: last.since ?? last.at, count: last.count + 1 }];
}

function isRepetition(last: RunRecord, run: RunRecord): boolean {
  if (last.outcome !== run.outcome || last.changes.length > 0 || run.changes.length > 0) return false;
  return last.error?.code === run.error?.code && last.error?.message === run.error?.message;
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
