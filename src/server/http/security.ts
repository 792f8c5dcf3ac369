import type { Context, MiddlewareHandler } from 'hono';
import { NotPermittedError } from '../../errors.js';

const headers = {
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
  // The page of the API's description has its style and script in itself.
  'Content-Security-Policy':
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
};

/** What every answer carries. Answers may hold what only this caller may see, so that nothing may be kept on the way. */
export const securityHeaders: MiddlewareHandler = async (context, next) => {
  await next();
  for (const [name, value] of Object.entries(headers)) context.header(name, value);
  if (context.res.headers.get('cache-control') === null) context.header('Cache-Control', 'no-store');
};

const loopbackNames: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

/**
 * Keeps web pages away that people look at while a server without tokens runs beside them: a page may send requests to
 * loopback addresses, or give its own name such an address (DNS rebinding).
 * @throws NotPermittedError
 */
export function refuseOtherSites({ req }: Context): void {
  const host = req.header('host') ?? '';
  if (host !== '' && !loopbackNames.has(hostnameOf(`http://${host}`) ?? '')) {
    throw new NotPermittedError('The server does not go by the name that the request gives it.', {
      hint: 'Use the address that the server printed when it started, or send a token.',
    });
  }
  const origin = req.header('origin');
  const isOther = origin !== undefined && authorityOf(origin) !== host.toLowerCase();
  if (isOther || req.header('sec-fetch-site') === 'cross-site') {
    throw new NotPermittedError('Web pages of other sites may not use this server.', {
      hint: 'Call it from a program.',
    });
  }
}

function hostnameOf(url: string): string | null {
  return URL.canParse(url) ? new URL(url).hostname : null;
}

function authorityOf(origin: string): string | null {
  return URL.canParse(origin) ? new URL(origin).host : null;
}
