import { createRoute } from '@hono/zod-openapi';
import * as z from 'zod';
import { reportError } from '../../errors.js';
import type { ServerApp, ServerServices } from '../services.js';
import { answers } from './endpoint.js';

const tags = ['health'];
const state = z.object({ status: z.enum(['UP', 'DOWN']) });
const askTimeoutMs = 5000;

/** Whether the process lives, and whether it can do its work: for orchestrators, which have no token. */
export function healthRoutes(app: ServerApp, services: ServerServices, isDraining: () => boolean): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/health/live',
      tags,
      summary: 'Whether the process answers',
      responses: answers(200, 'It does', state),
    }),
    (context) => context.json({ status: 'UP' as const }),
  );

  app.openapi(
    createRoute({
      method: 'get',
      path: '/health/ready',
      tags,
      summary: 'Whether storage and queue answer; 503 otherwise, and while the server is stopping',
      responses: {
        ...answers(200, 'They do', state),
        ...answers(503, 'They do not, or the server stops', state),
      },
    }),
    async (context) => {
      const ready = !isDraining() && (await canWork(services));
      return context.json({ status: ready ? 'UP' : 'DOWN' }, ready ? 200 : 503);
    },
  );
}

async function canWork({ storage, queue, logger }: ServerServices): Promise<boolean> {
  const scope = { kind: 'state', namespace: '', id: 'health' } as const;
  const asked = Promise.all([storage.read([scope]), queue.depth()]);
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`No answer within ${askTimeoutMs} ms`)), askTimeoutMs);
  });
  try {
    await Promise.race([asked, tooLate]);
    return true;
  } catch (error) {
    logger.warn({ error: reportError(error) }, 'The server cannot work');
    return false;
  } finally {
    clearTimeout(timer);
    // Nobody waits for it any more.
    asked.catch(() => {});
  }
}
