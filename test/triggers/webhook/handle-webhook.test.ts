import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../../src/logger.js';
import { handleWebhook, type WebhookRequest } from '../../../src/triggers/webhook/handle-webhook.js';
import { catalogOf, flowWith } from '../flows.js';

const hook = `- id: hook
  type: io.kestra.plugin.core.trigger.Webhook
  key: "{{ secret('HOOK') }}"`;
const catalog = await catalogOf({
  'company/open': flowWith('company', 'open', hook),
  'company/plain': flowWith('company', 'plain', hook.replace("{{ secret('HOOK') }}", 'plain-key')),
  'company/two': flowWith(
    'company',
    'two',
    `${hook}\n${hook.replace('id: hook', 'id: other').replace("{{ secret('HOOK') }}", '12')}`,
  ),
  'company/off': flowWith('company', 'off', hook, 'disabled: true\n'),
  'company/paused': flowWith('company', 'paused', `${hook}\n  disabled: true`),
  'company/keyless': flowWith('company', 'keyless', hook.replace('HOOK', 'NOT_THERE')),
  'company/empty': flowWith('company', 'empty', hook.replace('HOOK', 'EMPTY')),
  'company/foreign': flowWith('company', 'foreign', hook).replace('core.log.Log', 'io.kestra.plugin.x.Y'),
  'company/filtered': flowWith(
    'company',
    'filtered',
    `${hook}
  conditions:
    - type: io.kestra.plugin.core.condition.Expression
      expression: "{{ trigger.body.action == 'go' }}"
  inputs:
    who: "{{ trigger.body.who }}"`,
  ),
});
const values: Record<string, string> = { HOOK: 's3cret-key\n', EMPTY: '' };
const secrets = { get: async (name: string) => values[name] ?? null };

function call(over: Partial<WebhookRequest> & { body?: string | Uint8Array } = {}) {
  const { body = '', ...rest } = over;
  return handleWebhook(
    {
      tenant: 'main',
      namespace: 'company',
      flow: 'open',
      key: 's3cret-key',
      method: 'POST',
      headers: {},
      rawBody: typeof body === 'string' ? new TextEncoder().encode(body) : body,
      query: new URLSearchParams(),
      ...rest,
    },
    { catalog, secrets, logger: silentLogger, maxBodyBytes: 100_000 },
  );
}

async function bodyOf(body: string | Uint8Array): Promise<unknown> {
  const { start } = await call({ body });
  return start?.trigger.variables.body;
}

describe('a webhook call', () => {
  it('with the key starts the flow, and tells it body, headers and parameters', async () => {
    const answer = await call({
      body: '{"hello": ["world"]}',
      headers: {
        'Content-Type': 'application/json',
        'X-Twice': ['a', 'b'],
        Authorization: 'Bearer secret',
        Cookie: 'session=secret',
        'X-Gitlab-Token': 'secret',
        'X-Hub-Signature-256': 'sha256=secret',
        'X-Api-Key': 'secret',
      },
      query: new URLSearchParams('a=1&a=2&b='),
    });
    expect(answer).toEqual({
      start: {
        flow: catalog.get('company', 'open'),
        trigger: {
          type: 'webhook',
          id: 'hook',
          variables: {
            body: { hello: ['world'] },
            headers: { 'content-type': ['application/json'], 'x-twice': ['a', 'b'] },
            parameters: { a: ['1', '2'], b: [''] },
          },
        },
        inputs: {},
      },
    });
    expect(JSON.stringify(answer)).not.toContain('s3cret-key');
  });

  it.each([
    ['the wrong key', { key: 's3cret-kez' }],
    ['a key that is the beginning of it', { key: 's3cret' }],
    ['no key', { key: '' }],
    ['the key as it is written in the flow', { key: "{{ secret('HOOK') }}" }],
    ['another tenant', { tenant: 'other' }],
    ['a flow that is not there', { flow: 'nowhere' }],
    ['a name of the prototype', { namespace: '__proto__', flow: 'constructor' }],
    ['a disabled flow', { flow: 'off' }],
    ['a disabled trigger', { flow: 'paused' }],
    ['a flow with tasks that flowgit does not have', { flow: 'foreign' }],
    ['a flow whose secret is missing', { flow: 'keyless' }],
    ['a flow whose secret is empty, and no key', { flow: 'empty', key: '' }],
  ])('with %s is not found, in the same words', async (_, over) => {
    const answer = await call(over);
    expect(answer).toMatchObject({
      start: null,
      refusal: {
        status: 404,
        error: {
          code: 'WEBHOOK_NOT_FOUND',
          message: 'There is no webhook with this address and key.',
        },
      },
    });
  });

  it('finds the one of several triggers that the key fits', async () => {
    expect(await call({ flow: 'two', key: '12' })).toMatchObject({ start: { trigger: { id: 'other' } } });
    expect(await call({ flow: 'plain', key: 'plain-key' })).toMatchObject({
      start: { trigger: { id: 'hook' } },
    });
  });

  it('may be GET, POST and PUT, and nothing else', async () => {
    for (const method of ['GET', 'PUT']) expect((await call({ method })).start).not.toBeNull();
    for (const method of ['DELETE', 'PATCH', 'get']) {
      expect(await call({ method })).toMatchObject({ refusal: { status: 405 } });
    }
    expect(await call({ method: 'DELETE', key: 'wrong' })).toMatchObject({ refusal: { status: 404 } });
  });

  it('starts nothing where a condition does not hold, and hands rendered inputs on where it does', async () => {
    expect(await call({ flow: 'filtered', body: '{"action": "stop"}' })).toEqual({
      start: null,
      refusal: null,
    });
    expect(await call({ flow: 'filtered', body: '{"action": "go", "who": 7}' })).toMatchObject({
      start: { inputs: { who: 7 } },
    });
    expect(await call({ flow: 'filtered', body: '{"action": "go"}' })).toMatchObject({
      refusal: { status: 400, error: { code: 'INVALID_WEBHOOK' } },
    });
  });
});

describe('the body of a webhook call', () => {
  it('is a text when it is no JSON of a map or a list, and base64 when it is no text', async () => {
    expect(await bodyOf('')).toBe('');
    expect(await bodyOf('{"half":')).toBe('{"half":');
    expect(await bodyOf('12')).toBe('12');
    expect(await bodyOf(' [1, {"a": null}]')).toEqual([1, { a: null }]);
    expect(await bodyOf('a=1&b=2')).toBe('a=1&b=2');
    expect(await bodyOf(new Uint8Array([0xff, 0xfe]))).toBe('//4=');
    expect(await bodyOf('a\0b')).toBe('YQBi');
  });

  it('reaches no prototype', async () => {
    const body = await bodyOf(
      '{"__proto__": {"polluted": 1}, "\\u005f_proto__": {"polluted": 2}, "a": {"b": 1}}',
    );
    expect(Object.keys(body as object)).toEqual(['a']);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });

  it.each([
    ['nested ten thousand levels deep', '['.repeat(10_000)],
    ['nested deeply in maps', `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`],
    ['with a NUL in a string', '{"a": "\\u0000"}'],
    ['with half a surrogate pair in a key', '{"\\ud800": 1}'],
  ])('%s is refused', async (_, body) => {
    expect(await call({ body })).toMatchObject({
      refusal: { status: 400, error: { code: 'INVALID_WEBHOOK' } },
    });
  });

  it('may hold brackets and escapes in its texts', async () => {
    const value = { text: `${'['.repeat(500)}\\"{`, emoji: '😀' };
    expect(await bodyOf(JSON.stringify(value))).toEqual(value);
    expect(await bodyOf('{"emoji": "\\ud83d\\ude00"}')).toEqual({ emoji: '😀' });
  });

  it('that is too large is refused before anything is looked at', async () => {
    expect(await call({ body: 'x'.repeat(100_001), key: 'wrong' })).toMatchObject({
      refusal: { status: 413, error: { code: 'LIMIT_EXCEEDED' } },
    });
  });

  it('has parameters without NUL', async () => {
    expect(await call({ query: new URLSearchParams('a=%00') })).toMatchObject({ refusal: { status: 400 } });
  });
});
