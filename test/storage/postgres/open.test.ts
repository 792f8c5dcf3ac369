import { join } from 'node:path';
import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { openStorage, type StorageAdapter } from '../../../src/storage/index.js';
import { migrations } from '../../../src/storage/postgres/migrations.js';
import { parseServerUrl } from '../../../src/storage/postgres/server-url.js';
import { apply, everyFlow, flow, put, state, textAt } from '../../../src/testing/storage-contract/case.js';
import { serverPassword, usePostgresServer } from '../../support/postgres-server.js';
import { ended, startFixture } from '../child.js';
import { compileFixtures } from '../compiled-fixtures.js';
import { temporaryDirectory } from '../temporary-directory.js';

const server = usePostgresServer();
const fixtures = compileFixtures();

async function rowsOf(url: string, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

async function failureOf(url: string): Promise<Error & { code: string }> {
  const failure: unknown = await openStorage(url).then(
    (storage) => storage.close?.(),
    (error: unknown) => error,
  );
  const shown = JSON.stringify(failure, Object.getOwnPropertyNames(failure));
  for (const secret of [serverPassword, encodeURIComponent(serverPassword), 'wr0ng']) {
    expect(shown).not.toContain(secret);
  }
  return failure as Error & { code: string };
}

describe('a PostgreSQL server', () => {
  it('is named by its host, port and database, without the password', async () => {
    const url = await server().createDatabase();
    const storage = await openStorage(url);
    const location = url.replace(/\/\/.*@/, '//');
    expect(storage.location).toBe(location);
    await storage.close?.();
    const team = await openStorage(`${url.replace('postgres:', 'postgresql:')}?tenant=team-a`);
    expect(team.location).toBe(`${location}?tenant=team-a`);
    await team.close?.();
  });

  it('is set up once by storages that open at the same moment', async () => {
    const url = await server().createDatabase();
    const storages = await Promise.all(Array.from({ length: 6 }, () => openStorage(url)));
    await Promise.all(storages.map((storage, at) => apply(storage, put(flow('company', `f${at}`), 'x'))));
    expect(await storages[0]?.list(everyFlow)).toHaveLength(6);
    for (const storage of storages) await storage.close?.();
    const applied = await rowsOf(url, 'select number from flowgit.migration order by number');
    expect(applied).toEqual(migrations.map(({ number }) => ({ number })));
  });

  it('is set up once by processes that start at the same moment', async () => {
    const url = await server().createDatabase();
    const children = [1, 2].map(() => startFixture(fixtures, 'open-storage', url));
    const outcomes = await Promise.all(children.map((child) => ended(child)));
    expect(outcomes.map(({ code, stderr }) => ({ code, stderr }))).toEqual([
      { code: 0, stderr: '' },
      { code: 0, stderr: '' },
    ]);
  });

  it('is left alone when a newer version has set it up', async () => {
    const url = await server().createDatabase();
    await (await openStorage(url)).close?.();
    await rowsOf(url, "insert into flowgit.migration (number, name) values (9999, 'of the future')");
    expect(await failureOf(url)).toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringContaining('newer version'),
    });
  });

  it('keeps tenants apart, contents included', async () => {
    const url = await server().createDatabase();
    const [one, other] = await Promise.all([openStorage(url), openStorage(`${url}?tenant=other`)]);
    await apply(one, put(flow('company', 'a'), 'same'), put(state('s'), 'same'));
    const version = await other.version?.(everyFlow);
    expect(await other.list(everyFlow)).toEqual([]);
    expect(await textAt(other, state('s'))).toBeNull();
    await apply(other, put(flow('company', 'a'), 'same'));
    expect(await other.version?.(everyFlow)).not.toBe(version);
    await Promise.all([one.close?.(), other.close?.()]);
    expect(await rowsOf(url, 'select tenant from flowgit.blob order by tenant')).toEqual([
      { tenant: 'main' },
      { tenant: 'other' },
    ]);
  });

  it('stores the same bytes once, keeps the history of flows, and none of state records', async () => {
    const url = await server().createDatabase();
    const storage = await openStorage(url);
    await apply(
      storage,
      put(flow('company', 'a'), 'one'),
      put(flow('company', 'b'), 'one'),
      put(state('s'), '1'),
    );
    await apply(storage, put(flow('company', 'a'), 'two', 'one'), put(state('s'), '2', '1'));
    await apply(storage, put(flow('company', 'a'), 'one', 'two'), put(state('s'), '3', '2'));
    await storage.close?.();
    expect(await rowsOf(url, 'select count(*)::int from flowgit.blob')).toEqual([{ count: 2 }]);
    expect(await rowsOf(url, "select convert_from(content, 'UTF8') as text from flowgit.record")).toEqual([
      { text: '3' },
    ]);
    const history = await rowsOf(
      url,
      `select id, revision.revision, convert_from(content, 'UTF8') as text
       from flowgit.revision join flowgit.resource on resource = number
       join flowgit.blob on blob.oid = revision.oid order by id, revision.revision`,
    );
    expect(history).toEqual([
      { id: 'a', revision: 1, text: 'one' },
      { id: 'a', revision: 2, text: 'two' },
      { id: 'a', revision: 3, text: 'one' },
      { id: 'b', revision: 1, text: 'one' },
    ]);
  });

  it('ends a wait for another writer after its time, and says so', async () => {
    const url = await server().createDatabase();
    const patient = await openStorage(url);
    await apply(patient, put(flow('company', 'a'), 'A'));
    const holder = new pg.Client({ connectionString: url });
    await holder.connect();
    await holder.query("begin; select * from flowgit.resource where id = 'a' for update");
    const hurried = await openStorage(url, { lockTimeoutMs: 50 });
    await expect(apply(hurried, put(flow('company', 'a'), 'B', 'A'))).rejects.toMatchObject({
      code: 'STORAGE_LOCKED',
      retryable: true,
    });
    const waiting = apply(patient, put(flow('company', 'a'), 'B', 'A'));
    await holder.query('rollback');
    expect(await waiting).toMatchObject([{ revision: 2 }]);
    await holder.end();
    await Promise.all([patient.close?.(), hurried.close?.()]);
  });

  it('goes on after its connections were cut', async () => {
    const url = await server().createDatabase();
    const storage = await openStorage(url);
    await apply(storage, put(flow('company', 'a'), 'A'));
    await rowsOf(
      url,
      'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
    );
    await expect.poll(() => textAt(storage, flow('company', 'a')).catch(() => null)).toBe('A');
    await storage.close?.();
  });

  it('tells a wrong password, a missing database and a server that is not there apart, and shows no password', async () => {
    const url = await server().createDatabase();
    expect(await failureOf(await server().createDatabase({ password: 'wr0ng' }))).toMatchObject({
      code: 'AUTHENTICATION_FAILED',
    });
    expect(await failureOf(`${url}_missing`)).toMatchObject({
      code: 'STORAGE_ERROR',
      hint: expect.stringContaining('Create the database'),
    });
    expect(await failureOf(url.replace(`:${server().port}/`, ':1/'))).toMatchObject({
      code: 'NETWORK_ERROR',
      retryable: true,
    });
    expect(await failureOf(`${url}?sslmode=require`)).toMatchObject({ code: 'NETWORK_ERROR' });
  });
});

describe('a server URL', () => {
  it('gives its parameters to the driver, but for the tenant', () => {
    expect(parseServerUrl('postgres://u:p@db.example/flows?tenant=a&sslmode=require&x=1')).toEqual({
      connection: 'postgres://u:p@db.example/flows?sslmode=verify-full&x=1',
      location: 'postgres://db.example/flows',
      tenant: 'a',
    });
    expect(parseServerUrl('postgres:///flows?host=/run/postgresql&user=u')).toMatchObject({
      location: 'postgres://[/run/postgresql]/flows',
      tenant: 'main',
    });
    expect(parseServerUrl('postgres://u:p@%2Frun%2Fpg/flows').location).toBe('postgres://[/run/pg]/flows');
  });
});

describe('a pglite: folder', () => {
  it('is open in one process at a time, and says in which', async () => {
    const folder = join(temporaryDirectory(), 'data');
    const storage = await openStorage(`pglite:${folder}`);
    expect(storage.location).toBe(`pglite:${folder}`);
    await expect(openStorage(`pglite:${folder}`, { lockTimeoutMs: 20 })).rejects.toMatchObject({
      code: 'STORAGE_LOCKED',
      message: expect.stringContaining(`process ${process.pid}`),
      hint: expect.stringContaining('postgres://'),
    });
    await apply(storage, put(flow('company', 'a'), 'A'));
    await storage.close?.();
    await storage.close?.();
    await writtenByAnotherProcess(folder);
  });

  it('cannot be a file', async () => {
    const folder = join(temporaryDirectory(), 'data');
    const storage: StorageAdapter = await openStorage(`file:${folder}`);
    await apply(storage, put(file, 'x'));
    await expect(openStorage(`pglite:${folder}/files/company.team/a`)).rejects.toMatchObject({
      code: 'STORAGE_ERROR',
    });
  });
});

const file = { kind: 'file', namespace: 'company.team', id: 'a' } as const;

async function writtenByAnotherProcess(folder: string): Promise<void> {
  const child = startFixture(fixtures, 'open-storage', `pglite:${folder}?tenant=other`);
  const { code, stderr } = await ended(child);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const storage = await openStorage(`pglite:${folder}`);
  expect(await textAt(storage, flow('company', 'a'))).toBe('A');
  await storage.close?.();
}
