import * as z from 'zod';
import type { ResourceKey } from '../../../schemas/resources.js';
import { StorageConflictError } from '../../errors.js';
import type { StorageAdapter } from '../../storage/types.js';

/** How far schedules have come. */
export interface Progress {
  /** Every known schedule was looked at up to then. */
  through: Date;
  /** Schedules that were there then, by name: others begin when they are first seen. */
  known: ReadonlySet<string>;
}

const key: ResourceKey = { kind: 'state', namespace: '', id: 'schedules' };
const record = z.object({
  version: z.literal(1),
  through: z.iso.datetime(),
  known: z.array(z.string()),
});

/** The progress of the last server of this storage; null when there was none. */
export async function readProgress(storage: StorageAdapter): Promise<Progress | null> {
  return (await look(storage)).progress;
}

/** Keeps the progress over restarts. It never goes back: another server may be further. */
export async function writeProgress(storage: StorageAdapter, { through, known }: Progress): Promise<void> {
  const { oid, progress } = await look(storage);
  if (progress !== null && progress.through >= through) return;
  const saved = { version: 1, through: through.toISOString(), known: [...known].sort() };
  const content = Buffer.from(JSON.stringify(saved));
  try {
    await storage.apply({ changes: [{ action: 'put', key, content, expectedOid: oid }] });
  } catch (error) {
    // Another server was a moment earlier, and knows as much.
    if (!(error instanceof StorageConflictError)) throw error;
  }
}

async function look(storage: StorageAdapter): Promise<{ oid: string | null; progress: Progress | null }> {
  const [stored = null] = await storage.read([key]);
  if (stored === null) return { oid: null, progress: null };
  const { data } = record.safeParse(parseJson(stored.content));
  const progress =
    data === undefined ? null : { through: new Date(data.through), known: new Set(data.known) };
  return { oid: stored.oid, progress };
}

function parseJson(content: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(content).toString());
  } catch {
    return null;
  }
}
