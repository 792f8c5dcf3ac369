import { Agent, type ClientRequest, request } from 'node:http';
import { throwIfCancelled } from '../../cancelled.js';
import type { RemotePolicy } from '../../remote-policy/policy.js';
import type { ProxySettings } from '../../types.js';
import type { HttpClient, HttpRequest, HttpResponse } from './client.js';
import { Exchange } from './exchange.js';
import { proxyAuthorization, proxyFor } from './proxy.js';
import type { TlsConnections } from './tls-connections.js';

export interface NodeHttpClientOptions {
  connectTimeoutMs: number;
  readTimeoutMs: number;
  proxy?: ProxySettings | undefined;
  trustedCaPemPath?: string | undefined;
  signal?: AbortSignal | undefined;
  policy?: RemotePolicy | undefined;
}

/** The built-in client. Its connections, time-outs and certificate authorities are one remote's own. */
export class NodeHttpClient implements HttpClient {
  readonly #options: NodeHttpClientOptions;
  readonly #agent = new Agent({ keepAlive: true });
  #tls: Promise<TlsConnections> | undefined;

  constructor(options: NodeHttpClientOptions) {
    this.#options = options;
  }

  async exchange(asked: HttpRequest): Promise<HttpResponse> {
    throwIfCancelled(this.#options.signal);
    const open = await this.#prepare(asked);
    // Opening and listening happen in one turn: no event of the request is missed.
    const exchange = new Exchange(open(), asked, this.#options);
    try {
      return await exchange.response();
    } catch (error) {
      if (!asked.repeatable || !exchange.metDeadConnection) throw error;
      // Each kept connection that turns out to be dead is gone afterwards; a fresh one is never taken for dead.
      return await this.exchange(asked);
    }
  }

  close(): void {
    this.#agent.destroy();
    // What could not be loaded has opened nothing.
    this.#tls?.then((tls) => tls.close()).catch(() => {});
  }

  async #prepare({ url, method, headers: given, body }: HttpRequest): Promise<() => ClientRequest> {
    const headers = { ...given };
    if (body instanceof Uint8Array) headers['content-length'] = String(body.length);
    const { policy } = this.#options;
    policy?.check(url);
    const proxy = proxyFor(url, this.#options.proxy);
    if (proxy !== null) await policy?.checkResolved(url);
    // A proxy is the operator's, wherever it is.
    const resolution = proxy === null && policy !== undefined ? { lookup: policy.lookup(url) } : {};
    if (url.protocol === 'https:') {
      const tls = await this.#overTls();
      return tls.prepare(url, proxy, { method, headers, ...resolution });
    }
    const agent = this.#agent;
    if (proxy === null) return () => request(url, { method, headers, agent, ...resolution });
    const authorization = proxyAuthorization(proxy);
    if (authorization !== null) headers['proxy-authorization'] = authorization;
    headers.host = url.host;
    // A proxy is asked with the whole URL (RFC 9112, section 3.2.2).
    const asked = { hostname: proxy.hostname, path: url.href, method, headers };
    if (proxy.protocol === 'https:') {
      const tls = await this.#overTls();
      return tls.prepareForProxy({ ...asked, port: proxy.port || 443 });
    }
    return () => request({ ...asked, port: proxy.port || 80, agent });
  }

  #overTls(): Promise<TlsConnections> {
    const { trustedCaPemPath } = this.#options;
    this.#tls ??= import('./tls-connections.js').then(
      ({ TlsConnections }) => new TlsConnections(trustedCaPemPath),
    );
    return this.#tls;
  }
}
