import { createRoute } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { type SSEStreamingApi, streamSSE } from 'hono/streaming';
import * as z from 'zod';
import { logList } from '../../../schemas/api.js';
import { RateLimitedError } from '../../errors.js';
import type { ExecutionStore, LogLine } from '../../executions/types.js';
import type { ServerApp, ServerServices } from '../services.js';
import { answers, base, idParams, needs } from './endpoint.js';
import { documentOf, readExecution } from './executions.js';

const tags = ['logs'];
const linesAtOnce = 500;
const maxFollowers = 200;
/** Proxies close connections that are silent for long. */
const heartbeatMs = 15_000;

const after = z.coerce.number().int().nonnegative().default(0).describe('Only lines after this number.');
const limit = z.coerce.number().int().min(1).max(10_000).default(1000);

const reconnecting = z.object({
  'last-event-id': z
    .string()
    .optional()
    .describe('The number of the last line that came; goes before `after`.'),
});

/** What executions say: as a list, or as it comes by server-sent events. */
export function logRoutes(app: ServerApp, services: ServerServices): void {
  const { executions } = services;
  let followers = 0;

  app.openapi(
    createRoute({
      method: 'get',
      path: `${base}/logs/{id}`,
      tags,
      summary: 'The log lines of an execution',
      ...needs('read'),
      request: { params: idParams, query: z.object({ after, limit }) },
      responses: answers(200, 'The lines', logList),
    }),
    async (context) => {
      const { id } = await readExecution(context, services, context.req.valid('param').id);
      const lines = await executions.readLogs(id, context.req.valid('query'));
      return context.json({ lines: lines.map(lineOf) });
    },
  );

  app.openapi(
    createRoute({
      method: 'get',
      path: `${base}/logs/{id}/follow`,
      tags,
      summary: 'The log lines of an execution as they come, until it ends',
      description:
        'Server-sent events: `log` with a line (its number is the id of the event, so that a client which reconnects goes on where it was), `state` with the execution whenever its state changes, and `end` with the execution at its end.',
      ...needs('read'),
      request: { params: idParams, query: z.object({ after }), headers: reconnecting },
      responses: answers(200, 'The events', z.string(), 'text/event-stream'),
    }),
    async (context) => {
      const { id } = await readExecution(context, services, context.req.valid('param').id);
      if (followers >= maxFollowers) {
        throw new RateLimitedError('Too many logs are followed at once.', { retryAfterSeconds: 10 });
      }
      const from = lastSeen(context) ?? context.req.valid('query').after;
      followers++;
      context.header('X-Accel-Buffering', 'no');
      return streamSSE(
        context,
        async (stream) => {
          try {
            await follow(stream, executions, { id, after: from });
          } finally {
            followers--;
          }
        },
        async (error) => services.logger.warn({ err: error, executionId: id }, 'Following a log failed'),
      );
    },
  );
}

/** Writes what there is, then what comes, until the execution has ended or nobody listens. */
async function follow(
  stream: SSEStreamingApi,
  executions: ExecutionStore,
  { id, after }: { id: string; after: number },
): Promise<void> {
  const bell = new Bell();
  stream.onAbort(() => bell.ring());
  const unwatch = await executions.watch(id, () => bell.ring());
  let last = after;
  let state: string | null = null;
  try {
    while (!stream.aborted) {
      // The state first: what is said before the end is then read for certain after it.
      const record = await executions.get(id);
      if (record === null) return;
      const lines = await executions.readLogs(id, { after: last, limit: linesAtOnce });
      for (const line of lines) {
        await stream.writeSSE({
          event: 'log',
          id: String(line.number),
          data: JSON.stringify(lineOf(line)),
        });
        last = line.number;
      }
      if (lines.length === linesAtOnce) continue;
      if (record.endedAt !== null) {
        await stream.writeSSE({ event: 'end', data: JSON.stringify(documentOf(record)) });
        return;
      }
      if (record.state !== state) {
        state = record.state;
        await stream.writeSSE({ event: 'state', data: JSON.stringify(documentOf(record)) });
      }
      if (!(await bell.heard(heartbeatMs))) await stream.write(': still here\n\n');
    }
  } finally {
    await unwatch();
  }
}

/** Remembers that it rang while nobody waited. */
class Bell {
  #rang = false;
  #wake: (() => void) | null = null;

  ring(): void {
    this.#rang = true;
    this.#wake?.();
  }

  async heard(timeoutMs: number): Promise<boolean> {
    if (!this.#rang) {
      await new Promise<void>((done) => {
        const timer = setTimeout(done, timeoutMs);
        this.#wake = () => {
          clearTimeout(timer);
          done();
        };
      });
    }
    const rang = this.#rang;
    this.#rang = false;
    this.#wake = null;
    return rang;
  }
}

/** Where a client that reconnects was. */
function lastSeen(context: Context): number | null {
  const header = context.req.header('last-event-id') ?? '';
  return /^\d{1,15}$/.test(header) ? Number(header) : null;
}

function lineOf({ number, taskId, level, message, fields, at }: LogLine) {
  return { number, taskId, level, message, fields, at: at.toISOString() };
}
