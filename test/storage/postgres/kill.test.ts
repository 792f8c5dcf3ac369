import { join } from 'node:path';
import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { openStorage } from '../../../src/storage/index.js';
import { usePostgresServer } from '../../support/postgres-server.js';
import { ended, startFixture } from '../child.js';
import { compileFixtures } from '../compiled-fixtures.js';
import { changesTo } from '../fixtures/rounds.js';
import { temporaryDirectory } from '../temporary-directory.js';
import { expectRoundIn } from '../whole-round.js';

const fixtures = compileFixtures();
const server = usePostgresServer();

describe('a database whose writer is killed', () => {
  it('on a server is the old batch or the new one, byte for byte, and takes the next', async () => {
    const url = await server().createDatabase();
    for (let kill = 0; kill < 12; kill += 1) await killAWriter(url, 80, () => nobodyConnected(url));
  }, 180_000);

  it('in a folder is the old batch or the new one too, and its lock is taken over', async () => {
    const url = `pglite:${join(temporaryDirectory(), 'data')}`;
    for (let kill = 0; kill < 4; kill += 1) await killAWriter(url, 150);
  }, 180_000);
});

async function killAWriter(url: string, withinMs: number, ending = async () => {}): Promise<void> {
  const child = startFixture(fixtures, 'write-rounds-to', url);
  const outcome = ended(child);
  child.stdout?.once('data', () => setTimeout(() => child.kill('SIGKILL'), Math.random() * withinMs));
  const { stdout, stderr } = await outcome;
  expect(stderr).toBe('');

  await ending();

  const reported = Number(stdout.trim().split('\n').at(-1));
  const storage = await openStorage(url);
  try {
    const round = await expectRoundIn(storage);
    expect([reported, reported + 1]).toContain(round);
    await storage.apply({ changes: changesTo(round + 1) });
    expect(await expectRoundIn(storage)).toBe(round + 1);
  } finally {
    await storage.close?.();
  }
}

/** The server may still be ending the last transaction of a process that is gone, one way or the other. */
async function nobodyConnected(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const others = async () => {
    const { rowCount } = await client.query(
      "select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'",
    );
    return rowCount;
  };
  try {
    await expect.poll(others, { timeout: 10_000 }).toBe(0);
  } finally {
    await client.end();
  }
}
