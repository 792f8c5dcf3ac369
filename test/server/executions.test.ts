import { afterEach, expect, it } from 'vitest';
import { executionDocument, flowDocument, revisionList } from '../../schemas/api.js';
import { temporaryDirectory } from '../support/bare-repository.js';
import { flowSource } from '../support/world.js';
import { openServerWorld, type ServerWorld } from './server-world.js';

let world: ServerWorld;
afterEach(() => world.close());

const api = '/api/v1/main';
const json = async (answer: Response) => (await answer.json()) as Record<string, unknown>;

const gated = `id: gated
namespace: company
tasks:
  - id: gate
    type: core.flow.Pause
    onResume:
      - id: reason
        type: STRING
  - id: after
    type: core.debug.Return
    format: "{{ outputs.gate.onResume.reason }}"
`;

async function startFlow(source: string): Promise<string> {
  expect((await world.request('POST', `${api}/flows`, source)).status).toBe(201);
  const [, id = ''] = /^id: (\S+)/.exec(source) ?? [];
  const [, namespace = ''] = /^namespace: (\S+)/m.exec(source) ?? [];
  const started = await json(await world.request('POST', `${api}/executions/${namespace}/${id}`, {}));
  return String(started.id);
}

async function show(id: string) {
  return executionDocument.parse(await json(await world.request('GET', `${api}/executions/${id}`)));
}

it('a paused execution tells what it waits for, goes on with the inputs it asks for, and only once', async () => {
  world = await openServerWorld();
  const id = await startFlow(gated);
  await world.work();
  expect(await show(id)).toMatchObject({ state: 'PAUSED', waiting: { taskId: 'gate', until: null } });
  const resume = (body: object) => world.request('POST', `${api}/executions/${id}/resume`, body);
  const missing = await resume({});
  expect([missing.status, (await json(missing)).code]).toEqual([400, 'INVALID_PROPERTIES']);
  expect((await resume({ inputs: { reason: 'looked at' } })).status).toBe(202);
  expect((await resume({ inputs: { reason: 'again' } })).status).toBe(409);
  await world.work();
  expect(await show(id)).toMatchObject({
    state: 'SUCCESS',
    waiting: null,
    taskRuns: [{ taskId: 'gate' }, { taskId: 'after', outputs: { value: 'looked at' } }],
  });
  expect((await resume({ inputs: { reason: 'late' } })).status).toBe(409);
});

it('a paused execution can be cancelled, and neither goes on nor is cancelled twice', async () => {
  world = await openServerWorld();
  const id = await startFlow(gated);
  await world.work();
  const kill = () => world.request('DELETE', `${api}/executions/${id}/kill`);
  expect((await kill()).status).toBe(202);
  expect(await show(id)).toMatchObject({ state: 'CANCELLED', waiting: null });
  expect((await kill()).status).toBe(409);
  const resumed = await world.request('POST', `${api}/executions/${id}/resume`, { inputs: { reason: 'x' } });
  expect(resumed.status).toBe(409);
});

it('a follower that reconnects gets every line once', async () => {
  world = await openServerWorld();
  const says = ['one', 'two', 'three'].map(
    (word) => `  - id: ${word}\n    type: core.log.Log\n    message: ${word}\n`,
  );
  const id = await startFlow(`id: says\nnamespace: company\ntasks:\n${says.join('')}`);
  await world.work();
  const follow = (headers: Record<string, string> = {}) =>
    world.request('GET', `${api}/logs/${id}/follow`, undefined, headers).then((answer) => answer.text());
  const ids = (events: string) => [...events.matchAll(/^id: (\d+)$/gm)].map(([, number]) => Number(number));
  const all = ids(await follow());
  expect(all.length).toBeGreaterThanOrEqual(3);
  for (const [index, number] of all.entries()) {
    expect(ids(await follow({ 'Last-Event-ID': String(number) }))).toEqual(all.slice(index + 1));
  }
  // What is no number of a line is no place to go on from.
  expect(ids(await follow({ 'Last-Event-ID': 'x; drop' }))).toEqual(all);
});

it('revisions of a flow are listed, the newest first, and each can be read, where the storage keeps them', async () => {
  const { path, remove } = await temporaryDirectory();
  world = await openServerWorld({ storageUrl: `pglite:${path}/data` });
  const place = `${api}/flows/company.team/hello`;
  const first = flowSource('company.team', 'hello');
  await world.request('POST', `${api}/flows`, first);
  await world.request('PUT', place, `${first}# second\n`);
  await world.request('DELETE', place);
  await world.request('POST', `${api}/flows`, `${first}# fourth\n`);
  const { revisions } = revisionList.parse(await json(await world.request('GET', `${place}/revisions`)));
  expect(revisions.map(({ revision, oid }) => [revision, oid === null])).toEqual([
    [4, false],
    [3, true],
    [2, false],
    [1, false],
  ]);
  const old = flowDocument.parse(await json(await world.request('GET', `${place}?revision=2`)));
  expect(old).toMatchObject({ revision: 2, source: `${first}# second\n` });
  for (const revision of [3, 9]) {
    const absent = await world.request('GET', `${place}?revision=${revision}`);
    expect(await json(absent)).toMatchObject({ code: 'FLOW_NOT_FOUND' });
  }
  expect((await world.request('GET', `${place}?revision=-1`)).status).toBe(400);
  await world.close();
  await remove();
});
