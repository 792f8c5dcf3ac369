import * as z from 'zod';
import type { ResourceKey } from '../../schemas/resources.js';
import { StorageConflictError } from '../errors.js';
import type { StorageAdapter } from '../storage/types.js';
import type { StartRequest, StartRuns } from '../triggers/types.js';

/** Which syncs are suspended: the flows that run them are not started by schedules and webhooks. */
export interface SuspendedSyncs {
  /** By the sync's id. */
  list(): Promise<ReadonlyMap<string, Suspension>>;
  suspend(id: string, flow: { namespace: string; id: string }): Promise<Suspension>;
  /** False when it was not suspended. */
  resume(id: string): Promise<boolean>;
}

export interface Suspension {
  at: string;
  flow: { namespace: string; id: string };
}

const record = z.record(
  z.string(),
  z.object({ at: z.iso.datetime(), flow: z.object({ namespace: z.string(), id: z.string() }) }),
);
type Suspensions = z.output<typeof record>;

const key: ResourceKey = { kind: 'state', namespace: '', id: 'suspended-syncs' };
const maxAttempts = 5;

/** One record of the storage, so that a start costs one read. */
export function openSuspendedSyncs(storage: StorageAdapter, clock: () => Date): SuspendedSyncs {
  const read = async () => {
    const [stored = null] = await storage.read([key]);
    const all = stored === null ? {} : record.parse(JSON.parse(Buffer.from(stored.content).toString()));
    return { all, oid: stored?.oid ?? null };
  };
  const change = async (edit: (all: Suspensions) => void): Promise<Suspensions> => {
    for (let attempt = 1; ; attempt++) {
      const { all, oid } = await read();
      edit(all);
      const content = Buffer.from(JSON.stringify(all));
      try {
        await storage.apply({ changes: [{ action: 'put', key, content, expectedOid: oid }] });
        return all;
      } catch (error) {
        // Somebody else suspended another sync in between.
        if (!(error instanceof StorageConflictError) || attempt === maxAttempts) throw error;
      }
    }
  };

  return {
    list: async () => new Map(Object.entries((await read()).all)),

    async suspend(id, flow) {
      const suspension = { at: clock().toISOString(), flow };
      const all = await change((suspensions) => {
        suspensions[id] ??= suspension;
      });
      return all[id] ?? suspension;
    },

    async resume(id) {
      let was = false;
      await change((suspensions) => {
        was = Object.hasOwn(suspensions, id);
        delete suspensions[id];
      });
      return was;
    },
  };
}

/** Starts runs, except those that a schedule or a webhook wants of a flow whose sync is suspended. */
export function startUnlessSuspended(startRuns: StartRuns, suspended: SuspendedSyncs): StartRuns {
  return async (requests) => {
    const stopped = new Set([...(await suspended.list()).values()].map(({ flow }) => nameOf(flow)));
    const isWanted = ({ trigger: { type }, flow }: StartRequest) =>
      (type !== 'schedule' && type !== 'webhook') || !stopped.has(nameOf(flow));
    const started = await startRuns(requests.filter(isWanted));
    const answers = started[Symbol.iterator]();
    return requests.map((request) => {
      const answer = isWanted(request) ? answers.next().value : undefined;
      return answer ?? { executionId: request.executionId ?? '', started: false, reason: 'suspended' };
    });
  };
}

function nameOf({ namespace, id }: { namespace: string; id: string }): string {
  return `${namespace}/${id}`;
}
