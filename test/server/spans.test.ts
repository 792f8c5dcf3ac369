import { type Span, SpanStatusCode, trace } from '@opentelemetry/api';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { ExecutionEvent } from '../../src/runtime/execution-events.js';
import { spansOfExecution } from '../../src/server/spans.js';
import { openServerWorld } from './server-world.js';

interface Seen {
  name: string;
  attributes: Record<string, unknown>;
  status: SpanStatusCode | null;
  ended: number;
}

let seen: Seen[];
beforeEach(() => {
  seen = [];
  const startSpan = (name: string, { attributes = {} }: { attributes?: object } = {}): Span => {
    const one: Seen = { name, attributes: { ...attributes }, status: null, ended: 0 };
    seen.push(one);
    return {
      updateName: (next: string) => {
        one.name = next;
      },
      setAttribute: (key: string, value: unknown) => {
        one.attributes[key] = value;
      },
      setAttributes: (more: object) => Object.assign(one.attributes, more),
      setStatus: ({ code }: { code: SpanStatusCode }) => {
        one.status = code;
      },
      end: () => {
        one.ended += 1;
      },
    } as unknown as Span;
  };
  const startActiveSpan = (name: string, _: object, work: (span: Span) => unknown) => work(startSpan(name));
  trace.setGlobalTracerProvider({ getTracer: () => ({ startSpan, startActiveSpan }) as never });
});
afterEach(() => trace.disable());

it('every request is a span with its route, which holds no key of a webhook', async () => {
  const world = await openServerWorld();
  await world.request('GET', '/api/v1/main/executions/nothing');
  await world.request('POST', '/api/v1/main/executions/webhook/company/hello/s3cret-key', {});
  await world.close();
  expect(seen.map(({ name, ended }) => [name, ended])).toEqual([
    ['GET /api/v1/:tenant/executions/:id', 1],
    [expect.stringMatching(/^POST /), 1],
  ]);
  expect(seen[0]?.attributes).toMatchObject({ 'http.response.status_code': 404 });
  expect(JSON.stringify(seen)).not.toContain('s3cret-key');
});

it('an execution and each of its tasks is a span that ends once, with its state', () => {
  const tell = spansOfExecution();
  const run = (state: string, error: object | null) => ({
    taskId: 'sync',
    type: 'git.SyncFlows',
    state,
    error,
  });
  const events = [
    { type: 'execution-started', executionId: 'x', namespace: 'company', flowId: 'hello' },
    { type: 'task-started', taskId: 'sync', taskType: 'git.SyncFlows' },
    { type: 'task-ended', run: run('FAILED', { code: 'BRANCH_NOT_FOUND' }) },
    { type: 'task-started', taskId: 'late', taskType: 'core.log.Log' },
    { type: 'execution-ended', execution: { state: 'FAILED', error: { code: 'BRANCH_NOT_FOUND' } } },
  ];
  for (const event of events) tell(event as unknown as ExecutionEvent);
  expect(seen).toMatchObject([
    {
      name: 'execution company.hello',
      attributes: { 'flowgit.execution': 'x', 'flowgit.state': 'FAILED' },
      status: SpanStatusCode.ERROR,
      ended: 1,
    },
    { name: 'git.SyncFlows', attributes: { 'flowgit.task': 'sync' }, status: SpanStatusCode.ERROR, ended: 1 },
    { name: 'core.log.Log', ended: 1 },
  ]);
});
