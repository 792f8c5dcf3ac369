import type { Context } from 'hono';
import { HTTPException } from 'hono/http-exception';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { ErrorCode, ErrorReport } from '../../../schemas/error-codes.js';
import { FlowgitError, RateLimitedError, reportError } from '../../errors.js';
import type { Logger } from '../../logger.js';
import { forApi } from './api-hint.js';
import { routeOf } from './route-of.js';

/** What a failure is as an HTTP status. What is not listed is a request that is understood and cannot be done: 422. */
const statuses: Partial<Record<ErrorCode, ContentfulStatusCode>> = {
  INVALID_ARGUMENTS: 400,
  INVALID_PROPERTIES: 400,
  UNSAFE_PATH: 400,
  INVALID_WEBHOOK: 400,
  UNAUTHENTICATED: 401,
  WEBHOOK_SIGNATURE_INVALID: 401,
  NOT_PERMITTED: 403,
  NAMESPACE_NOT_ALLOWED: 403,
  NOT_FOUND: 404,
  FLOW_NOT_FOUND: 404,
  WEBHOOK_NOT_FOUND: 404,
  EXECUTION_NOT_FOUND: 404,
  SYNC_NOT_FOUND: 404,
  SECRET_NOT_FOUND: 404,
  CONFLICT: 409,
  DUPLICATE_FLOW: 409,
  STALE_PLAN: 409,
  STORAGE_CONFLICT: 409,
  OWNED_BY_ANOTHER_SYNC: 409,
  PRECONDITION_FAILED: 412,
  LIMIT_EXCEEDED: 413,
  RATE_LIMITED: 429,
  CANCELLED: 503,
  NETWORK_ERROR: 503,
  STORAGE_LOCKED: 503,
  STORAGE_ERROR: 500,
  INTERNAL_ERROR: 500,
};

/** Answers a failure as `{ code, message, hint, retryable }`. What nobody foresaw is logged, and not told. */
export function answerProblem(
  context: Context,
  error: unknown,
  logger: Logger,
  given?: ContentfulStatusCode,
): Response {
  const known = error instanceof HTTPException ? fromHono(error) : null;
  const report = known?.report ?? reportError(error);
  const status = given ?? known?.status ?? statuses[report.code] ?? 422;
  if (error instanceof RateLimitedError) context.header('Retry-After', String(error.retryAfterSeconds));
  if (status === 401) context.header('WWW-Authenticate', 'Bearer realm="flowgit"');
  if (status >= 500) {
    logger.error({ err: error, method: context.req.method, route: routeOf(context) }, 'A request failed');
    if (!(error instanceof FlowgitError)) return context.json(internal, 500);
  }
  return context.json({ ...forApi(report), ...problemsOf(error) }, status);
}

const internal: ErrorReport = {
  code: 'INTERNAL_ERROR',
  message: 'The server failed. Its log says more.',
  hint: null,
  retryable: false,
};

/** What the framework refuses by itself: a body that is no JSON, a content type that nothing takes. */
function fromHono(error: HTTPException): { report: ErrorReport; status: ContentfulStatusCode } | null {
  if (error.status >= 500) return null;
  const message = error.message === '' ? 'The request cannot be understood.' : `${error.message}.`;
  const code = error.status === 413 ? 'LIMIT_EXCEEDED' : 'INVALID_ARGUMENTS';
  return {
    report: { code, message, hint: '"/api/docs" describes every request.', retryable: false },
    status: error.status,
  };
}

/** Where several things are wrong, each of them is listed. */
function problemsOf(error: unknown): { problems?: unknown } {
  const problems = error instanceof FlowgitError ? error.data.problems : undefined;
  return problems === undefined ? {} : { problems };
}
