import { OpenAPIHono } from '@hono/zod-openapi';
import * as z from 'zod';
import { InvalidRequestError, NotFoundError } from '../errors.js';
import { docsPage, docsScript } from './docs-page.js';
import { allowedMethods } from './http/allowed-methods.js';
import { limitBodies, refuseEncoded } from './http/body-limits.js';
import { answerProblem } from './http/problem.js';
import { securityHeaders } from './http/security.js';
import { describeApi } from './openapi.js';
import { answers } from './routes/endpoint.js';
import { executionRoutes } from './routes/executions.js';
import { fileRoutes } from './routes/files.js';
import { flowReadingRoutes } from './routes/flows/read.js';
import { flowWritingRoutes } from './routes/flows/write.js';
import { healthRoutes } from './routes/health.js';
import { logRoutes } from './routes/logs.js';
import { planRoutes } from './routes/plans.js';
import { secretRoutes } from './routes/secrets.js';
import { syncRoutes } from './routes/syncs.js';
import { tokenRoutes } from './routes/tokens.js';
import { webhookRoutes } from './routes/webhooks.js';
import type { ServerApp, ServerEnv, ServerServices } from './services.js';
import { observeRequests } from './spans.js';
import { authenticate, authorize } from './tokens/authenticate.js';
import type { TokenStore } from './tokens/token-store.js';

export interface AppOptions {
  services: ServerServices;
  tokens: TokenStore;
  /** Of the package, for the description. */
  version: string;
  /** While it is true, the server is not ready for more. */
  isDraining?: () => boolean;
  requestsPerMinute?: number;
  failuresPerMinute?: number;
}

/** The HTTP application: what is public first, then webhooks with keys and signatures, then the API with tokens. */
export function createApp(options: AppOptions): ServerApp {
  const { services, tokens, version, isDraining = () => false } = options;
  const { metrics, logger, clock = () => new Date() } = services;
  const app: ServerApp = new OpenAPIHono<ServerEnv>({
    defaultHook: (result) => {
      if (!result.success) throw notUnderstood(result.target, result.error);
    },
  });
  app.onError((error, context) => answerProblem(context, error, logger));
  app.notFound((context) => {
    const allowed = allowedMethods(app, context);
    if (allowed.length === 0) return answerProblem(context, nothingHere(), logger);
    context.header('Allow', allowed.join(', '));
    return answerProblem(context, wrongMethod(context.req.method, allowed), logger, 405);
  });
  app.use(observeRequests(metrics), securityHeaders);

  healthRoutes(app, services, isDraining);
  let description: object | null = null;
  app.get('/api/openapi.json', (context) => {
    description ??= describeApi(app, version);
    return context.json(description);
  });
  app.get('/api/docs', (context) => context.html(docsPage));
  app.get('/api/docs.js', (context) =>
    context.body(docsScript, 200, { 'Content-Type': 'text/javascript; charset=utf-8' }),
  );

  webhookRoutes(app, services.webhooks);

  const { requestsPerMinute = 1200, failuresPerMinute = 60 } = options;
  const known = authenticate({ tokens, clock, requestsPerMinute, failuresPerMinute });
  app.openAPIRegistry.registerPath({
    method: 'get',
    path: '/metrics',
    tags: ['health'],
    summary: 'Metrics for Prometheus',
    security: [{ token: [] }],
    responses: answers(200, 'The metrics', z.string(), 'text/plain'),
  });
  app.get('/metrics', known, authorize('read'), async (context) =>
    context.body(await metrics.text(), 200, { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8' }),
  );
  app.use('/api/*', known, refuseEncoded, limitBodies());
  app.use('/api/v1/:tenant/*', async (context, next) => {
    if (context.req.param('tenant') !== services.tenant) throw nothingHere();
    await next();
  });
  flowReadingRoutes(app, services);
  flowWritingRoutes(app, services);
  fileRoutes(app, services);
  executionRoutes(app, services);
  logRoutes(app, services);
  planRoutes(app, services);
  syncRoutes(app, services);
  secretRoutes(app, services);
  tokenRoutes(app, tokens);
  return app;
}

const places: Readonly<Record<string, string>> = {
  param: 'the address',
  query: 'the query',
  json: 'the body',
  header: 'the headers',
};

function notUnderstood(target: string, error: z.ZodError): InvalidRequestError {
  const [first] = error.issues;
  const where = first === undefined || first.path.length === 0 ? '' : `"${first.path.join('.')}" `;
  const place = places[target] ?? target;
  const what = first?.message.replace(/^Invalid input: expected (.*), received undefined$/, 'is missing: $1');
  return new InvalidRequestError(`In ${place}: ${where}${what ?? 'something is wrong'}.`, {
    hint: '"/api/docs" describes every request.',
    data: { problems: error.issues.map(({ path, message }) => ({ path: path.join('.'), message })) },
  });
}

function wrongMethod(method: string, allowed: readonly string[]): InvalidRequestError {
  return new InvalidRequestError(`This address takes ${allowed.join(', ')}, not ${method}.`, {
    hint: '"/api/docs" describes every request.',
  });
}

function nothingHere(): NotFoundError {
  return new NotFoundError('There is nothing at this address.', {
    hint: '"/api/docs" lists every address.',
  });
}
