import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { flowSource } from '../support/world.js';
import { openServerWorld, type ServerWorld } from './server-world.js';

let world: ServerWorld;
beforeEach(async () => {
  world = await openServerWorld();
});
afterEach(() => world.close());

type Described = Record<string, Record<string, { responses: Record<string, { content?: object }> }>>;

const api = '/api/v1/main';
const hook = `${flowSource('company.team', 'hello')}triggers:
  - id: hook
    type: core.trigger.Webhook
    key: k3y-of-the-hook
`;

it('answers are of the types and forms that the description gives them', async () => {
  const description = (await (await world.request('GET', '/api/openapi.json')).json()) as {
    paths: Described;
  };
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  ajv.addSchema(description, 'api');
  const escaped = (part: string) => part.replaceAll('~', '~0').replaceAll('/', '~1');

  /** What is wrong with an answer, by the description of its address. */
  const faultOf = async (method: string, template: string, answer: Response): Promise<string | null> => {
    const operation = description.paths[template]?.[method.toLowerCase()];
    if (operation === undefined) return `${method} ${template} is not described`;
    const name = `${answer.status}` in operation.responses ? `${answer.status}` : 'default';
    if (name === 'default' && answer.status < 400) return `${template}: ${answer.status} is not described`;
    const text = await answer.text();
    if (text === '') return null;
    const type = answer.headers.get('content-type')?.split(';')[0] ?? '';
    if (!(type in (operation.responses[name]?.content ?? {}))) return `${template}: ${type} is not described`;
    if (type !== 'application/json') return null;
    const place = ['paths', template, method.toLowerCase(), 'responses', name, 'content', type, 'schema'];
    const check = ajv.getSchema(`api#/${place.map(escaped).join('/')}`);
    return check?.(JSON.parse(text)) === true ? null : `${template}: ${ajv.errorsText(check?.errors)}`;
  };

  const tenant = '/api/v1/{tenant}';
  const file = `${api}/namespaces/company.team/files`;
  const requests: [method: string, template: string, path: string, body?: unknown][] = [
    ['POST', `${tenant}/flows`, `${api}/flows`, hook],
    ['POST', `${tenant}/flows`, `${api}/flows`, hook],
    ['POST', `${tenant}/flows`, `${api}/flows`, 'id: ['],
    ['GET', `${tenant}/flows`, `${api}/flows`],
    ['GET', `${tenant}/flows/{namespace}/{id}`, `${api}/flows/company.team/hello`],
    ['POST', `${tenant}/flows/validate`, `${api}/flows/validate`, 'id: x'],
    ['PUT', `${tenant}/namespaces/{namespace}/files`, `${file}?path=a`, 'x'],
    ['GET', `${tenant}/namespaces/{namespace}/files`, `${file}?path=a`],
    ['GET', `${tenant}/namespaces/{namespace}/files`, file],
    ['POST', `${tenant}/executions/{namespace}/{id}`, `${api}/executions/company.team/hello`, {}],
    [
      'POST',
      `${tenant}/executions/webhook/{namespace}/{flow}/{key}`,
      `${api}/executions/webhook/company.team/hello/k3y-of-the-hook`,
    ],
    [
      'GET',
      `${tenant}/executions/webhook/{namespace}/{flow}/{key}`,
      `${api}/executions/webhook/company.team/hello/wrong`,
    ],
    ['POST', '/api/v1/webhooks/{host}', '/api/v1/webhooks/github', {}],
    ['GET', `${tenant}/executions`, `${api}/executions`],
    ['GET', `${tenant}/executions`, `${api}/executions?state=NONE`],
    ['POST', `${tenant}/plans`, `${api}/plans`, {}],
    ['GET', `${tenant}/syncs`, `${api}/syncs`],
    [
      'PUT',
      `${tenant}/namespaces/{namespace}/secrets/{name}`,
      `${api}/namespaces/a/secrets/A`,
      { value: 'v' },
    ],
    ['GET', `${tenant}/namespaces/{namespace}/secrets`, `${api}/namespaces/a/secrets`],
    ['POST', `${tenant}/tokens`, `${api}/tokens`, {}],
    ['GET', '/metrics', '/metrics'],
    ['GET', '/health/ready', '/health/ready'],
  ];
  const faults = [];
  for (const [method, template, path, body] of requests) {
    faults.push(await faultOf(method, template, await world.request(method, path, body)));
  }
  expect(faults.filter((fault) => fault !== null)).toEqual([]);
  expect(Object.keys(description.paths['/health/ready']?.get?.responses ?? {})).toContain('503');
}, 30_000);

it('what is missing or one of several is said in words', async () => {
  const message = async (method: string, path: string, body?: unknown) =>
    ((await (await world.request(method, `${api}${path}`, body)).json()) as { message: string }).message;
  expect(await message('POST', '/plans', {})).toBe(
    'In the body: it needs "namespace" and "id" of a stored flow, or "source", and may have "inputs".',
  );
  expect(await message('GET', '/executions?state=NONE')).toMatch(/^In the query: "state" is one of QUEUED, /);
  expect(await message('POST', '/tokens', { scopes: ['read'] })).toBe(
    'In the body: "name" is missing: string.',
  );
});
