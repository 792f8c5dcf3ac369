import { afterEach, beforeEach, expect, it } from 'vitest';
import { flowSource } from '../../support/world.js';
import { openServerWorld, type ServerWorld } from '../server-world.js';

let world: ServerWorld;
beforeEach(async () => {
  world = await openServerWorld();
});
afterEach(() => world.close());

const api = '/api/v1/main';
const flow = `${flowSource('company.team', 'hello')}inputs:
  - id: count
    type: INT
  - id: note
    type: STRING
    required: false
  - id: day
    type: STRING
    defaults: "{{ now() | date('yyyy-MM-dd') }}"
`;
const start = (inputs: object) => world.request('POST', `${api}/executions/company.team/hello`, { inputs });

it('a start with inputs that the flow cannot take is refused, with each of them, and starts nothing', async () => {
  await world.request('POST', `${api}/flows`, flow);
  const refused = await start({ cuont: 1, note: [] });
  expect(refused.status).toBe(400);
  expect(await refused.json()).toMatchObject({
    code: 'INVALID_PROPERTIES',
    message: expect.stringContaining('input "count" is required; input "cuont" is not an input of this flow'),
    problems: [{ input: 'count' }, { input: 'cuont' }, { input: 'note' }],
  });
  expect((await start({ count: 'many' })).status).toBe(400);
  expect(await (await world.request('GET', `${api}/executions`)).json()).toEqual({ executions: [] });
});

it('a start with the inputs that are required runs', async () => {
  await world.request('POST', `${api}/flows`, flow);
  expect((await start({ count: 7 })).status).toBe(201);
  await world.work();
  expect(await (await world.request('GET', `${api}/executions`)).json()).toMatchObject({
    executions: [{ state: 'SUCCESS' }],
  });
});
