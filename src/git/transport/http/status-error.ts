import {
  AuthenticationFailedError,
  type FlowgitError,
  RemoteError,
  RepositoryNotFoundError,
} from '../../../errors.js';
import { cleanMessage } from '../../protocol/remote-message.js';
import type { HttpResponse } from './client.js';

const maxExcerptBytes = 4096;
const maxExcerptLength = 300;

export interface StatusErrorContext {
  /** The repository's URL without credentials. */
  url: string;
  hasCredentials: boolean;
}

/** Turns an answer other than 2xx into the failure it stands for; reads a little of its body. */
export async function statusError(
  response: HttpResponse,
  { url, hasCredentials }: StatusErrorContext,
): Promise<FlowgitError> {
  const words = await readExcerpt(response);
  const says = words === '' ? '' : ` The server says: ${words}`;
  const { status } = response;
  const data = { status, url };
  switch (status) {
    case 401:
      return hasCredentials
        ? new AuthenticationFailedError(`${url} refuses the credentials.${says}`, {
            hint: 'Check "username" and "password"; a token may have expired or lack the scope for git.',
            data,
          })
        : new AuthenticationFailedError(`${url} asks for credentials, and none were given.${says}`, {
            hint: 'Set "username" and "password", or a token as "password".',
            data,
          });
    case 403:
      return new AuthenticationFailedError(`Access to ${url} is forbidden.${says}`, {
        hint: 'Check what the account or the token may do with this repository.',
        data,
      });
    case 404:
    case 410:
      return new RepositoryNotFoundError(`There is no git repository at ${url}.${says}`, {
        hint: 'Check the URL. Many hosts answer like this when the account may not see the repository.',
        data,
      });
    case 407:
      return new AuthenticationFailedError(`The proxy asks for other credentials.${says}`, {
        hint: 'Check the user and the password in the proxy setting.',
        data,
      });
    default:
      return new RemoteError(`${url} answers with HTTP status ${status}.${says}`, {
        retryable: status >= 500 || status === 429 || status === 408,
        data: { ...data, retryAfter: response.headers['retry-after'] ?? null },
      });
  }
}

/** A web page came where git's protocol was expected: a login form, most often. */
export function webPageError(url: string): RemoteError {
  return new RemoteError(`${url} answers with a web page, not as a git repository.`, {
    retryable: false,
    hint: 'Check the URL, and that a login or a proxy does not stand in between.',
    data: { url },
  });
}

async function readExcerpt(response: HttpResponse): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of response.body) {
      chunks.push(chunk);
      size += chunk.length;
      if (size >= maxExcerptBytes) break;
    }
  } catch {
    // The status alone tells enough.
  }
  const text = Buffer.concat(chunks).toString('utf8', 0, maxExcerptBytes);
  const isPage = (response.headers['content-type'] ?? '').includes('html');
  const plain = isPage ? (/<title>([^<]*)<\/title>/i.exec(text)?.[1] ?? '') : text;
  const line = cleanMessage(plain).replace(/\s+/g, ' ');
  return line.length > maxExcerptLength ? `${line.slice(0, maxExcerptLength)}…` : line;
}
