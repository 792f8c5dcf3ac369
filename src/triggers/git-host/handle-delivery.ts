import { createHash } from 'node:crypto';
import { type GitHost, gitHosts, type PushTrigger } from '../../../schemas/triggers.js';
import {
  type FlowgitError,
  InvalidWebhookError,
  LimitExceededError,
  reportError,
  WebhookNotFoundError,
  WebhookSignatureInvalidError,
} from '../../errors.js';
import type { Logger } from '../../logger.js';
import type { SecretSource } from '../../runtime/context.js';
import { triggersOf } from '../triggers-of.js';
import type { FlowCatalog, StartRun, StoredFlow } from '../types.js';
import { defaultMaxBodyBytes } from '../webhook/handle-webhook.js';
import { headerOf, type RequestHeaders } from '../webhook/headers.js';
import type { DeliveryLog } from './delivery-log.js';
import { readEvent } from './read-event.js';
import { createSecretReader } from './secrets.js';
import { readSignature } from './signature.js';
import { type StartedPush, startPush } from './start-push.js';

/** A delivery at `/api/v1/webhooks/{host}`. */
export interface DeliveryRequest {
  host: string;
  headers: RequestHeaders;
  rawBody: Uint8Array;
}

export type DeliveryAnswer =
  /** `ignored` says why nothing was started, where nothing was. */
  | { status: 200 | 202; runs: readonly StartedPush[]; ignored?: string }
  | { status: 400 | 401 | 404 | 413; error: FlowgitError };

export interface DeliveryOptions {
  catalog: Pick<FlowCatalog, 'list'>;
  secrets: SecretSource;
  deliveries: DeliveryLog;
  startRun: StartRun;
  logger: Logger;
  clock?: () => Date;
  maxBodyBytes?: number;
}

/** A push trigger and the flow it starts. */
export interface PushCandidate {
  flow: StoredFlow;
  trigger: PushTrigger;
}

/**
 * Starts the flows whose push triggers a delivery is for. A delivery may start only flows whose trigger has the secret it
 * was signed with, and it starts them once, however often it comes. It counts as carried out when every run was started:
 * before that, sending it again starts those that are missing.
 * @throws what `startRun` and the storage throw; the host may then send it again
 */
export async function handleDelivery(
  request: DeliveryRequest,
  options: DeliveryOptions,
): Promise<DeliveryAnswer> {
  const { rawBody, headers } = request;
  const { maxBodyBytes = defaultMaxBodyBytes, clock = () => new Date(), deliveries } = options;
  const host = gitHosts.find((name) => name === request.host);
  if (host === undefined) return noSuchHost();
  if (rawBody.byteLength > maxBodyBytes) {
    const error = new LimitExceededError(`The body is larger than ${maxBodyBytes} bytes.`);
    return { status: 413, error };
  }
  const now = clock();
  const check = readSignature(host, { headers, rawBody, now });
  if (check === null) return unsigned(host);
  const signed = await candidates(host, check, options);
  if (signed.length === 0) return unsigned(host);

  try {
    const event = readEvent(host, headers, rawBody);
    if (event.kind === 'ping') return { status: 200, runs: [], ignored: 'ping' };
    if (event.kind === 'other') return nothing(`the event ${event.name} starts nothing`);
    const marks = marksOf(host, request);
    if (await deliveries.hasAny(marks)) return nothing('this delivery was carried out before');
    const result = await startPush(
      { pushes: event.pushes, candidates: signed, mark: marks[0] ?? '' },
      options,
    );
    await deliveries.add(marks);
    return result.runs.length === 0
      ? nothing(result.ignored ?? 'no trigger is for it')
      : { status: 202, runs: result.runs };
  } catch (error) {
    if (error instanceof InvalidWebhookError) return { status: 400, error };
    throw error;
  }
}

/** The triggers whose secret signed the request. */
async function candidates(
  host: GitHost,
  check: (secret: string) => boolean,
  { catalog, secrets, logger }: DeliveryOptions,
): Promise<PushCandidate[]> {
  const secretOf = createSecretReader(secrets);
  const verdicts = new Map<string, boolean>();
  const found: PushCandidate[] = [];
  for (const flow of catalog.list()) {
    for (const trigger of triggersOf(flow).pushes) {
      if (trigger.provider !== host) continue;
      try {
        const secret = await secretOf(flow, trigger.secret);
        if (secret === '') continue;
        const verdict = verdicts.get(secret) ?? check(secret);
        verdicts.set(secret, verdict);
        if (verdict) found.push({ flow, trigger });
      } catch (error) {
        const { namespace, id } = flow;
        logger.error(
          { namespace, flow: id, trigger: trigger.id, error: reportError(error) },
          'no webhook secret',
        );
      }
    }
  }
  return found;
}

/**
 * What tells a delivery from another. The ids that hosts give stand in headers, which GitHub, Gitea and Bitbucket do not
 * sign: where no two pushes have the same body, as those of GitHub and Gitea hold times, the body counts as well.
 */
function marksOf(host: GitHost, { headers, rawBody }: DeliveryRequest): string[] {
  const id = idHeaders[host].map((name) => headerOf(headers, name)).find((value) => value !== null);
  const body = createHash('sha256').update(rawBody).digest('hex');
  const marks = host === 'github' || host === 'gitea' || id === undefined ? [`${host} body ${body}`] : [];
  return id === undefined ? marks : [...marks, `${host} id ${id}`];
}

const idHeaders: Readonly<Record<GitHost, readonly string[]>> = {
  github: ['x-github-delivery'],
  gitlab: ['webhook-id', 'idempotency-key', 'x-gitlab-event-uuid'],
  gitea: ['x-gitea-delivery', 'x-forgejo-delivery'],
  bitbucket: ['x-request-uuid', 'x-request-id'],
};

function nothing(ignored: string): DeliveryAnswer {
  return { status: 200, runs: [], ignored };
}

function unsigned(host: GitHost): DeliveryAnswer {
  const error = new WebhookSignatureInvalidError(
    `The delivery is not signed with the secret of any ${host} push trigger.`,
    { hint: 'Give the webhook at the host the secret that the trigger has.' },
  );
  return { status: 401, error };
}

function noSuchHost(): DeliveryAnswer {
  const error = new WebhookNotFoundError(`Webhooks are taken from ${gitHosts.join(', ')}.`);
  return { status: 404, error };
}
