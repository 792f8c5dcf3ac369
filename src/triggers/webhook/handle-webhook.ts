import { createHash, timingSafeEqual } from 'node:crypto';
import type { WebhookTrigger } from '../../../schemas/triggers.js';
import {
  type FlowgitError,
  InvalidWebhookError,
  LimitExceededError,
  reportError,
  WebhookNotFoundError,
} from '../../errors.js';
import type { Logger } from '../../logger.js';
import type { SecretSource } from '../../runtime/context.js';
import { renderValue } from '../../runtime/render-value.js';
import { conditionsHold } from '../conditions.js';
import { triggerScope } from '../render.js';
import { triggersOf } from '../triggers-of.js';
import type { FlowCatalog, StartRequest, StoredFlow } from '../types.js';
import { readBody, refuseUnstorable } from './body.js';
import { type RequestHeaders, readHeaders } from './headers.js';

/** A call of `/api/v1/{tenant}/executions/webhook/{namespace}/{flow}/{key}`, however it came. */
export interface WebhookRequest {
  tenant: string;
  namespace: string;
  flow: string;
  key: string;
  method: string;
  headers: RequestHeaders;
  rawBody: Uint8Array;
  query: URLSearchParams;
}

export type WebhookAnswer =
  | { start: StartRequest }
  /** The trigger was found and its conditions do not hold: 204, as Kestra answers. */
  | { start: null; refusal: null }
  | { start: null; refusal: { status: 400 | 404 | 405 | 413; error: FlowgitError } };

export interface WebhookOptions {
  catalog: Pick<FlowCatalog, 'get'>;
  secrets: SecretSource;
  logger: Logger;
  /** The only one there is. */
  tenant?: string;
  maxBodyBytes?: number;
}

const methods = ['GET', 'POST', 'PUT'];
export const defaultMaxBodyBytes = 10 * 1024 * 1024;

/**
 * What a webhook call starts. Whatever is wrong with the address, the flow or the key gives one and the same refusal,
 * so that nobody can find out by trying which flows there are.
 */
export async function handleWebhook(
  request: WebhookRequest,
  { catalog, secrets, logger, tenant = 'main', maxBodyBytes = defaultMaxBodyBytes }: WebhookOptions,
): Promise<WebhookAnswer> {
  if (request.rawBody.byteLength > maxBodyBytes) {
    return refused(413, new LimitExceededError(`The body is larger than ${maxBodyBytes} bytes.`));
  }
  const flow = request.tenant === tenant ? catalog.get(request.namespace, request.flow) : null;
  const trigger = flow === null ? null : await findTrigger(flow, request.key, secrets, logger);
  if (flow === null || trigger === null) return refused(404, notFound());
  if (!methods.includes(request.method)) {
    return refused(405, new InvalidWebhookError(`A webhook is called with ${methods.join(', ')}.`));
  }
  try {
    const variables = {
      body: readBody(request.rawBody),
      headers: readHeaders(request.headers),
      parameters: readParameters(request.query),
    };
    const scope = triggerScope(flow, variables);
    if (!(await conditionsHold(trigger, scope))) return { start: null, refusal: null };
    const inputs = (await renderValue(trigger.inputs ?? {}, scope, 'inputs')) as Record<string, unknown>;
    return { start: { flow, trigger: { type: 'webhook', id: trigger.id, variables }, inputs } };
  } catch (error) {
    if (error instanceof InvalidWebhookError) return refused(400, error);
    const report = reportError(error);
    logger.warn({ flow: flow.id, namespace: flow.namespace, trigger: trigger.id, error: report }, 'webhook');
    const message = `The inputs or conditions of trigger "${trigger.id}" cannot be rendered: ${report.message}`;
    return refused(400, new InvalidWebhookError(message, { cause: error }));
  }
}

/** Looks at every webhook of the flow, also after one fits: how long it takes says nothing about the keys. */
async function findTrigger(
  flow: StoredFlow,
  key: string,
  secrets: SecretSource,
  logger: Logger,
): Promise<WebhookTrigger | null> {
  let found: WebhookTrigger | null = null;
  for (const trigger of triggersOf(flow).webhooks) {
    const expected = await keyOf(flow, trigger, secrets, logger);
    if (expected !== null && isSame(expected, key)) found ??= trigger;
  }
  return found;
}

async function keyOf(flow: StoredFlow, trigger: WebhookTrigger, secrets: SecretSource, logger: Logger) {
  try {
    const key = await renderValue(trigger.key, triggerScope(flow, null, { secrets }), 'key');
    // Secrets that are kept in files tend to end in a line break, which no address can hold.
    const text = typeof key === 'string' || typeof key === 'number' ? String(key).trim() : '';
    return text === '' ? null : text;
  } catch (error) {
    const { namespace, id } = flow;
    logger.error({ namespace, flow: id, trigger: trigger.id, error: reportError(error) }, 'no webhook key');
    return null;
  }
}

/** Compares digests, which are of one length whatever was sent. */
function isSame(expected: string, given: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(expected), digest(given));
}

function readParameters(query: URLSearchParams): Record<string, string[]> {
  const found = new Map<string, string[]>();
  for (const [name, value] of query) {
    refuseUnstorable(name);
    refuseUnstorable(value);
    found.set(name, [...(found.get(name) ?? []), value]);
  }
  return Object.fromEntries(found);
}

function notFound(): WebhookNotFoundError {
  return new WebhookNotFoundError('There is no webhook with this address and key.', {
    hint: 'Check namespace, flow and key, and that neither the flow nor its trigger is disabled.',
  });
}

function refused(status: 400 | 404 | 405 | 413, error: FlowgitError): WebhookAnswer {
  return { start: null, refusal: { status, error } };
}
