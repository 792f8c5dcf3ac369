import type { TextSink } from '../io.js';

const hideCursor = '\u001b[?25l';
export const showCursor = '\u001b[?25h';
/** A line that wrapped would make the area higher than what is erased. */
const noWrap = '\u001b[?7l';
const wrap = '\u001b[?7h';
const frameMs = 80;

/**
 * The lines at the bottom of a terminal that say what is running, below everything else written to standard error.
 * Whoever writes there writes through `print`, so that lines and the area never mix. Without a terminal there is no
 * area, only the lines.
 */
export class StatusArea {
  readonly #sink: TextSink;
  readonly #live: boolean;
  readonly #mask: (text: string) => string;
  #render: ((frame: number) => readonly string[]) | null = null;
  #drawn = 0;
  #frame = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(sink: TextSink, options: { live: boolean; mask: (text: string) => string }) {
    this.#sink = sink;
    this.#mask = options.mask;
    this.#live = options.live && sink.isTTY === true;
  }

  get live(): boolean {
    return this.#live;
  }

  /** Writes whole lines above the area. */
  print(text: string): void {
    if (text === '') return;
    const masked = this.#mask(text);
    this.#sink.write(`${this.#erasure()}${masked.endsWith('\n') ? masked : `${masked}\n`}`);
    this.#draw();
  }

  /** Shows what `render` gives, again and again until `stop`. */
  start(render: (frame: number) => readonly string[]): void {
    if (!this.#live) return;
    this.#render = render;
    if (this.#timer !== null) return;
    this.#sink.write(hideCursor);
    this.#timer = setInterval(() => {
      this.#frame++;
      const erasure = this.#erasure();
      if (erasure !== '') this.#sink.write(erasure);
      this.#draw();
    }, frameMs);
    this.#timer.unref();
  }

  /** Shows a question below everything, without an area, until `answer` resolves. */
  async ask<T>(question: string, answer: () => Promise<T>): Promise<T> {
    const render = this.#render;
    this.stop();
    this.#sink.write(this.#mask(question));
    try {
      return await answer();
    } finally {
      if (render !== null) this.start(render);
    }
  }

  /** Removes the area. Safe to call twice. */
  stop(): void {
    if (this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
    this.#render = null;
    this.#sink.write(`${this.#erasure()}${showCursor}`);
  }

  #erasure(): string {
    const text = this.#drawn === 0 ? '' : `\u001b[${this.#drawn}A\u001b[0J`;
    this.#drawn = 0;
    return text;
  }

  #draw(): void {
    const lines = this.#render?.(this.#frame) ?? [];
    if (lines.length === 0) return;
    this.#drawn = lines.length;
    this.#sink.write(`${noWrap}${lines.map((line) => `${this.#mask(line)}\n`).join('')}${wrap}`);
  }
}
