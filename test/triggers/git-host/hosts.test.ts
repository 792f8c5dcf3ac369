import { createHmac, randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { GitHost } from '../../../schemas/triggers.js';
import { silentLogger } from '../../../src/logger.js';
import { createMemoryStorage } from '../../../src/storage/index.js';
import { createDeliveryLog } from '../../../src/triggers/git-host/delivery-log.js';
import { handleDelivery } from '../../../src/triggers/git-host/handle-delivery.js';
import type { StartRequest } from '../../../src/triggers/types.js';
import { catalogOf, flowWith } from '../flows.js';
import { after, before, bitbucket, bitbucketServer, gitea, github, gitlab, zeros } from './payloads.js';

const secret = 'what the host was given';
const hmac = (body: string, key: string | Buffer = secret) => createHmac('sha256', key).update(body);

/** How each host tells what it sends and proves that it does. */
interface Sender {
  host: GitHost;
  url: string;
  id: string;
  headers(body: string, key: string): Record<string, string>;
  /** A push to `main` that changes these paths, as far as the host tells. */
  push(paths: readonly string[]): object;
}

const senders: Record<string, Sender> = {
  GitHub: {
    host: 'github',
    url: 'git@github.com:company/flows.git',
    id: 'X-GitHub-Delivery',
    headers: (body, key) => ({
      'X-GitHub-Event': 'push',
      'X-Hub-Signature-256': `sha256=${hmac(body, key).digest('hex')}`,
    }),
    push: (paths) => github(paths),
  },
  GitLab: {
    host: 'gitlab',
    url: 'https://gitlab.example/company/flows.git',
    id: 'Idempotency-Key',
    headers: (_, key) => ({ 'X-Gitlab-Event': 'Push Hook', 'X-Gitlab-Token': key }),
    push: (paths) => gitlab(paths),
  },
  Gitea: {
    host: 'gitea',
    url: 'https://gitea.example/company/flows',
    id: 'X-Gitea-Delivery',
    headers: (body, key) => ({
      'X-Gitea-Event': 'push',
      'X-GitHub-Event': 'push',
      'X-Gitea-Signature': hmac(body, key).digest('hex'),
    }),
    push: (paths) => gitea(paths),
  },
  'Gitea, signed as GitHub does': {
    host: 'gitea',
    url: 'ssh://git@gitea.example:2222/company/flows.git',
    id: 'X-Gitea-Delivery',
    headers: (body, key) => ({
      'X-Gitea-Event': 'push',
      'X-Hub-Signature-256': `sha256=${hmac(body, key).digest('hex')}`,
    }),
    push: (paths) => gitea(paths),
  },
  Forgejo: {
    host: 'gitea',
    url: 'https://gitea.example/company/flows',
    id: 'X-Forgejo-Delivery',
    headers: (body, key) => ({
      'X-Forgejo-Event': 'push',
      'X-Forgejo-Signature': hmac(body, key).digest('hex'),
    }),
    push: (paths) => gitea(paths),
  },
  'Bitbucket Cloud': {
    host: 'bitbucket',
    url: 'https://bitbucket.org/company/flows.git',
    id: 'X-Request-UUID',
    headers: (body, key) => ({
      'X-Event-Key': 'repo:push',
      'X-Hub-Signature': `sha256=${hmac(body, key).digest('hex')}`,
    }),
    push: () => bitbucket(),
  },
  'Bitbucket Data Center': {
    host: 'bitbucket',
    url: 'ssh://git@bitbucket.example:7999/company/flows.git',
    id: 'X-Request-Id',
    headers: (body, key) => ({
      'X-Event-Key': 'repo:refs_changed',
      'X-Hub-Signature': `sha256=${hmac(body, key).digest('hex')}`,
    }),
    push: () => bitbucketServer(),
  },
};
const names = Object.keys(senders);

async function receiver(name: string, secretOfTrigger = secret) {
  const sender = senders[name];
  if (sender === undefined) throw new Error(`There is no ${name}.`);
  const trigger = `- {id: pushed, type: git.trigger.Push, provider: ${sender.host}, url: "${sender.url}", secret: "{{ secret('HOOK') }}", paths: [_flows]}`;
  const started: StartRequest[] = [];
  const options = {
    catalog: await catalogOf({ 'company/sync': flowWith('company', 'sync', trigger) }),
    secrets: { get: async () => secretOfTrigger },
    deliveries: createDeliveryLog(createMemoryStorage()),
    logger: silentLogger,
    async startRun(request: StartRequest) {
      started.push(request);
      return { executionId: request.executionId ?? '', started: true };
    },
  };
  const sendText = (
    body: string,
    { id = randomUUID(), key = secret, headers = {} }: { id?: string; key?: string; headers?: object } = {},
  ) => {
    const given = { ...sender.headers(body, key), ...(id !== '' && { [sender.id]: id }), ...headers };
    return handleDelivery({ host: sender.host, rawBody: Buffer.from(body), headers: given }, options);
  };
  const send = (payload: object, how: Parameters<typeof sendText>[1] = {}) =>
    sendText(JSON.stringify(payload), how);
  return { sender, started, send, sendText };
}

describe.each(names)('a push that %s reports', (name) => {
  const knowsPaths = !name.startsWith('Bitbucket');

  it('starts the flow, and nothing when it comes again under the same id', async () => {
    const { sender, started, send } = await receiver(name);
    const id = randomUUID();
    expect(await send(sender.push(['_flows/a.yml']), { id })).toMatchObject({
      status: 202,
      runs: [{ namespace: 'company', flow: 'sync', started: true }],
    });
    expect(started[0]?.trigger.variables).toEqual({
      provider: sender.host,
      event: 'push',
      url: sender.url,
      branch: 'main',
      before,
      after,
      paths: knowsPaths ? ['_flows/a.yml'] : null,
    });
    expect(await send(sender.push(['_flows/a.yml']), { id })).toMatchObject({ status: 200, runs: [] });
    expect(started).toHaveLength(1);
  });

  it('is known by its body when it comes without an id', async () => {
    const { sender, started, send } = await receiver(name);
    expect(await send(sender.push(['_flows/a.yml']), { id: '' })).toMatchObject({ status: 202 });
    expect(await send(sender.push(['_flows/a.yml']), { id: '' })).toMatchObject({ status: 200, runs: [] });
    expect(started).toHaveLength(1);
  });

  it('starts nothing with a wrong secret, an altered body or no signature', async () => {
    const { sender, started, send } = await receiver(name);
    const refused = { status: 401, error: { code: 'WEBHOOK_SIGNATURE_INVALID' } };
    expect(await send(sender.push(['_flows/a.yml']), { key: 'wrong' })).toMatchObject(refused);
    const none = Object.fromEntries(
      Object.keys(sender.headers('', '')).flatMap((header) =>
        /signature|token/i.test(header) ? [[header, undefined]] : [],
      ),
    );
    expect(await send(sender.push(['_flows/a.yml']), { headers: none })).toMatchObject(refused);
    if (sender.host !== 'gitlab') {
      const other = sender.headers(JSON.stringify(sender.push(['x'])).replace('main', 'dev'), secret);
      expect(await send(sender.push(['x']), { headers: other })).toMatchObject(refused);
    }
    expect(started).toEqual([]);
  });

  it(`outside the paths starts ${knowsPaths ? 'nothing' : 'the flow, for it names none'}`, async () => {
    const { sender, started, send } = await receiver(name);
    await send(sender.push(['docs/a.md']));
    expect(started).toHaveLength(knowsPaths ? 0 : 1);
  });
});

const docs = { id: after, added: [], removed: [], modified: ['docs/a.md'] };

describe('a push of which the host does not tell all', () => {
  it.each([
    ['GitHub', 'that was forced', github(['docs/a.md'], { forced: true })],
    ['GitHub', 'of a new branch', github(['docs/a.md'], { before: zeros, created: true })],
    ['GitHub', 'without commits', github([], { commits: [] })],
    ['GitHub', 'of 20 commits', github([], { commits: Array.from({ length: 20 }, () => docs) })],
    ['GitHub', 'whose list ends early', github([], { commits: [{ ...docs, id: before }] })],
    [
      'GitHub',
      'with a commit that names nothing',
      github([], { commits: [docs, { ...docs, modified: [] }] }),
    ],
    ['GitHub', 'of 300 paths', github(Array.from({ length: 300 }, (_, index) => `docs/${index}`))],
    ['GitLab', 'of more commits than it lists', gitlab(['docs/a.md'], { total_commits_count: 21 })],
    ['GitLab', 'of a new branch', gitlab(['docs/a.md'], { before: zeros })],
    ['GitLab', 'that may have moved a file', gitlab([], { commits: [{ ...docs, added: ['docs/b.md'] }] })],
    ['Gitea', 'of more commits than it lists', gitea(['docs/a.md'], { total_commits: 31 })],
    ['Gitea', 'without a count', gitea(['docs/a.md'], { total_commits: undefined })],
    ['Bitbucket Cloud', 'of a new branch', bitbucket({ old: null, created: true })],
    ['Bitbucket Cloud', 'that was cut short', bitbucket({ truncated: true })],
    ['Bitbucket Data Center', 'of a new branch', bitbucketServer({ fromHash: zeros, type: 'ADD' })],
  ])('of %s %s starts the flow', async (name, _, payload) => {
    const { started, send } = await receiver(name);
    expect(await send(payload)).toMatchObject({ status: 202 });
    expect(started[0]?.trigger.variables).toMatchObject({ paths: null });
  });
});

describe('what brings nothing', () => {
  const tag = { type: 'tag', name: 'main', target: { hash: after } };
  it.each([
    ['GitHub', 'a deleted branch', github([], { after: zeros, deleted: true, commits: [] })],
    ['GitHub', 'a tag', github(['_flows/a.yml'], { ref: 'refs/tags/main' })],
    ['GitHub', 'another branch', github(['_flows/a.yml'], { ref: 'refs/heads/main2' })],
    ['GitLab', 'a deleted branch', gitlab([], { after: zeros, checkout_sha: null, commits: [] })],
    ['GitLab', 'a tag', gitlab([], { object_kind: 'tag_push', ref: 'refs/tags/main' })],
    ['Gitea', 'a deleted branch', gitea([], { after: zeros, commits: [], total_commits: 0 })],
    ['Bitbucket Cloud', 'a deleted branch', bitbucket({ new: null, closed: true })],
    ['Bitbucket Cloud', 'a tag', bitbucket({ new: tag, old: null })],
    ['Bitbucket Data Center', 'a deleted branch', bitbucketServer({ toHash: zeros, type: 'DELETE' })],
    [
      'Bitbucket Data Center',
      'a tag',
      bitbucketServer({ ref: { id: 'refs/tags/main', displayId: 'main', type: 'TAG' } }),
    ],
    ['Bitbucket Data Center', 'another repository', bitbucketServer({}, { slug: 'flows2' })],
    [
      'Bitbucket Data Center',
      'another server',
      bitbucketServer({}, { links: { clone: [{ href: 'https://other.example/scm/company/flows.git' }] } }),
    ],
  ])('of %s, such as %s, starts nothing', async (name, _, payload) => {
    const { started, send } = await receiver(name);
    expect(await send(payload)).toMatchObject({ status: 200, runs: [] });
    expect(started).toEqual([]);
  });
});

describe('a body that is sent otherwise', () => {
  it('is read from a form, and as JSON that is called a form', async () => {
    const { started, send, sendText } = await receiver('GitHub');
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded; charset=utf-8' };
    expect(await send(github(['_flows/a.yml']), { headers })).toMatchObject({ status: 202 });
    const form = new URLSearchParams({ payload: JSON.stringify(github(['_flows/b.yml'])) });
    expect(await sendText(String(form), { headers })).toMatchObject({ status: 202 });
    expect(started).toHaveLength(2);
  });

  it.each([
    ['GitHub', 'x=1', 'The delivery holds no JSON.'],
    ['GitHub', '{"ref":"refs/heads/main"}', 'The push is not as github describes one: before is required.'],
    ['GitLab', '[]', 'The push is not as gitlab describes one: it must be a map, not a list.'],
    [
      'Bitbucket Cloud',
      '{"push":{"changes":{}},"repository":{}}',
      'The push is not as bitbucket describes one: push.changes must be a list, not a map.',
    ],
  ])('of %s is refused as what it is: %s', async (name, body, message) => {
    const { started, sendText } = await receiver(name);
    expect(await sendText(body)).toMatchObject({
      status: 400,
      error: { code: 'INVALID_WEBHOOK', message, hint: expect.any(String) },
    });
    expect(started).toEqual([]);
  });
});

describe("GitLab's signing token", () => {
  const token = `whsec_${Buffer.from('thirty-two bytes of a signing key').toString('base64')}`;
  const signed = (body: string, id: string, at: Date) => {
    const time = String(Math.floor(at.getTime() / 1000));
    const key = Buffer.from(token.slice('whsec_'.length), 'base64');
    const signature = hmac(`${id}.${time}.${body}`, key).digest('base64');
    return { 'webhook-id': id, 'webhook-timestamp': time, 'webhook-signature': `v1,${signature}` };
  };

  it('lets in what it signed, once, and neither what is old nor the token itself', async () => {
    const { started, send } = await receiver('GitLab', token);
    const payload = gitlab(['_flows/a.yml']);
    const headers = signed(JSON.stringify(payload), 'delivery-1', new Date());
    const send1 = () => send(payload, { id: 'delivery-1', key: '', headers });
    expect(await send1()).toMatchObject({ status: 202 });
    expect(await send1()).toMatchObject({ status: 200, runs: [] });
    const old = signed(JSON.stringify(payload), 'delivery-2', new Date(Date.now() - 301_000));
    expect(await send(payload, { key: '', headers: old })).toMatchObject({ status: 401 });
    expect(await send(payload, { key: token })).toMatchObject({ status: 401 });
    expect(await send(payload, { headers: { ...headers, 'webhook-id': 'delivery-3' } })).toMatchObject({
      status: 401,
    });
    expect(started).toHaveLength(1);
  });
});
