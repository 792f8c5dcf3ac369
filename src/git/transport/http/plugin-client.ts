import type { HttpClient as PluginClient } from 'isomorphic-git';
import { FlowgitError, ReadTimeoutError } from '../../../errors.js';
import { cancellation } from '../../cancelled.js';
import type { HttpClient, HttpRequest, HttpResponse } from './client.js';
import { toNetworkError } from './network-error.js';

export interface PluginHttpClientOptions {
  readTimeoutMs: number;
  signal?: AbortSignal | undefined;
}

/**
 * A caller's own client, in the shape of isomorphic-git's `http` plugins. Proxies, certificates and connections are
 * its business; silence and cancellation stay ours.
 */
export class PluginHttpClient implements HttpClient {
  readonly #plugin: PluginClient;
  readonly #options: PluginHttpClientOptions;

  constructor(plugin: PluginClient, options: PluginHttpClientOptions) {
    this.#plugin = plugin;
    this.#options = options;
  }

  async exchange({ url, method, headers, body }: HttpRequest): Promise<HttpResponse> {
    const { host } = url;
    const response = await this.#guard(host, () =>
      this.#plugin.request({ url: url.href, method, headers, ...(body ? { body: chunks(body) } : {}) }),
    );
    const source = response.body?.[Symbol.asyncIterator]();
    const iterator: AsyncIterableIterator<Uint8Array> = {
      [Symbol.asyncIterator]: () => iterator,
      next: () => (source ? this.#guard(host, () => source.next()) : over()),
      return: async () => {
        // Not waited for: a generator that waits for ever does not answer, and some plugins return no promise.
        Promise.resolve()
          .then(() => source?.return?.())
          .catch(() => {});
        return over();
      },
    };
    return {
      status: response.statusCode,
      headers: lowerCase(response.headers ?? {}),
      url: URL.canParse(response.url ?? '') ? new URL(response.url) : url,
      body: iterator,
    };
  }

  close(): void {}

  async #guard<T>(host: string, step: () => Promise<T>): Promise<T> {
    const { signal, readTimeoutMs } = this.#options;
    let stop: () => void = () => {};
    const interrupted = new Promise<never>((_resolve, reject) => {
      const onAbort = (): void => reject(cancellation(signal));
      if (signal?.aborted) onAbort();
      signal?.addEventListener('abort', onAbort, { once: true });
      const timer = setTimeout(() => {
        reject(new ReadTimeoutError(`${host} has been silent for too long.`));
      }, readTimeoutMs);
      stop = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
      };
    });
    interrupted.catch(() => {});
    try {
      return await Promise.race([interrupted, step()]);
    } catch (error) {
      throw error instanceof FlowgitError ? error : toNetworkError(error, host);
    } finally {
      stop();
    }
  }
}

async function* chunks(body: Uint8Array | AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (body instanceof Uint8Array) yield body;
  else yield* body;
}

async function over(): Promise<IteratorResult<Uint8Array, undefined>> {
  return { done: true, value: undefined };
}

function lowerCase(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
