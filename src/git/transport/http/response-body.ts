import type { IncomingMessage } from 'node:http';
import type { Watchdog } from './watchdog.js';

/** How long an unread rest may take to arrive, so that its connection can serve the next request. */
const drainMs = 100;

/**
 * A response's bytes. The watchdog runs only while someone waits for them, so that a slow reader is never taken for a
 * silent server.
 */
export class ResponseBody implements AsyncIterableIterator<Uint8Array> {
  readonly #response: IncomingMessage;
  readonly #watchdog: Watchdog;
  readonly #failure: () => Error;
  #wake: () => void = () => {};
  #over = false;

  /** @param failure why the connection broke, asked for when it did */
  constructor(response: IncomingMessage, watchdog: Watchdog, failure: () => Error) {
    this.#response = response;
    this.#watchdog = watchdog;
    this.#failure = failure;
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
        if (!this.#response.readableEnded || !this.#response.complete) throw this.#failure();
        break;
      }
      await this.#wait();
    }
    return { done: true, value: undefined };
  }

  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.#over = true;
    if (!this.#response.destroyed && !this.#response.readableEnded) {
      const timer = setTimeout(() => this.#response.destroy(), drainMs);
      timer.unref();
      this.#response.once('close', () => clearTimeout(timer));
      this.#response.removeAllListeners('readable');
      this.#response.resume();
    }
    return { done: true, value: undefined };
  }

  async #wait(): Promise<void> {
    this.#watchdog.start();
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.#watchdog.stop();
  }
}
