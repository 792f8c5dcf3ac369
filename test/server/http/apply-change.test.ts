import { afterEach, beforeEach, expect, it } from 'vitest';
import { flowSource } from '../../support/world.js';
import { openServerWorld, type ServerWorld } from '../server-world.js';

let world: ServerWorld;
beforeEach(async () => {
  world = await openServerWorld();
});
afterEach(() => world.close());

const api = '/api/v1/main';
const flow = flowSource('company.team', 'hello');
const file = (path: string) => `${api}/namespaces/company.team/files?path=${path}`;
const together = (request: (index: number) => Promise<Response>) =>
  Promise.all(Array.from({ length: 8 }, (_, index) => request(index)));
/** How often there was which status. */
function counts(answers: readonly Response[]): Record<number, number> {
  const found: Record<number, number> = {};
  for (const { status } of answers) found[status] = (found[status] ?? 0) + 1;
  return found;
}

it('of creations at once one counts, and the others hear that it is there already', async () => {
  const answers = await together(() => world.request('POST', `${api}/flows`, flow));
  expect(counts(answers)).toEqual({ 201: 1, 409: 7 });
  const codes = await Promise.all(
    answers.map(async (answer) => ((await answer.json()) as { code?: string }).code ?? 'created'),
  );
  expect(new Set(codes)).toEqual(new Set(['created', 'DUPLICATE_FLOW']));

  const files = await together((index) =>
    world.request('PUT', file('a.txt'), `${index}`, { 'If-None-Match': '*' }),
  );
  expect(counts(files)).toEqual({ 200: 1, 412: 7 });
});

it('of changes to one version at once one counts, and the others hear that it has changed', async () => {
  const path = `${api}/flows/company.team/hello`;
  const tag = (await world.request('POST', `${api}/flows`, flow)).headers.get('etag') ?? '';
  const answers = await together((index) =>
    world.request('PUT', path, `${flow}# ${index}\n`, { 'If-Match': tag }),
  );
  expect(counts(answers)).toEqual({ 200: 1, 412: 7 });
  expect(await (await world.request('GET', path)).json()).toMatchObject({ revision: 2 });
});

it('who states no version and comes too late is told to look again', async () => {
  const answers = await together((index) => world.request('PUT', file('a.txt'), `${index}`));
  const late = answers.find(({ status }) => status === 409);
  expect(await late?.json()).toMatchObject({
    code: 'STORAGE_CONFLICT',
    retryable: true,
    hint: 'Read it again, and decide on what is there now.',
  });
});

it('a file that would be below another file is refused as that, and not to be tried again', async () => {
  await world.request('PUT', file('a.txt'), 'one');
  const answer = await world.request('PUT', file('a.txt/b.txt'), 'two');
  expect(answer.status).toBe(409);
  expect(await answer.json()).toMatchObject({ code: 'CONFLICT', retryable: false });
  expect(await (await world.request('GET', file('a.txt'))).text()).toBe('one');
});
