import { fileURLToPath } from 'node:url';
import { InvalidPropertiesError, UnsupportedError } from '../../errors.js';
import type { Logger } from '../../logger.js';
import type { RemotePolicy } from '../remote-policy/policy.js';
import type { RemoteOptions } from '../types.js';
import { FileTransport } from './file-transport.js';
import type { HttpClient } from './http/client.js';
import { HttpTransport } from './http/http-transport.js';
import { NodeHttpClient } from './http/node-client.js';
import { PluginHttpClient } from './http/plugin-client.js';
import type { Transport } from './transport.js';

export interface TransportEnvironment {
  logger: Logger;
  /** Environment variables for programs that are run. */
  environment: Readonly<Record<string, string | undefined>>;
  policy?: RemotePolicy | undefined;
}

export const defaultConnectTimeoutMs = 10_000;
export const defaultReadTimeoutMs = 60_000;

/**
 * The transport for a URL's scheme. Connects to nothing yet.
 * @throws InvalidPropertiesError, RemoteNotAllowedError, UnsupportedError
 */
export function openTransport(
  options: RemoteOptions,
  { logger, environment, policy }: TransportEnvironment,
): Transport {
  const { url: text, username, password, signal } = options;
  if (isScpLike(text)) throw noSsh();
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url !== null) policy?.check(url);
  switch (url?.protocol) {
    case 'http:':
    case 'https:':
      return new HttpTransport(url, httpClient(options, policy), { username, password, logger });
    case 'file:':
      return new FileTransport(url.href, filePath(url), { environment, signal });
    case 'ssh:':
    case 'git+ssh:':
    case 'ssh+git:':
      throw noSsh();
    default:
      throw new InvalidPropertiesError(
        `The URL ${JSON.stringify(withoutUserInfo(text))} is not understood.`,
        {
          hint: 'Use https://…, http://…, ssh://…, git@host:path or file:///….',
        },
      );
  }
}

function httpClient(options: RemoteOptions, policy: RemotePolicy | undefined): HttpClient {
  const { http, proxy, trustedCaPemPath, signal } = options;
  const connectTimeoutMs = options.connectTimeoutMs ?? defaultConnectTimeoutMs;
  const readTimeoutMs = options.readTimeoutMs ?? defaultReadTimeoutMs;
  if (http) {
    if (policy !== undefined) throw ungoverned();
    return new PluginHttpClient(http, { readTimeoutMs, signal });
  }
  return new NodeHttpClient({ connectTimeoutMs, readTimeoutMs, proxy, trustedCaPemPath, signal, policy });
}

/** `user@host:path`: a colon before the first slash (git-fetch(1), "GIT URLS"). */
function isScpLike(text: string): boolean {
  return /^(?:[^@/\s]+@)?(?:\[[^\]]+\]|[^:/\s]{2,}):(?!\/\/)/.test(text);
}

function filePath(url: URL): string {
  try {
    return fileURLToPath(url);
  } catch (cause) {
    throw new InvalidPropertiesError(`The URL ${url.href} names no file on this machine.`, {
      hint: 'Write three slashes: file:///absolute/path.',
      cause,
    });
  }
}

function withoutUserInfo(text: string): string {
  return text.replace(/^([a-z][\w+.-]*:\/\/)?.*@/is, '$1');
}

/** Such a client resolves names and follows redirects by itself. */
function ungoverned(): UnsupportedError {
  return new UnsupportedError('An HTTP client of one\'s own cannot be held to "allowedRemotes".', {
    hint: 'Leave "http" out.',
  });
}

function noSsh(): UnsupportedError {
  return new UnsupportedError('SSH remotes are not supported yet.', {
    hint: 'Use the https URL of the repository, with a token as "password".',
  });
}
