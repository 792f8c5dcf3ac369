import { type Context, context, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { MiddlewareHandler } from 'hono';
import type { ExecutionEvent } from '../runtime/execution-events.js';
import { routeOf } from './http/route-of.js';
import type { Metrics } from './metrics.js';

/**
 * Spans of requests, executions and tasks, for whichever OpenTelemetry SDK the process was started with; without one
 * they cost nothing and go nowhere.
 */
const tracer = trace.getTracer('flowgit');

/** A span and a measurement around every request. */
export function observeRequests(metrics: Metrics): MiddlewareHandler {
  return async (hono, next) => {
    const began = performance.now();
    const { method } = hono.req;
    await tracer.startActiveSpan(method, { kind: SpanKind.SERVER }, async (span) => {
      try {
        await next();
      } finally {
        const route = routeOf(hono);
        const { status } = hono.res;
        span.updateName(`${method} ${route}`);
        span.setAttributes({
          'http.request.method': method,
          'http.route': route,
          'http.response.status_code': status,
        });
        if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
        span.end();
        metrics.observeRequest({ method, route, status, seconds: (performance.now() - began) / 1000 });
      }
    });
  };
}

/** Makes spans of what one execution tells: one for itself, and one below it for every task run. */
export function spansOfExecution(): (event: ExecutionEvent) => void {
  let execution: { span: Span; inside: Context } | null = null;
  const tasks = new Map<string, Span>();
  return (event) => {
    if (event.type === 'execution-started') {
      const { executionId, namespace, flowId } = event;
      const attributes = {
        'flowgit.execution': executionId,
        'flowgit.namespace': namespace,
        'flowgit.flow': flowId,
      };
      const span = tracer.startSpan(`execution ${namespace}.${flowId}`, { attributes });
      execution = { span, inside: trace.setSpan(context.active(), span) };
    }
    if (event.type === 'task-started' && !tasks.has(event.taskId)) {
      const attributes = { 'flowgit.task': event.taskId, 'flowgit.task.type': event.taskType };
      tasks.set(event.taskId, tracer.startSpan(event.taskType, { attributes }, execution?.inside));
    }
    if (event.type === 'task-ended') {
      end(tasks.get(event.run.taskId), event.run);
      tasks.delete(event.run.taskId);
    }
    if (event.type === 'execution-ended') {
      for (const span of tasks.values()) span.end();
      end(execution?.span, event.execution);
    }
  };
}

function end(
  span: Span | undefined,
  { state, error }: { state: string; error: { code: string } | null },
): void {
  span?.setAttribute('flowgit.state', state);
  if (state === 'FAILED') {
    span?.setStatus({ code: SpanStatusCode.ERROR, ...(error !== null && { message: error.code }) });
  }
  span?.end();
}
