import type { ClientRequest, IncomingMessage } from 'node:http';
import { ReadTimeoutError } from '../../../errors.js';
import { cancellation } from '../../cancelled.js';
import type { HttpRequest, HttpResponse } from './client.js';
import { connectTimeout, toNetworkError } from './network-error.js';
import { ResponseBody } from './response-body.js';
import { Watchdog } from './watchdog.js';

export interface ExchangeOptions {
  connectTimeoutMs: number;
  readTimeoutMs: number;
  signal?: AbortSignal | undefined;
}

/** One request under way: its time-outs, its cancellation, and the one reason it failed. */
export class Exchange {
  readonly #outgoing: ClientRequest;
  readonly #request: HttpRequest;
  readonly #options: ExchangeOptions;
  readonly #connecting: Watchdog;
  readonly #silence: Watchdog;
  readonly #closed: Promise<void>;
  #incoming: IncomingMessage | undefined;
  #failure: Error | undefined;
  #metDeadConnection = false;

  constructor(outgoing: ClientRequest, request: HttpRequest, options: ExchangeOptions) {
    this.#outgoing = outgoing;
    this.#request = request;
    this.#options = options;
    const { host } = request.url;
    this.#connecting = new Watchdog(options.connectTimeoutMs, () => this.#fail(connectTimeout(host)));
    this.#silence = new Watchdog(options.readTimeoutMs, () => this.#fail(readTimeout(host)));
    this.#closed = new Promise((resolve) => outgoing.once('close', resolve));
  }

  /** The server had closed the kept-alive connection before it saw this request. */
  get metDeadConnection(): boolean {
    return this.#metDeadConnection;
  }

  async response(): Promise<HttpResponse> {
    const { signal } = this.#options;
    const { url } = this.#request;
    const onAbort = (): void => this.#fail(cancellation(signal));
    signal?.addEventListener('abort', onAbort, { once: true });
    this.#outgoing.once('close', () => signal?.removeEventListener('abort', onAbort));
    this.#watchConnecting();

    const incoming = await new Promise<IncomingMessage>((resolve, reject) => {
      this.#outgoing.once('response', resolve);
      this.#outgoing.on('error', (error: NodeJS.ErrnoException) => {
        this.#metDeadConnection = this.#outgoing.reusedSocket && error.code === 'ECONNRESET';
        reject(this.#reason(error));
      });
      this.#send().catch((error: Error) => this.#fail(error));
    });
    this.#incoming = incoming;
    this.#silence.stop();
    let broken: Error | undefined;
    incoming.on('error', (error) => {
      broken = error;
    });
    return {
      status: incoming.statusCode ?? 0,
      headers: flatten(incoming.headers),
      url,
      body: new ResponseBody(incoming, {
        watchdog: this.#silence,
        failure: () =>
          this.#reason(broken ?? Object.assign(new Error('closed early'), { code: 'ECONNRESET' })),
        released: this.#closed,
      }),
    };
  }

  #watchConnecting(): void {
    this.#connecting.start();
    const connected = (): void => {
      this.#connecting.stop();
      this.#silence.start();
    };
    this.#outgoing.once('close', () => {
      this.#connecting.stop();
      this.#silence.stop();
    });
    this.#outgoing.once('socket', (socket) => {
      if (this.#outgoing.reusedSocket) connected();
      else if (this.#request.url.protocol === 'https:') socket.once('secureConnect', connected);
      else if (socket.connecting) socket.once('connect', connected);
      else connected();
    });
  }

  async #send(): Promise<void> {
    const { body } = this.#request;
    if (body === undefined || body instanceof Uint8Array) {
      this.#outgoing.end(body);
      return;
    }
    for await (const chunk of body) {
      const written = new Promise<void>((resolve) => this.#outgoing.write(chunk, () => resolve()));
      await Promise.race([written, this.#closed]);
      if (this.#outgoing.destroyed) return;
      // Refused before the end: the rest is not wanted.
      if ((this.#incoming?.statusCode ?? 0) >= 300) break;
      this.#silence.start();
    }
    this.#outgoing.end();
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#incoming?.destroy(error);
    this.#outgoing.destroy(error);
  }

  #reason(error: unknown): Error {
    return this.#failure ?? toNetworkError(error, this.#request.url.host);
  }
}

function readTimeout(host: string): ReadTimeoutError {
  return new ReadTimeoutError(`${host} has been silent for too long.`, {
    hint: 'Try again, or raise "readTimeout".',
  });
}

function flatten(headers: IncomingMessage['headers']): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) flat[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return flat;
}
