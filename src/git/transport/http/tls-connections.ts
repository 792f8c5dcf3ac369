import type { ClientRequest, Agent as HttpAgent, RequestOptions } from 'node:http';
import { Agent, request } from 'node:https';
import { checkServerIdentity, type SecureContext } from 'node:tls';
import { readTrustedCa } from './trusted-ca.js';

/** One remote's connections over TLS: loaded with the first of them. */
export class TlsConnections {
  readonly #trustedCaPemPath: string | undefined;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #tunnels = new Map<string, HttpAgent>();
  readonly #closed = new AbortController();
  #secureContext: SecureContext | undefined;

  constructor(trustedCaPemPath: string | undefined) {
    this.#trustedCaPemPath = trustedCaPemPath;
  }

  /**
   * What opens a request to an `https:` URL, through a tunnel where there is a proxy.
   * @throws InvalidPropertiesError when the authorities to trust cannot be read
   */
  async prepare(url: URL, proxy: URL | null, options: RequestOptions): Promise<() => ClientRequest> {
    const agent = proxy === null ? this.#agent : await this.#tunnel(proxy);
    const trust = await this.#trust();
    // The tunnel's library forgets hosts that are addresses, and would have the certificate name "localhost".
    const host = url.hostname.replace(/^\[|\]$/g, '');
    return () =>
      request(url, {
        ...options,
        agent,
        checkServerIdentity: (_hostname, certificate) => checkServerIdentity(host, certificate),
        ...trust,
      });
  }

  /** What opens a request to a proxy that itself is spoken to over TLS. */
  prepareForProxy(options: RequestOptions): () => ClientRequest {
    return () => request({ ...options, agent: this.#agent });
  }

  close(): void {
    this.#closed.abort();
    this.#agent.destroy();
    for (const tunnel of this.#tunnels.values()) tunnel.destroy();
  }

  async #tunnel(proxy: URL): Promise<HttpAgent> {
    const { HttpsProxyAgent } = await import('https-proxy-agent');
    const known = this.#tunnels.get(proxy.href);
    if (known) return known;
    const tunnel = new HttpsProxyAgent(proxy, { keepAlive: true, signal: this.#closed.signal });
    this.#tunnels.set(proxy.href, tunnel);
    return tunnel;
  }

  async #trust(): Promise<{ secureContext?: SecureContext }> {
    if (this.#trustedCaPemPath === undefined) return {};
    this.#secureContext ??= await readTrustedCa(this.#trustedCaPemPath);
    return { secureContext: this.#secureContext };
  }
}
