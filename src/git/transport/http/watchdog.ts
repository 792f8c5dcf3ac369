/**
 * Fires after a time of silence. When the process itself was busy for that long, what came in meanwhile is looked at
 * first: timers run before the sockets are read.
 */
export class Watchdog {
  readonly #timeoutMs: number;
  readonly #onSilence: () => void;
  #timer: NodeJS.Timeout | undefined;
  #activity = 0;

  constructor(timeoutMs: number, onSilence: () => void) {
    this.#timeoutMs = timeoutMs;
    this.#onSilence = onSilence;
  }

  /** Begins to wait, or, after a sign of life, begins again. */
  start(): void {
    this.#activity++;
    if (this.#timeoutMs <= 0) return;
    if (this.#timer) this.#timer.refresh();
    else this.#timer = setTimeout(() => this.#check(), this.#timeoutMs);
  }

  stop(): void {
    this.#activity++;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #check(): void {
    const seen = this.#activity;
    setImmediate(() => {
      if (this.#activity === seen) this.#onSilence();
    });
  }
}
