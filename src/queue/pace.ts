import { type Kysely, sql } from 'kysely';

/**
 * When the next run of a key may begin, `apartMs` after the one before: a burst makes two runs, the first one's at once
 * and one for all that follow, however many servers it is spread over. In the transaction that queues the run.
 */
export async function nextBegin(
  tx: Kysely<unknown>,
  tenant: string,
  { key, apartMs }: { key: string; apartMs: number },
): Promise<Date | undefined> {
  // Not now(), which is the time before this waited for another server's transaction.
  const { rows } = await sql<{ begins: Date; isLater: boolean }>`
    insert into flowgit.pace as former (tenant, key, begins) values (${tenant}, ${key}, clock_timestamp())
    on conflict (tenant, key) do update set
      begins = case when former.begins > clock_timestamp() then former.begins
                    else greatest(clock_timestamp(), former.begins + ${apartMs} * interval '1 millisecond') end
    returning begins, begins > clock_timestamp() as "isLater"`.execute(tx);
  const [row] = rows;
  return row?.isLater === true ? row.begins : undefined;
}

/** Forgets keys whose time is long over. */
export async function forgetPaces(tx: Kysely<unknown>, tenant: string): Promise<void> {
  await sql`delete from flowgit.pace where tenant = ${tenant} and begins < now() - interval '1 hour'`.execute(
    tx,
  );
}
