import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TokenScope } from '../../schemas/api.js';
import { createRateLimit } from '../../src/server/http/rate-limit.js';
import { openTokenStore } from '../../src/server/tokens/token-store.js';
import { createMemoryStorage } from '../../src/storage/memory.js';
import { flowSource } from '../support/world.js';
import { openServerWorld, type ServerWorld } from './server-world.js';

const api = '/api/v1/main';
const code = async (response: Response) => ((await response.json()) as { code: string }).code;

describe('the token store', () => {
  it('keeps a hash, and verifies until the token is revoked or has expired', async () => {
    const storage = createMemoryStorage();
    let now = new Date('2026-01-01T00:00:00Z');
    const tokens = openTokenStore(storage, () => now);
    expect(await tokens.any()).toBe(false);
    const expiresAt = new Date('2026-01-02T00:00:00Z');
    const made = await tokens.create({ name: 'ci', scopes: ['run'], namespaces: ['a'], expiresAt });
    const [entry] = await storage.list({ kind: 'state', namespace: '', children: false });
    const [stored] = await storage.read(entry === undefined ? [] : [entry.key]);
    const secret = made.text.split('_').slice(2).join('_');
    expect(Buffer.from(stored?.content ?? []).toString()).not.toContain(secret);
    expect(await tokens.verify(made.text)).toEqual(made.token);
    expect(await tokens.verify(`${made.text.slice(0, -1)}${made.text.endsWith('A') ? 'B' : 'A'}`)).toBeNull();
    now = expiresAt;
    expect(await tokens.verify(made.text)).toBeNull();
    expect(await tokens.any()).toBe(true);
    now = new Date('2026-01-01T00:00:00Z');
    await tokens.revoke(made.token.id);
    expect(await tokens.verify(made.text)).toBeNull();
    await expect(tokens.revoke(made.token.id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('a rate limit', () => {
  it('lets a minute of requests through at once, and then as many as time brings', () => {
    let now = 0;
    const limit = createRateLimit({ perMinute: 2, clock: () => new Date(now) });
    expect([limit.take('a'), limit.take('a'), limit.take('a')]).toEqual([0, 0, 30]);
    expect(limit.take('b')).toBe(0);
    now = 30_000;
    expect([limit.take('a'), limit.take('a')]).toEqual([0, 30]);
  });
});

describe('the API', () => {
  let world: ServerWorld;
  beforeEach(async () => {
    world = await openServerWorld({ requestsPerMinute: 40, failuresPerMinute: 3 });
  });
  afterEach(() => world.close());

  it('answers nobody without a token once there is one', async () => {
    const reader = await world.bearer(['read']);
    expect(await code(await world.request('GET', `${api}/flows`))).toBe('UNAUTHENTICATED');
    const answer = await world.request('GET', `${api}/flows`, undefined, reader);
    expect(answer.status).toBe(200);
    expect((await world.request('GET', '/metrics')).status).toBe(401);
    expect((await world.request('GET', '/health/live')).status).toBe(200);
  });

  it('lets each scope do its own', async () => {
    const [reader, runner, writer] = await Promise.all([
      world.bearer(['read']),
      world.bearer(['run']),
      world.bearer(['write']),
    ]);
    const source = flowSource('company.team', 'hello');
    const post = (headers: Record<string, string>) => world.request('POST', `${api}/flows`, source, headers);
    const start = (headers: Record<string, string>) =>
      world.request('POST', `${api}/executions/company.team/hello`, {}, headers);
    expect(await code(await post(reader))).toBe('NOT_PERMITTED');
    expect(await code(await post(runner))).toBe('NOT_PERMITTED');
    expect((await post(writer)).status).toBe(201);
    expect((await start(reader)).status).toBe(403);
    expect((await start(writer)).status).toBe(403);
    expect((await start(runner)).status).toBe(201);
    expect((await world.request('GET', `${api}/tokens`, undefined, writer)).status).toBe(403);
    const admin = await world.bearer(['admin']);
    expect((await world.request('GET', `${api}/tokens`, undefined, admin)).status).toBe(200);
  });

  it('lets nobody run a flow of his own making who may only start what is stored', async () => {
    const plan = async (scopes: TokenScope[]) =>
      world.request(
        'POST',
        `${api}/plans`,
        { source: flowSource('company.team', 'x') },
        await world.bearer(scopes),
      );
    expect(await code(await plan(['run']))).toBe('NOT_PERMITTED');
    expect(await code(await plan(['write']))).toBe('NOT_PERMITTED');
    expect((await plan(['run', 'write'])).status).not.toBe(403);
  });

  it('takes namespaces of a token that can be ones, and no others', async () => {
    const admin = await world.bearer(['admin']);
    for (const namespaces of [[''], ['Company'], ['company.'], ['a b/..'], []]) {
      const answer = await world.request(
        'POST',
        `${api}/tokens`,
        { name: 'x', scopes: ['read'], namespaces },
        admin,
      );
      expect(answer.status).toBe(400);
    }
  });

  it('holds a token to its namespaces, by whole names', async () => {
    const admin = await world.bearer(['admin']);
    for (const namespace of ['company.team', 'company.team2', 'company.team.below']) {
      await world.request('POST', `${api}/flows`, flowSource(namespace, 'x'), admin);
    }
    const own = await world.bearer(['write', 'run'], ['company.team']);
    const listed = (await (await world.request('GET', `${api}/flows`, undefined, own)).json()) as {
      flows: { namespace: string }[];
    };
    expect(listed.flows.map(({ namespace }) => namespace)).toEqual(['company.team', 'company.team.below']);
    const refused = [
      world.request('GET', `${api}/flows/company.team2/x`, undefined, own),
      world.request('GET', `${api}/flows/company.team2`, undefined, own),
      world.request('POST', `${api}/flows`, flowSource('company', 'y'), own),
      world.request('POST', `${api}/executions/company.team2/x`, {}, own),
      world.request('GET', `${api}/namespaces/company/files`, undefined, own),
      world.request('PUT', `${api}/namespaces/company/secrets/A`, { value: 'x' }, own),
      world.request('GET', `${api}/executions?namespace=company`, undefined, own),
    ];
    for (const answer of await Promise.all(refused)) expect(await code(answer)).toBe('NAMESPACE_NOT_ALLOWED');
    const { id } = (await (
      await world.request('POST', `${api}/executions/company.team2/x`, {}, admin)
    ).json()) as { id: string };
    expect(await code(await world.request('GET', `${api}/logs/${id}`, undefined, own))).toBe(
      'NAMESPACE_NOT_ALLOWED',
    );
    expect(await (await world.request('GET', `${api}/executions`, undefined, own)).json()).toEqual({
      executions: [],
    });
  });

  it('does not let an admin of some namespaces make tokens for others', async () => {
    const own = await world.bearer(['admin'], ['company.team']);
    const make = (namespaces: string[] | null) =>
      world.request('POST', `${api}/tokens`, { name: 'x', scopes: ['read'], namespaces }, own);
    expect((await make(null)).status).toBe(403);
    expect((await make(['company'])).status).toBe(403);
    expect((await make(['company.team.below'])).status).toBe(201);
  });

  it('limits who guesses, and not who knows', async () => {
    const reader = await world.bearer(['read']);
    const guess = () =>
      world.request('GET', `${api}/flows`, undefined, {
        Authorization: `Bearer fgt_0123456789abcdef_${'A'.repeat(43)}`,
      });
    const statuses = [];
    for (let attempt = 0; attempt < 5; attempt++) statuses.push((await guess()).status);
    expect(statuses).toEqual([401, 401, 401, 429, 429]);
    expect((await guess()).headers.get('retry-after')).toMatch(/^\d+$/);
    expect((await world.request('GET', `${api}/flows`, undefined, reader)).status).toBe(200);
    for (let count = 1; count < 40; count++) await world.request('GET', `${api}/flows`, undefined, reader);
    expect((await world.request('GET', `${api}/flows`, undefined, reader)).status).toBe(429);
  });

  it('without tokens obeys no web page, whatever name it gives this machine', async () => {
    const from = (headers: Record<string, string>) =>
      world.request('GET', `${api}/flows`, undefined, { Host: 'localhost:8080', ...headers });
    expect((await from({})).status).toBe(200);
    expect((await from({ Origin: 'http://localhost:8080' })).status).toBe(200);
    expect((await from({ Origin: 'https://evil.example' })).status).toBe(403);
    expect((await from({ Host: 'evil.example:8080' })).status).toBe(403);
    expect((await from({ 'Sec-Fetch-Site': 'cross-site' })).status).toBe(403);
  });
});
