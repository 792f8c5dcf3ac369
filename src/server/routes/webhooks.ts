import type { Context } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import * as z from 'zod';
import { deliveryAnswer, webhookAnswer } from '../../../schemas/api.js';
import { identifier, namespaceName } from '../../../schemas/resources.js';
import { gitHosts } from '../../../schemas/triggers.js';
import type { Logger } from '../../logger.js';
import type { SecretSource } from '../../runtime/context.js';
import type { DeliveryLog } from '../../triggers/git-host/delivery-log.js';
import { handleDelivery } from '../../triggers/git-host/handle-delivery.js';
import type { FlowCatalog, StartRun } from '../../triggers/types.js';
import { defaultMaxBodyBytes, handleWebhook } from '../../triggers/webhook/handle-webhook.js';
import { tooLarge } from '../http/body-limits.js';
import { answerProblem } from '../http/problem.js';
import type { ServerApp } from '../services.js';
import { answers, base, params } from './endpoint.js';
import { toldStart } from './executions.js';

/** What calls from outside are judged by and start runs with. */
export interface WebhookServices {
  tenant: string;
  catalog: FlowCatalog;
  secrets: SecretSource;
  deliveries: DeliveryLog;
  startRun: StartRun;
  logger: Logger;
}

/**
 * Webhooks at Kestra's address, and those of git hosts. They have no token: the key in the address, or the signature, is
 * what they are let in by. All of them read the body as it came, because signatures are made of its bytes.
 */
export function webhookRoutes(app: ServerApp, services: WebhookServices): void {
  const limit = bodyLimit({ maxSize: defaultMaxBodyBytes, onError: tooLarge(defaultMaxBodyBytes) });

  describeWebhook(app);
  app.all('/api/v1/:tenant/executions/webhook/:namespace/:flow/:key', limit, async (context) => {
    const { tenant, namespace, flow, key } = context.req.param();
    const answer = await handleWebhook(
      {
        tenant,
        namespace,
        flow,
        key,
        method: context.req.method,
        headers: context.req.header(),
        rawBody: new Uint8Array(await context.req.arrayBuffer()),
        query: new URL(context.req.url).searchParams,
      },
      services,
    );
    if (answer.start !== null) return started(context, services, answer.start);
    if (answer.refusal === null) return context.body(null, 204);
    return answerProblem(context, answer.refusal.error, services.logger, answer.refusal.status);
  });

  describeDelivery(app);
  app.post('/api/v1/webhooks/:host', limit, async (context) => {
    const answer = await handleDelivery(
      {
        host: context.req.param('host'),
        headers: context.req.header(),
        rawBody: new Uint8Array(await context.req.arrayBuffer()),
      },
      services,
    );
    if ('error' in answer) return answerProblem(context, answer.error, services.logger, answer.status);
    const { status, ...told } = answer;
    return context.json(told, status);
  });
}

async function started(
  context: Context,
  { startRun }: WebhookServices,
  request: Parameters<StartRun>[0],
): Promise<Response> {
  const run = toldStart(await startRun(request));
  const { namespace, id } = request.flow;
  return context.json({ ...run, namespace, flowId: id, state: run.started ? 'QUEUED' : null });
}

// Bodies of webhooks are read as they came, so that these are described here and checked by nobody else.

function describeWebhook(app: ServerApp): void {
  const key = z.string().describe('The `key` of a Webhook trigger of the flow.');
  for (const method of ['get', 'post', 'put'] as const) {
    app.openAPIRegistry.registerPath({
      method,
      path: `${base}/executions/webhook/{namespace}/{flow}/{key}`,
      tags: ['webhooks'],
      summary: 'Start a flow that has a Webhook trigger',
      request: { params: params({ namespace: namespaceName, flow: identifier, key }) },
      responses: {
        ...answers(200, 'What became of it', webhookAnswer),
        204: { description: 'The conditions of the trigger do not hold' },
      },
    });
  }
}

function describeDelivery(app: ServerApp): void {
  app.openAPIRegistry.registerPath({
    method: 'post',
    path: '/api/v1/webhooks/{host}',
    tags: ['webhooks'],
    summary: 'What a git host reports; its signature is checked',
    request: { params: z.object({ host: z.enum(gitHosts) }) },
    responses: {
      ...answers(200, 'Nothing was started, and why', deliveryAnswer),
      ...answers(202, 'The runs that were started', deliveryAnswer),
    },
  });
}
