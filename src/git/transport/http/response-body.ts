import type { IncomingMessage } from 'node:http';
import type { Watchdog } from './watchdog.js';

/** How long an unread rest may take to arrive, so that its connection can serve the next request. */
const drainMs = 100;

export interface ResponseBodyOptions {
  watchdog: Watchdog;
  /** Why the connection broke, asked for when it did. */
  failure: () => Error;
  /** Resolves once the connection is free for the next request, or gone. */
  released: Promise<void>;
}

/**
 * A response's bytes. The watchdog runs only while someone waits for them, so that a slow reader is never taken for a
 * silent server.
 */
export class ResponseBody implements AsyncIterableIterator<Uint8Array> {
  readonly #response: IncomingMessage;
  readonly #options: ResponseBodyOptions;
  #wake: () => void = () => {};
  #over = false;

  constructor(response: IncomingMessage, options: ResponseBodyOptions) {
    this.#response = response;
    this.#options = options;
    for (const event of ['readable', 'end', 'error', 'close']) response.on(event, () => this.#wake());
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    while (!this.#over) {
      const chunk: Buffer | null = this.#response.read();
      if (chunk !== null) return { done: false, value: chunk };
      if (this.#response.readableEnded || this.#response.destroyed) {
        this.#over = true;
        if (!this.#response.readableEnded || !this.#response.complete) throw this.#options.failure();
        await this.#release();
        break;
      }
      await this.#wait();
    }
    return { done: true, value: undefined };
  }

  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.#over = true;
    if (!this.#response.destroyed && !this.#response.readableEnded) {
      this.#response.removeAllListeners('readable');
      this.#response.resume();
    }
    await this.#release();
    return { done: true, value: undefined };
  }

  /** Git's last packet comes a moment before the end of the response: worth waiting for, a handshake takes longer. */
  async #release(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, drainMs);
    });
    await Promise.race([this.#options.released, late]);
    clearTimeout(timer);
    if (!this.#response.readableEnded) this.#response.destroy();
  }

  async #wait(): Promise<void> {
    this.#options.watchdog.start();
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.#options.watchdog.stop();
  }
}
