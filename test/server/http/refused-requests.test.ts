import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { flowSource } from '../../support/world.js';
import { openServerWorld, type ServerWorld } from '../server-world.js';

let world: ServerWorld;
beforeEach(async () => {
  world = await openServerWorld();
});
afterEach(() => world.close());

const api = '/api/v1/main';
const hello = flowSource('company.team', 'hello');

describe('requests', () => {
  it('are told which methods their addresses take', async () => {
    await world.request('POST', `${api}/flows`, hello);
    for (const path of [`${api}/flows/company.team/hello`, `${api}/flows`]) {
      const refused = await world.request('PATCH', path);
      expect(refused.status).toBe(405);
      const allowed = refused.headers.get('allow')?.split(', ') ?? [];
      expect(allowed).toContain('GET');
      expect(await refused.json()).toMatchObject({ code: 'INVALID_ARGUMENTS', retryable: false });
      for (const method of ['PUT', 'DELETE'].filter((method) => !allowed.includes(method)))
        expect((await world.request(method, path)).status).toBe(405);
    }
    const nowhere = await world.request('PATCH', `${api}/nothing/here`);
    expect([nowhere.status, nowhere.headers.get('allow')]).toEqual([404, null]);
  });

  it('are refused whose bodies somebody made small', async () => {
    const packed = gzipSync(hello);
    const refused = await world.request('POST', `${api}/flows`, packed, { 'Content-Encoding': 'gzip' });
    expect([refused.status, refused.headers.get('accept-encoding')]).toEqual([415, 'identity']);
    expect(await refused.text()).toContain('Content-Encoding');
    expect(
      (await world.request('POST', `${api}/flows`, hello, { 'Content-Encoding': 'identity' })).status,
    ).toBe(201);
  });
});
