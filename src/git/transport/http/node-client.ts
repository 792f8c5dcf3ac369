import { type ClientRequest, Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { type ConnectionOptions, checkServerIdentity, type SecureContext } from 'node:tls';
import { throwIfCancelled } from '../../cancelled.js';
import type { RemotePolicy } from '../../remote-policy/policy.js';
import type { ProxySettings } from '../../types.js';
import type { HttpClient, HttpRequest, HttpResponse } from './client.js';
import { Exchange } from './exchange.js';
import { proxyAuthorization, proxyFor } from './proxy.js';
import { readTrustedCa } from './trusted-ca.js';

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
  readonly #httpAgent = new HttpAgent({ keepAlive: true });
  readonly #closed = new AbortController();
  #httpsAgent: HttpAgent | undefined;
  #tunnels = new Map<string, HttpAgent>();
  #secureContext: SecureContext | undefined;

  constructor(options: NodeHttpClientOptions) {
    this.#options = options;
  }

  async exchange(request: HttpRequest): Promise<HttpResponse> {
    throwIfCancelled(this.#options.signal);
    const open = await this.#prepare(request);
    // Opening and listening happen in one turn: no event of the request is missed.
    const exchange = new Exchange(open(), request, this.#options);
    try {
      return await exchange.response();
    } catch (error) {
      if (!request.repeatable || !exchange.metDeadConnection) throw error;
      // Each kept connection that turns out to be dead is gone afterwards; a fresh one is never taken for dead.
      return await this.exchange(request);
    }
  }

  close(): void {
    this.#closed.abort();
    this.#httpAgent.destroy();
    this.#httpsAgent?.destroy();
    for (const tunnel of this.#tunnels.values()) tunnel.destroy();
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
      const agent = proxy ? await this.#tunnel(proxy) : this.#direct();
      const trust = await this.#trust();
      // The tunnel's library forgets hosts that are addresses, and would have the certificate name "localhost".
      const host = url.hostname.replace(/^\[|\]$/g, '');
      const identity: ConnectionOptions = {
        checkServerIdentity: (_hostname, certificate) => checkServerIdentity(host, certificate),
      };
      return () => httpsRequest(url, { method, headers, agent, ...identity, ...trust, ...resolution });
    }
    const agent = this.#httpAgent;
    if (proxy === null) return () => httpRequest(url, { method, headers, agent, ...resolution });
    const authorization = proxyAuthorization(proxy);
    if (authorization !== null) headers['proxy-authorization'] = authorization;
    headers.host = url.host;
    // A proxy is asked with the whole URL (RFC 9112, section 3.2.2).
    const asked = { hostname: proxy.hostname, path: url.href, method, headers };
    if (proxy.protocol === 'https:') {
      return () => httpsRequest({ ...asked, port: proxy.port || 443, agent: this.#direct() });
    }
    return () => httpRequest({ ...asked, port: proxy.port || 80, agent });
  }

  #direct(): HttpAgent {
    this.#httpsAgent ??= new HttpsAgent({ keepAlive: true });
    return this.#httpsAgent;
  }

  async #tunnel(proxy: URL): Promise<HttpAgent> {
    const { HttpsProxyAgent } = await import('https-proxy-agent');
    const known = this.#tunnels.get(proxy.href);
    if (known) return known;
    const options = { keepAlive: true, signal: this.#closed.signal };
    const tunnel = new HttpsProxyAgent(proxy, options);
    this.#tunnels.set(proxy.href, tunnel);
    return tunnel;
  }

  async #trust(): Promise<{ secureContext?: SecureContext }> {
    if (this.#options.trustedCaPemPath === undefined) return {};
    this.#secureContext ??= await readTrustedCa(this.#options.trustedCaPemPath);
    return { secureContext: this.#secureContext };
  }
}
