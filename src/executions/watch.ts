import { type Kysely, sql } from 'kysely';

const pollMs = 300;

/** Tells of changes to executions, with one query at a time for all that are watched. */
export function watchExecutions(db: Kysely<unknown>, tenant: string) {
  const watchers = new Map<string, { seen: string | null; listeners: Set<() => void> }>();
  let timer: NodeJS.Timeout | null = null;

  const look = async (): Promise<void> => {
    const counts = await countChanges(db, tenant, [...watchers.keys()]);
    for (const [id, watcher] of watchers) {
      const count = counts.get(id) ?? null;
      if (count === watcher.seen) continue;
      watcher.seen = count;
      for (const listener of [...watcher.listeners]) listener();
    }
  };
  const poll = (): void => {
    if (timer !== null || watchers.size === 0) return;
    timer = setTimeout(() => {
      // A database that is away for a moment is asked again.
      look()
        .catch(() => {})
        .finally(() => {
          timer = null;
          poll();
        });
    }, pollMs);
    timer.unref();
  };

  return {
    async watch(id: string, onChange: () => void): Promise<() => Promise<void>> {
      let watcher = watchers.get(id);
      if (watcher === undefined) {
        const seen = (await countChanges(db, tenant, [id])).get(id) ?? null;
        watcher = watchers.get(id) ?? { seen, listeners: new Set() };
        watchers.set(id, watcher);
      }
      // Twice the same function is two watchers.
      const listener = () => onChange();
      watcher.listeners.add(listener);
      poll();
      return async () => {
        watcher.listeners.delete(listener);
        if (watcher.listeners.size === 0 && watchers.get(id) === watcher) watchers.delete(id);
        if (watchers.size > 0 || timer === null) return;
        clearTimeout(timer);
        timer = null;
      };
    },
  };
}

async function countChanges(
  db: Kysely<unknown>,
  tenant: string,
  ids: readonly string[],
): Promise<Map<string, string>> {
  const { rows } = await sql<{ id: string; changes: string }>`
    select id, changes from flowgit.execution
    where tenant = ${tenant} and id = any(${[...ids]}::text[])`.execute(db);
  return new Map(rows.map(({ id, changes }) => [id, changes]));
}
