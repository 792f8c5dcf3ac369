import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import type { FlowDefinition } from '../../../schemas/flow.js';
import type { ResourceKey } from '../../../schemas/resources.js';
import { type SavedPlan, savedPlan } from '../../../schemas/saved-plan.js';
import { LimitExceededError, NotFoundError } from '../../errors.js';
import type { StorageAdapter, StoredContent } from '../../storage/types.js';

/** Runs a flow as a dry run and gives its plans; nothing is written. */
export type MakePlan = (request: {
  flow: FlowDefinition;
  inputs: Readonly<Record<string, unknown>>;
  signal: AbortSignal;
}) => Promise<SavedPlan>;

/** Plans that wait to be looked at and applied, in storage, so that every server has them. */
export interface PlanStore {
  keep(plan: SavedPlan, madeBy: string): Promise<KeptPlan>;
  /** @throws NotFoundError */
  get(id: string): Promise<KeptPlan>;
  /** The newest first. */
  list(): Promise<KeptPlan[]>;
  markApplied(id: string): Promise<void>;
}

export interface KeptPlan {
  id: string;
  madeBy: string;
  appliedAt: string | null;
  plan: SavedPlan;
}

/** Older ones go: whoever has not looked at them until then makes them again. */
const maxPlans = 50;
const maxBytes = 32 * 1024 * 1024;
const idPrefix = 'plan/';
const idPattern = /^\d{14}-[0-9a-f]{12}$/;

const record = z.object({
  version: z.literal(1),
  madeBy: z.string(),
  appliedAt: z.iso.datetime().nullable(),
  plan: savedPlan,
});

export function openPlanStore(storage: StorageAdapter, clock: () => Date): PlanStore {
  const keys = async (): Promise<ResourceKey[]> => {
    const entries = await storage.list({ kind: 'state', namespace: '', children: false });
    const own = entries.flatMap(({ key }) => (key.id.startsWith(idPrefix) ? [key] : []));
    // Ids begin with the time.
    return own.sort((a, b) => (a.id < b.id ? 1 : -1));
  };
  const read = async (id: string): Promise<{ stored: StoredContent; kept: KeptPlan }> => {
    const [stored = null] = idPattern.test(id) ? await storage.read([keyOf(id)]) : [];
    const kept = stored === null ? null : parse(stored);
    if (stored !== null && kept !== null) return { stored, kept };
    throw new NotFoundError(`There is no plan ${id}.`, { hint: `The newest ${maxPlans} are kept.` });
  };

  return {
    async keep(plan, madeBy) {
      const now = clock().toISOString().replace(/\D/g, '').slice(0, 14);
      const id = `${now}-${randomBytes(6).toString('hex')}`;
      const content = encode({ madeBy, appliedAt: null, plan });
      if (content.byteLength > maxBytes) {
        throw new LimitExceededError(
          `The plan has ${content.byteLength} bytes; a server keeps up to ${maxBytes}.`,
          { hint: 'Plan fewer tasks at once, or make it on the command line, which has no such limit.' },
        );
      }
      const old = await storage.read((await keys()).slice(maxPlans - 1));
      await storage.apply({
        changes: [
          { action: 'put', key: keyOf(id), content, expectedOid: null },
          ...old.flatMap((stored) =>
            stored === null ? [] : [{ action: 'delete', key: stored.key, expectedOid: stored.oid } as const],
          ),
        ],
      });
      return { id, madeBy, appliedAt: null, plan };
    },

    get: async (id) => (await read(id)).kept,

    async list() {
      const contents = await storage.read(await keys());
      return contents.flatMap((stored) => (stored === null ? [] : (parse(stored) ?? [])));
    },

    async markApplied(id) {
      const { stored, kept } = await read(id);
      const content = encode({ ...kept, appliedAt: clock().toISOString() });
      await storage.apply({
        changes: [{ action: 'put', key: stored.key, content, expectedOid: stored.oid }],
      });
    },
  };
}

function keyOf(id: string): ResourceKey {
  return { kind: 'state', namespace: '', id: `${idPrefix}${id}` };
}

function encode({ madeBy, appliedAt, plan }: Omit<KeptPlan, 'id'>): Buffer {
  return Buffer.from(JSON.stringify({ version: 1, madeBy, appliedAt, plan }));
}

function parse({ key, content }: StoredContent): KeptPlan | null {
  try {
    const { madeBy, appliedAt, plan } = record.parse(JSON.parse(Buffer.from(content).toString()));
    return { id: key.id.slice(idPrefix.length), madeBy, appliedAt, plan };
  } catch {
    return null;
  }
}
