import type { Context, MiddlewareHandler } from 'hono';
import type { TokenScope } from '../../../schemas/api.js';
import {
  NamespaceNotAllowedError,
  NotPermittedError,
  RateLimitedError,
  UnauthenticatedError,
} from '../../errors.js';
import { createRateLimit } from '../http/rate-limit.js';
import { refuseOtherSites } from '../http/security.js';
import type { ServerEnv } from '../services.js';
import type { TokenStore } from './token-store.js';

/** Who asks, and what for they may ask. */
export interface Caller {
  /** For limits and logs; never the token itself. */
  name: string;
  scopes: ReadonlySet<TokenScope>;
  /** These and those below them; null for all. */
  namespaces: readonly string[] | null;
}

export interface AuthenticateOptions {
  tokens: TokenStore;
  clock: () => Date;
  /** Requests a token may make. */
  requestsPerMinute: number;
  /** Wrong tokens that one address may try. */
  failuresPerMinute: number;
}

const everything: ReadonlySet<TokenScope> = new Set(['read', 'run', 'write', 'admin']);

/** Nobody has made a token yet: whoever reaches the loopback address is the one who runs the server. */
const local: Caller = { name: 'local', scopes: everything, namespaces: null };

/** How long "there are no tokens" is believed; that there are some is believed for good. */
const recheckMs = 2000;

/** Finds out who asks, from `Authorization: Bearer …`, and sets `caller`. */
export function authenticate(options: AuthenticateOptions): MiddlewareHandler<ServerEnv> {
  const { tokens, clock } = options;
  const requests = createRateLimit({ perMinute: options.requestsPerMinute, clock });
  const failures = createRateLimit({ perMinute: options.failuresPerMinute, clock });
  const isOpen = openUntilTokens(tokens, clock);

  return async (context, next) => {
    const header = context.req.header('authorization');
    const caller =
      header === undefined && (await isOpen()) ? localCaller(context) : await callerOf(header, tokens);
    if (caller === null) {
      // A token that is valid gets through from any address: a proxy must not be shut by one who guesses.
      limited(failures.take(addressOf(context)), 'Too many requests without a valid token came from here.');
      throw new UnauthenticatedError('The request needs a valid token.', {
        hint: 'Send "Authorization: Bearer TOKEN". Whoever administers the server makes tokens.',
      });
    }
    limited(requests.take(caller.name), 'This token has made too many requests.');
    context.set('caller', caller);
    await next();
  };
}

/** A route's own demand. */
export function authorize(scope: TokenScope): MiddlewareHandler<ServerEnv> {
  return async (context, next) => {
    requireScope(context.get('caller'), scope);
    await next();
  };
}

/** @throws NotPermittedError */
export function requireScope({ scopes }: Caller, scope: TokenScope): void {
  if (scopes.has(scope)) return;
  throw new NotPermittedError(`The token does not have the scope "${scope}".`, {
    hint: `Whoever administers the server makes tokens: this needs one with the scope "${scope}".`,
  });
}

export function isAllowed({ namespaces }: Caller, namespace: string): boolean {
  return (
    namespaces === null || namespaces.some((own) => namespace === own || namespace.startsWith(`${own}.`))
  );
}

/** @throws NamespaceNotAllowedError */
export function requireNamespace(caller: Caller, namespace: string): void {
  if (isAllowed(caller, namespace)) return;
  const where = namespace === '' ? 'all namespaces' : `the namespace ${namespace}`;
  throw new NamespaceNotAllowedError(`The token is not for ${where}.`, {
    hint: `It is for ${caller.namespaces?.join(', ')} and what is below.`,
  });
}

/** Where a request comes from; everything behind one proxy is one address. */
export function addressOf(context: Context): string {
  const env = context.env as { incoming?: { socket?: { remoteAddress?: string } } } | undefined;
  return env?.incoming?.socket?.remoteAddress ?? 'unknown';
}

function localCaller(context: Context): Caller {
  refuseOtherSites(context);
  return local;
}

async function callerOf(header: string | undefined, tokens: TokenStore): Promise<Caller | null> {
  const [, text] = /^bearer +(\S+)$/i.exec(header ?? '') ?? [];
  const token = text === undefined ? null : await tokens.verify(text);
  if (token === null) return null;
  return { name: `token ${token.id}`, scopes: withImplied(token.scopes), namespaces: token.namespaces };
}

/** Whoever may run or write may also look. */
function withImplied(scopes: readonly TokenScope[]): ReadonlySet<TokenScope> {
  return scopes.includes('admin') ? everything : new Set<TokenScope>(['read', ...scopes]);
}

function openUntilTokens(tokens: TokenStore, clock: () => Date): () => Promise<boolean> {
  let closed = false;
  let checkedAt = Number.NEGATIVE_INFINITY;
  return async () => {
    const now = clock().getTime();
    if (!closed && now - checkedAt >= recheckMs) {
      closed = await tokens.any();
      checkedAt = now;
    }
    return !closed;
  };
}

function limited(waitSeconds: number, message: string): void {
  if (waitSeconds > 0) throw new RateLimitedError(message, { retryAfterSeconds: waitSeconds });
}
