import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { GitHost } from '../../../schemas/triggers.js';
import { headerOf, type RequestHeaders } from '../webhook/headers.js';

export interface SignedRequest {
  headers: RequestHeaders;
  /** As it came: what is signed are its bytes. */
  rawBody: Uint8Array;
  now: Date;
}

/** Whether a request was signed with a secret, in constant time. */
export type SignatureCheck = (secret: string) => boolean;

/** How far the time in a signature may be from ours (Standard Webhooks). */
const toleranceMs = 5 * 60_000;

/**
 * Reads the signature of a delivery as its host makes it; null when there is none, or none that could ever be right.
 *
 * - GitHub: `X-Hub-Signature-256: sha256=<hex>`, HMAC-SHA256 of the body.
 * - Gitea and Forgejo: the same as plain hex in `X-Gitea-Signature` or `X-Forgejo-Signature`; newer ones as GitHub, too.
 * - Bitbucket: `X-Hub-Signature: sha256=<hex>`.
 * - GitLab: the secret token itself in `X-Gitlab-Token`; with a signing token (`whsec_…`), `webhook-signature`, an HMAC of
 *   id, time and body (Standard Webhooks). A trigger whose secret is a signing token accepts nothing less.
 */
export function readSignature(host: GitHost, request: SignedRequest): SignatureCheck | null {
  const { headers, rawBody } = request;
  switch (host) {
    case 'github':
      return hmacCheck(prefixed(headerOf(headers, 'x-hub-signature-256')), rawBody);
    case 'gitea':
      return hmacCheck(
        headerOf(headers, 'x-forgejo-signature') ??
          headerOf(headers, 'x-gitea-signature') ??
          prefixed(headerOf(headers, 'x-hub-signature-256')),
        rawBody,
      );
    case 'bitbucket':
      return hmacCheck(prefixed(headerOf(headers, 'x-hub-signature')), rawBody);
    case 'gitlab':
      return gitlabCheck(request);
  }
}

function hmacCheck(signature: string | null, rawBody: Uint8Array): SignatureCheck | null {
  if (signature === null || !/^[0-9a-f]{64}$/i.test(signature)) return null;
  const given = Buffer.from(signature, 'hex');
  return (secret) => timingSafeEqual(createHmac('sha256', secret).update(rawBody).digest(), given);
}

function prefixed(value: string | null): string | null {
  return value?.startsWith('sha256=') === true ? value.slice('sha256='.length) : null;
}

function gitlabCheck({ headers, rawBody, now }: SignedRequest): SignatureCheck | null {
  const token = headerOf(headers, 'x-gitlab-token');
  const id = headerOf(headers, 'webhook-id');
  const time = headerOf(headers, 'webhook-timestamp');
  const signatures = headerOf(headers, 'webhook-signature')
    ?.split(' ')
    .filter((one) => /^v1,[A-Za-z0-9+/]{43}=$/.test(one))
    .map((one) => Buffer.from(one.slice('v1,'.length), 'base64'));
  const isSigned = id !== null && time !== null && signatures !== undefined && signatures.length > 0;
  if (token === null && !isSigned) return null;
  return (secret) => {
    if (!secret.startsWith('whsec_')) return token !== null && isSame(token, secret);
    if (!isSigned || !/^\d{1,12}$/.test(time)) return false;
    if (Math.abs(now.getTime() - Number(time) * 1000) > toleranceMs) return false;
    const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
    const expected = createHmac('sha256', key).update(`${id}.${time}.`).update(rawBody).digest();
    return signatures.some((given) => timingSafeEqual(expected, given));
  };
}

/** Compares digests, which are of one length whatever was sent. */
function isSame(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
