import { createHmac } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { openServerWorld, type ServerWorld } from '../server/server-world.js';

export interface HostileRequests {
  requests: number;
  /** How many answers had each status. */
  statuses: Record<string, number>;
  serverErrors: string[];
  /** Runs that the one good delivery started, and runs that were started by anything else. */
  started: number;
  startedByOthers: number;
  /** What the heap grew by between the first tenth of the requests and the last, in MiB. */
  heapGrowthMiB: number;
}

const api = '/api/v1/main';
const secret = 'a secret that the host knows';
const flow = `id: hooked
namespace: company.team
tasks:
  - id: say
    type: core.log.Log
    message: hello
triggers:
  - id: hook
    type: io.kestra.plugin.core.trigger.Webhook
    key: the-right-key
  - id: pushed
    type: git.trigger.Push
    provider: github
    url: https://github.com/company/flows
    secret: ${secret}
`;
const push = JSON.stringify({
  ref: 'refs/heads/main',
  before: '1'.repeat(40),
  after: '2'.repeat(40),
  repository: { full_name: 'company/flows', clone_url: 'https://github.com/company/flows.git' },
  commits: [{ id: '2'.repeat(40), added: ['_flows/a.yml'], modified: [], removed: [] }],
});

/** Sends what no honest client sends to an API whose flows wait for webhooks, and counts what came of it. */
export async function sendHostileRequests(count: number): Promise<HostileRequests> {
  const world = await openServerWorld({ requestsPerMinute: 1e9, failuresPerMinute: 1e9 });
  try {
    const { Authorization } = await world.bearer(['admin']);
    const made = await world.request('POST', `${api}/flows`, flow, { Authorization });
    if (!made.ok) throw new Error(`The flow was not taken: ${await made.text()}`);
    const good = await deliver(world, push, signed(push), 'delivery-1');
    if (!good.ok) throw new Error(`The good delivery was refused: ${await good.text()}`);
    const started = await runsOf(world);

    const statuses: Record<string, number> = {};
    const serverErrors: string[] = [];
    let settledHeap = 0;
    for (let index = 0; index < count; index++) {
      const attack = attacks[index % attacks.length];
      const response = await attack?.send(world, index);
      if (response === undefined) continue;
      const text = await response.text();
      statuses[response.status] = (statuses[response.status] ?? 0) + 1;
      if (response.status >= 500)
        serverErrors.push(`${attack?.name} ${response.status} ${text.slice(0, 200)}`);
      if (index === Math.floor(count / 10)) settledHeap = await heapMiB();
    }
    const heapGrowthMiB = Math.round((await heapMiB()) - settledHeap);
    const startedByOthers = (await runsOf(world)) - started;
    return { requests: count, statuses, serverErrors, started, startedByOthers, heapGrowthMiB };
  } finally {
    await world.close();
  }
}

const attacks: readonly { name: string; send(world: ServerWorld, index: number): Promise<Response> }[] = [
  { name: 'replay', send: (world) => deliver(world, push, signed(push), 'delivery-1') },
  {
    name: 'bad signature',
    send: (world, index) => deliver(world, push, `sha256=${String(index % 10).repeat(64)}`, `d-${index}`),
  },
  { name: 'no signature', send: (world, index) => deliver(world, push, null, `d-${index}`) },
  {
    name: 'altered body',
    send: (world, index) => deliver(world, push.replace('main', `x${index}`), signed(push), `d-${index}`),
  },
  {
    name: 'malformed body, signed',
    send: (world, index) => deliver(world, `{"ref":${index}`, signed(`{"ref":${index}`), `d-${index}`),
  },
  {
    name: 'polluting body, signed',
    send: (world, index) => {
      const body = `{"__proto__":{"ref":"refs/heads/main"},"constructor":${index}}`;
      return deliver(world, body, signed(body), `d-${index}`);
    },
  },
  {
    name: 'oversized body',
    send: (world, index) =>
      index % 100 === 6
        ? deliver(world, 'x'.repeat(30 * 1024 * 1024), `sha256=${'0'.repeat(64)}`, `d-${index}`)
        : world.request('POST', `${api}/flows`, `id: ${'x'.repeat(20_000)}`, wrongToken(index)),
  },
  {
    name: 'wrong webhook key',
    send: (world, index) =>
      world.request('POST', `${api}/executions/webhook/company.team/hooked/key-${index}`, { a: 1 }),
  },
  {
    name: 'wrong token',
    send: (world, index) =>
      world.request('POST', `${api}/executions/company.team/hooked`, {}, wrongToken(index)),
  },
  {
    name: 'path trick',
    send: (world, index) => {
      const trick = tricks[index % tricks.length] ?? '';
      return world.request(
        index % 2 === 0 ? 'GET' : 'DELETE',
        `${api}/${trick}`,
        undefined,
        wrongToken(index),
      );
    },
  },
  {
    name: 'path trick without a token',
    send: (world, index) => world.request('PUT', `${api}/${tricks[index % tricks.length] ?? ''}`, 'x'),
  },
];

const tricks = [
  'flows/..%2f..%2fetc/passwd',
  'flows/company.team/%2e%2e',
  'flows/__proto__/constructor',
  'flows/company.team/hooked%00',
  'namespaces/company.team/files?path=../../../etc/passwd',
  'namespaces/company.team/files?path=%00',
  'namespaces/..%2f..%2f/files?path=a',
  'executions/%F0%28%8C%28',
  `flows/${'a'.repeat(5000)}/b`,
  '/flows//',
  'logs/../../../../tokens',
  'tokens/%27%20OR%201=1',
];

function deliver(world: ServerWorld, body: string, signature: string | null, delivery: string) {
  return Promise.resolve(
    world.app.request('/api/v1/webhooks/github', {
      method: 'POST',
      body,
      headers: {
        'Content-Type': 'application/json',
        'X-GitHub-Event': 'push',
        'X-GitHub-Delivery': delivery,
        ...(signature !== null && { 'X-Hub-Signature-256': signature }),
      },
    }),
  );
}

function signed(body: string): string {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
}

function wrongToken(index: number): { Authorization: string } {
  return { Authorization: `Bearer flowgit_${index.toString(36).padStart(40, 'a')}` };
}

async function runsOf({ engine }: ServerWorld): Promise<number> {
  return (await engine.executions.list({ limit: 1000 })).length;
}

/** Exact with `node --expose-gc`. What waits for its end to be noticed is noticed between two turns. */
async function heapMiB(): Promise<number> {
  for (let turn = 0; turn < 3; turn++) {
    globalThis.gc?.();
    await delay(50);
  }
  return process.memoryUsage().heapUsed / 1024 / 1024;
}
