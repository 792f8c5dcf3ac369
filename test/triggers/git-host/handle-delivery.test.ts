import { createHmac } from 'node:crypto';
import { sign } from '@octokit/webhooks-methods';
import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../../src/logger.js';
import { createMemoryStorage } from '../../../src/storage/index.js';
import { createDeliveryLog } from '../../../src/triggers/git-host/delivery-log.js';
import { handleDelivery } from '../../../src/triggers/git-host/handle-delivery.js';
import { readSignature } from '../../../src/triggers/git-host/signature.js';
import type { StartRequest } from '../../../src/triggers/types.js';
import { catalogOf, flowWith } from '../flows.js';

const bytes = (text: string) => new TextEncoder().encode(text);
const now = new Date(1_614_265_330_000);
const before = 'a'.repeat(40);
const after = 'b'.repeat(40);

describe('the signature of a delivery', () => {
  const secret = "It's a Secret to Everybody";

  it("is right for the examples in GitHub's and Bitbucket's documentation", () => {
    const github = {
      'X-Hub-Signature-256': 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17',
    };
    const check = readSignature('github', { headers: github, rawBody: bytes('Hello, World!'), now });
    expect([check?.(secret), check?.('another'), check?.('')]).toEqual([true, false, false]);
    const bitbucket = {
      'X-Hub-Signature': 'sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9',
    };
    expect(
      readSignature('bitbucket', { headers: bitbucket, rawBody: bytes('Hello World!'), now })?.(secret),
    ).toBe(true);
    expect(
      readSignature('bitbucket', { headers: bitbucket, rawBody: bytes('Hello World'), now })?.(secret),
    ).toBe(false);
  });

  it('of GitLab is its token, or with a signing token an HMAC no older than five minutes', () => {
    const token = readSignature('gitlab', { headers: { 'X-Gitlab-Token': 'abc' }, rawBody: bytes(''), now });
    expect([token?.('abc'), token?.('abd'), token?.('whsec_abc')]).toEqual([true, false, false]);
    const whsec = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
    const rawBody = bytes('{"test": 2432232314}');
    const signature = createHmac('sha256', Buffer.from(whsec.slice(6), 'base64'))
      .update('msg_1.1614265330.')
      .update(rawBody)
      .digest('base64');
    const headers = {
      'webhook-id': 'msg_1',
      'webhook-timestamp': '1614265330',
      'webhook-signature': `v1,${'A'.repeat(43)}= v1,${signature}`,
    };
    expect(readSignature('gitlab', { headers, rawBody, now })?.(whsec)).toBe(true);
    const later = new Date(now.getTime() + 301_000);
    expect(readSignature('gitlab', { headers, rawBody, now: later })?.(whsec)).toBe(false);
  });

  it('that is absent, of another form or given twice is none', () => {
    for (const value of [undefined, '', 'sha1=00', `sha256=${'g'.repeat(64)}`, ['sha256=00', 'sha256=01']]) {
      const headers = { 'x-hub-signature-256': value };
      expect(readSignature('github', { headers, rawBody: bytes(''), now })).toBeNull();
    }
  });
});

const push = (over = '') => `- id: push
  type: git.trigger.Push
  provider: github
  url: git@github.com:Company/Flows.git
  secret: "{{ secret('HOOK') }}"
  paths: [_flows]${over}`;
const values: Record<string, string> = { HOOK: 'hook-secret\n', OTHER: 'other-secret' };

async function server() {
  const catalog = await catalogOf({
    'company/sync': flowWith('company', 'sync', push()),
    'company/other': flowWith('company', 'other', push().replace('HOOK', 'OTHER')),
    'company/none': flowWith('company', 'none', ''),
  });
  const storage = createMemoryStorage();
  const started: StartRequest[] = [];
  const deliver = async (payload: object, headers: Record<string, string> = {}, secret = 'hook-secret') => {
    const body = JSON.stringify(payload);
    return handleDelivery(
      {
        host: 'github',
        rawBody: bytes(body),
        headers: {
          'X-GitHub-Event': 'push',
          'X-GitHub-Delivery': '1',
          'X-Hub-Signature-256': await sign(secret, body),
          ...headers,
        },
      },
      {
        catalog,
        secrets: { get: async (name) => values[name] ?? null },
        // A log of its own each time, as another process has.
        deliveries: createDeliveryLog(storage),
        startRun: async (request) => {
          started.push(request);
          return { executionId: request.executionId ?? '', started: true };
        },
        logger: silentLogger,
      },
    );
  };
  return { started, deliver };
}

const payload = (paths: string[], over: object = {}) => ({
  ref: 'refs/heads/main',
  before,
  after,
  commits: [{ id: after, added: [], removed: [], modified: paths }],
  repository: { clone_url: 'https://github.com/company/flows.git' },
  ...over,
});

describe('a delivery of a git host', () => {
  it('starts the flows whose trigger has its secret, repository, branch and paths', async () => {
    const { started, deliver } = await server();
    const answer = await deliver(payload(['_flows/a.yml']));
    expect(answer).toMatchObject({
      status: 202,
      runs: [{ namespace: 'company', flow: 'sync', started: true }],
    });
    expect(started).toMatchObject([
      {
        flow: { id: 'sync' },
        coalesceKey: 'push company/sync push main',
        trigger: { type: 'webhook', variables: { branch: 'main', before, after, paths: ['_flows/a.yml'] } },
      },
    ]);
  });

  it.each([
    ['elsewhere', payload(['docs/a.md'])],
    ['to another branch', payload(['_flows/a.yml'], { ref: 'refs/heads/dev' })],
    ['of a tag', payload(['_flows/a.yml'], { ref: 'refs/tags/main' })],
    ['that deletes the branch', payload([], { after: '0'.repeat(40) })],
    [
      'to another repository',
      payload(['_flows/a.yml'], { repository: { clone_url: 'https://github.com/company/flows2' } }),
    ],
  ])('of a push %s starts nothing', async (_, body) => {
    const { started, deliver } = await server();
    expect(await deliver(body)).toMatchObject({ status: 200, runs: [] });
    expect(started).toEqual([]);
  });

  it('whose paths the host may not have told all of starts the flow', async () => {
    const commit = { id: after, added: [], removed: [], modified: ['docs/a.md'] };
    for (const over of [
      { forced: true },
      { commits: [] },
      { commits: Array.from({ length: 20 }, () => commit) },
      { before: '0'.repeat(40) },
      { commits: [{ ...commit, id: before }] },
    ]) {
      const { started, deliver } = await server();
      await deliver(payload(['docs/a.md'], over));
      expect(started).toHaveLength(1);
    }
  });

  it('that comes again starts nothing, also in another process or under another id', async () => {
    const { started, deliver } = await server();
    await deliver(payload(['_flows/a.yml']));
    expect(await deliver(payload(['_flows/a.yml']))).toMatchObject({ status: 200, runs: [] });
    expect(await deliver(payload(['_flows/a.yml']), { 'X-GitHub-Delivery': '2' })).toMatchObject({
      runs: [],
    });
    expect(started).toHaveLength(1);
  });

  it('with a wrong signature, a wrong event or a broken body starts nothing', async () => {
    const { started, deliver } = await server();
    expect(await deliver(payload([]), {}, 'wrong')).toMatchObject({
      status: 401,
      error: { code: 'WEBHOOK_SIGNATURE_INVALID' },
    });
    expect(await deliver({ zen: '' }, { 'X-GitHub-Event': 'ping' })).toMatchObject({
      status: 200,
      ignored: 'ping',
    });
    expect(await deliver({}, { 'X-GitHub-Event': 'issues' })).toMatchObject({ status: 200, runs: [] });
    for (const body of [{}, [], payload([], { after: '../x' }), payload([], { repository: null })]) {
      expect(await deliver(body)).toMatchObject({ status: 400, error: { code: 'INVALID_WEBHOOK' } });
    }
    expect(started).toEqual([]);
  });
});
