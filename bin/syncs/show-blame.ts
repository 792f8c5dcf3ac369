import type { ResourceKey } from '../../schemas/resources.js';
import { ResourceNotFoundError } from '../../src/errors.js';
import { commitAt, type SyncedCommit } from '../../src/plan/commit-table.js';
import { listSyncRecords } from '../../src/plan/sync-records.js';
import { formatKey, type StorageAdapter, type StoredContent } from '../../src/storage/types.js';
import type { Session } from '../session.js';
import { withStorage } from '../storage.js';
import { plainLine } from '../terminal/plain-text.js';
import { UsageError } from '../usage-error.js';

/** Where a resource came from, or went to. */
interface Origin {
  direction: 'SYNC' | 'PUSH';
  sync: string;
  url: string;
  branch: string;
  path: string;
  /** Null when it was recorded by a version that did not keep it. */
  commit: SyncedCommit | null;
  /** Whether storage has something else by now. */
  editedSince: boolean;
}

interface Blame {
  key: ResourceKey;
  revision: number | null;
  origins: Origin[];
}

/** Prints where a resource came from, and resolves to the exit code. */
export async function showBlame(
  session: Session,
  { name, kind }: { name: string; kind: string | undefined },
): Promise<number> {
  const keys = keysOf(name, kind);
  const found = await withStorage(session, (storage) => findOrigins(storage, keys));
  if (found.length === 0) {
    throw new ResourceNotFoundError(`There is no ${kind ?? 'flow or file'} ${JSON.stringify(name)}.`, {
      hint: 'Name it by its namespace and id, or path: company.team/hello, company.team/scripts/report.py.',
    });
  }
  if (session.settings.json) session.printJson({ resources: found });
  else session.print(found.map((one) => formatBlame(session, one)).join('\n'));
  return 0;
}

/** @throws UsageError */
function keysOf(name: string, kind: string | undefined): ResourceKey[] {
  const slash = name.indexOf('/');
  if (slash <= 0 || slash === name.length - 1)
    throw new UsageError(`${JSON.stringify(name)} is not NAMESPACE/ID, such as company.team/hello.`);
  if (kind !== undefined && kind !== 'flow' && kind !== 'file')
    throw new UsageError('--kind is flow or file.');
  const [namespace, id] = [name.slice(0, slash), name.slice(slash + 1)];
  const kinds = kind === undefined ? (['flow', 'file'] as const) : ([kind] as const);
  // A flow's id has no slash in it.
  return kinds
    .filter((one) => one === 'file' || !id.includes('/'))
    .map((one) => ({ kind: one, namespace, id }));
}

async function findOrigins(storage: StorageAdapter, keys: readonly ResourceKey[]): Promise<Blame[]> {
  const stored = await storage.read(keys);
  const kinds = new Set(keys.map(({ kind }) => kind));
  const records = await listSyncRecords(storage, { name: ({ kind }) => kinds.has(kind) });
  return keys.flatMap((key, index) => {
    const present = stored[index] ?? null;
    const origins = records.flatMap(({ identity, state }) => {
      const resource = state.byKey.get(formatKey(key));
      if (resource === undefined) return [];
      return [
        {
          direction: identity.direction,
          sync: state.id,
          url: identity.url,
          branch: identity.revision,
          path: resource.gitPath,
          commit: commitAt(state.commits, resource.origin),
          editedSince: present?.oid !== resource.storedOid,
        },
      ];
    });
    return present === null && origins.length === 0 ? [] : [{ key, revision: revisionOf(present), origins }];
  });
}

function revisionOf(present: StoredContent | null): number | null {
  return present?.revision ?? null;
}

function formatBlame({ colors }: Session, { key, revision, origins }: Blame): string {
  const title = `${colors.bold(plainLine(formatKey(key)))} ${revision === null ? 'is not in storage any more' : `revision ${revision}`}`;
  const lines = origins.flatMap(({ direction, url, branch, path, commit, sync, editedSince }) => [
    `  ${direction === 'SYNC' ? 'from  ' : 'pushed'} ${plainLine(`${url} ${branch} ${path}`)}`,
    `  commit ${commit === null ? 'not recorded' : formatCommit(commit)}`,
    `  by     ${sync}`,
    ...(editedSince && revision !== null ? [colors.yellow('         storage has another copy by now')] : []),
  ]);
  return `${[title, ...(lines.length === 0 ? ['  no sync brought it'] : lines)].join('\n')}\n`;
}

function formatCommit({ oid, author, email, timestamp }: SyncedCommit): string {
  return plainLine(`${oid} ${author} <${email}> ${new Date(timestamp * 1000).toISOString()}`);
}
