import { RemoteError } from '../../../errors.js';
import type { Logger } from '../../../logger.js';
import type { GitService, ServiceOptions, Transport } from '../transport.js';
import type { HttpClient, HttpRequest, HttpResponse } from './client.js';
import { basicAuthorization, type Credentials, collectCredentials } from './credentials.js';
import { isRedirect, mayShareCredentials, redirectedBase } from './redirect.js';
import { stripServiceLine } from './service-line.js';
import { statusError, webPageError } from './status-error.js';

export interface HttpTransportOptions extends Credentials {
  logger: Logger;
}

/** A request before it is known where it goes. */
interface Call extends Pick<HttpRequest, 'method' | 'headers' | 'body' | 'repeatable'>, ServiceOptions {
  /** Stands behind the repository's URL. */
  suffix: string;
  query: string;
}

const maxRedirects = 5;
/** Some hosts send clients that do not call themselves git to their login page. */
const userAgent = 'git/flowgit';

/** Smart HTTP (gitprotocol-http). Where the first request is redirected to, later ones go at once. */
export class HttpTransport implements Transport {
  readonly url: string;
  readonly #client: HttpClient;
  readonly #logger: Logger;
  readonly #original: URL;
  readonly #authorization: string | null;
  #base: URL;

  constructor(url: URL, client: HttpClient, options: HttpTransportOptions) {
    this.#client = client;
    this.#logger = options.logger;
    this.#authorization = basicAuthorization(url, collectCredentials(url, options));
    const base = new URL(url.origin);
    base.pathname = url.pathname.replace(/\/+$/, '');
    this.#original = base;
    this.#base = base;
    this.url = base.href;
  }

  async advertise(service: GitService, options: ServiceOptions): Promise<AsyncIterable<Uint8Array>> {
    const response = await this.#send({
      method: 'GET',
      suffix: '/info/refs',
      query: `?service=${service}`,
      headers: {},
      ...options,
      repeatable: true,
    });
    const type = response.headers['content-type'] ?? '';
    if (!type.startsWith(`application/x-${service}-advertisement`)) {
      await response.body.return?.();
      throw new RemoteError(`${this.url} does not serve git's smart HTTP protocol.`, {
        retryable: false,
        hint: 'Check the URL; plain file servers ("dumb HTTP") are not supported.',
        data: { contentType: type },
      });
    }
    return stripServiceLine(response.body);
  }

  async request(
    service: GitService,
    body: Uint8Array | AsyncIterable<Uint8Array>,
    options: ServiceOptions,
  ): Promise<AsyncIterable<Uint8Array>> {
    const headers = {
      'content-type': `application/x-${service}-request`,
      accept: `application/x-${service}-result`,
    };
    const response = await this.#send({
      method: 'POST',
      suffix: `/${service}`,
      query: '',
      headers,
      body,
      ...options,
      repeatable: service === 'git-upload-pack' && body instanceof Uint8Array,
    });
    return response.body;
  }

  async close(): Promise<void> {
    this.#client.close();
  }

  async #send({ method, suffix, query, headers, body, version, repeatable }: Call): Promise<HttpResponse> {
    for (let redirects = 0; redirects <= maxRedirects; redirects++) {
      const url = new URL(this.#base);
      url.pathname = `${this.#base.pathname.replace(/\/$/, '')}${suffix}`;
      url.search = query;
      const sent: Record<string, string> = {
        ...headers,
        'user-agent': userAgent,
        'cache-control': 'no-cache',
      };
      if (version > 0) sent['git-protocol'] = `version=${version}`;
      const authorized = this.#authorization !== null && mayShareCredentials(this.#original, url);
      if (this.#authorization !== null && authorized) sent.authorization = this.#authorization;

      const response = await this.#client.exchange({ url, method, headers: sent, body, repeatable });
      this.#logger.debug({ method, url: url.href, status: response.status }, 'git http request');
      if (!isRedirect(response.status)) {
        return this.#accept(response, url, suffix, authorized);
      }
      await response.body.return?.();
      this.#base = redirectedBase(url, response.headers.location, suffix);
      if (body !== undefined && !(body instanceof Uint8Array)) break;
    }
    throw new RemoteError(`${this.url} redirects too often.`, { retryable: false });
  }

  async #accept(
    response: HttpResponse,
    url: URL,
    suffix: string,
    authorized: boolean,
  ): Promise<HttpResponse> {
    if (response.status < 200 || response.status > 299) {
      throw await statusError(response, { url: this.url, hasCredentials: authorized });
    }
    if (/^text\/html\b/i.test(response.headers['content-type'] ?? '')) {
      await response.body.return?.();
      throw webPageError(this.url);
    }
    if (response.url.href !== url.href) this.#base = redirectedBase(url, response.url.href, suffix);
    return response;
  }
}
