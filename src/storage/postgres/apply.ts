import { type Kysely, sql } from 'kysely';
import type { ResourceKey } from '../../../schemas/resources.js';
import { conflictError, type EffectiveChange, type Known, resolveBatch, throwIfCancelled } from '../batch.js';
import { type AppliedChange, type Batch, formatKey, type Scope, type StorageCallOptions } from '../types.js';
import type { Database } from './database.js';
import { isLostRace } from './failures.js';
import { settleFileTree } from './file-tree.js';
import { lockPlaces, type Place } from './locks.js';
import { scopeVersion } from './read.js';
import { writeChanges } from './write.js';

/** A batch that lost this many races in a row against others gives up. */
const maxAttempts = 20;

export interface ApplyInput {
  tenant: string;
  batch: Batch;
  /** The version the scope must be at. */
  at?: { scope: Scope; version: string } | undefined;
  options?: StorageCallOptions | undefined;
  guard?: ((tx: Kysely<unknown>) => Promise<void>) | undefined;
}

/** Writes a checked batch in one transaction; `version` is that of `at.scope` afterwards, and empty without `at`. */
export async function applyToDatabase(
  { db, location, lockTimeoutMs }: Database,
  input: ApplyInput,
): Promise<{ applied: AppliedChange[]; version: string }> {
  for (let attempt = 1; ; attempt += 1) {
    throwIfCancelled(input.options, location);
    try {
      return await db.transaction().execute((tx) => applyIn(tx, { ...input, location, lockTimeoutMs }));
    } catch (error) {
      const lost = error instanceof LostRace || isLostRace(error);
      if (!lost) throw error;
      if (attempt === maxAttempts) throw conflictError(location, []);
    }
  }
}

/** Someone wrote a row between this transaction's reading and its writing: the batch has to be compared again. */
class LostRace extends Error {}

async function applyIn(
  tx: Kysely<unknown>,
  {
    tenant,
    batch,
    at,
    options,
    guard,
    location,
    lockTimeoutMs,
  }: ApplyInput & Pick<Database, 'location' | 'lockTimeoutMs'>,
): Promise<{ applied: AppliedChange[]; version: string }> {
  await guard?.(tx);
  const keys = batch.changes.map(({ key }) => key);
  await lockPlaces(tx, tenant, {
    keys,
    alone: placesToBeAloneIn(batch, at?.scope),
    timeoutMs: lockTimeoutMs,
  });
  if (at !== undefined && (await scopeVersion(tx, tenant, at.scope)) !== at.version) {
    throw conflictError(location, []);
  }
  const known = await lockKeys(tx, tenant, keys);
  const { applied, effective } = resolveBatch(batch, location, (key) => known.get(formatKey(key)));
  const all: EffectiveChange[] = [...effective, ...(await settleFileTree(tx, tenant, effective, location))];
  throwIfCancelled(options, location);
  if (all.length > 0 && !(await writeChanges(tx, tenant, all))) throw new LostRace();
  throwIfCancelled(options, location);
  return { applied, version: at === undefined ? '' : await scopeVersion(tx, tenant, at.scope) };
}

/** The scope that must not change meanwhile, and namespaces that get files: those are judged as one tree. */
function placesToBeAloneIn({ changes }: Batch, scope: Scope | undefined): Place[] {
  const namespaces = new Set(
    changes.flatMap(({ action, key }) => (key.kind === 'file' && action === 'put' ? [key.namespace] : [])),
  );
  const places: Place[] = [...namespaces].map((namespace) => ({ kind: 'file', namespace }));
  return scope === undefined ? places : [...places, { kind: scope.kind, namespace: scope.namespace }];
}

/**
 * What the keys hold, locked until the transaction ends: also one whose content stays as it is must be so at the same
 * moment as the rest of the batch.
 */
async function lockKeys(
  tx: Kysely<unknown>,
  tenant: string,
  keys: readonly ResourceKey[],
): Promise<Map<string, Known>> {
  const { rows } = await sql<ResourceKey & Known>`
    select resource.kind, resource.namespace, resource.id, resource.oid, resource.revision
    from unnest(${keys.map(({ kind }) => kind)}::text[], ${keys.map(({ namespace }) => namespace)}::text[],
                ${keys.map(({ id }) => id)}::text[]) as wanted (kind, namespace, id)
    join flowgit.resource on resource.tenant = ${tenant} and resource.kind = wanted.kind
     and resource.namespace = wanted.namespace and resource.id = wanted.id
    order by resource.kind, resource.namespace, resource.id
    for update of resource`.execute(tx);
  return new Map(
    rows.map(({ kind, namespace, id, oid, revision }) => [
      formatKey({ kind, namespace, id }),
      { oid, revision },
    ]),
  );
}
