import { UnsupportedError } from '../../errors.js';
import { takeTenant } from './tenant.js';

/** A server's URL, taken apart. */
export interface ServerUrl {
  /** For the driver; without what is flowgit's own. Holds the password. */
  connection: string;
  /** Host, port and database, for messages. */
  location: string;
  tenant: string;
}

const hint =
  'Write "postgres://user:password@host:5432/database", with "%40" for an "@" in the password and so on; "?tenant=…" is optional.';
/** To the driver these mean `verify-full` today, and it warns that they will not for ever. */
const verifying = new Set(['prefer', 'require', 'verify-ca']);

/**
 * Reads `postgres://user:password@host:port/database?tenant=…&sslmode=…`.
 * @throws UnsupportedError that never quotes the URL, because that may hold a password
 */
export function parseServerUrl(text: string): ServerUrl {
  const url = parse(text);
  const tenant = takeTenant(url.searchParams);
  const mode = url.searchParams.get('sslmode');
  if (mode !== null && verifying.has(mode) && url.searchParams.get('uselibpqcompat') !== 'true') {
    url.searchParams.set('sslmode', 'verify-full');
  }
  const socket = url.searchParams.get('host');
  const host = socket === null ? `${url.host === '' ? 'localhost' : decodeHost(url.host)}` : `[${socket}]`;
  return { connection: url.href, location: `postgres://${host}${url.pathname}`, tenant };
}

function parse(text: string): URL {
  // The error of an invalid URL quotes it, so it does not become the cause.
  const url = URL.canParse(text) ? new URL(text) : null;
  // With fewer slashes, user, password and host would be the name of a database, which messages tell.
  if (url === null || !/^postgres(ql)?:\/\//i.test(text)) {
    throw new UnsupportedError('The storage URL is not a valid PostgreSQL URL.', { hint });
  }
  for (const part of [url.username, url.password, url.pathname]) {
    if (!decodes(part)) {
      throw new UnsupportedError('The PostgreSQL URL has a "%" that encodes nothing.', { hint });
    }
  }
  return url;
}

function decodes(part: string): boolean {
  try {
    decodeURIComponent(part);
    return true;
  } catch {
    return false;
  }
}

/** A socket's directory may stand as the host, encoded. */
function decodeHost(host: string): string {
  return /^%2f/i.test(host) ? `[${decodeURIComponent(host)}]` : host;
}
