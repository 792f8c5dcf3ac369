import { createHash } from 'node:crypto';
import { CorruptPackError, LimitExceededError } from '../../errors.js';

const initialBytes = 256 * 1024;

/**
 * The unread part of a pack while it streams in: bytes are appended at one end and consumed at the other, and what is
 * consumed goes into the checksum.
 */
export class PackWindow {
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #maxBytes: number;
  readonly #checksum = createHash('sha1');
  #memory = Buffer.allocUnsafeSlow(initialBytes);
  #hashedTo = 0;
  #start = 0;
  #end = 0;
  /** Position in the pack of the first byte of the window's memory. */
  #origin = 0;
  #ended = false;

  constructor(source: AsyncIterable<Uint8Array>, maxBytes: number) {
    this.#source = source[Symbol.asyncIterator]();
    this.#maxBytes = maxBytes;
  }

  /** Position in the pack of the next unread byte. */
  get offset(): number {
    return this.#origin + this.#start;
  }

  get received(): number {
    return this.#origin + this.#end;
  }

  get available(): number {
    return this.#end - this.#start;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** The unread bytes, valid until the next call of `more`. */
  view(maxBytes = Number.POSITIVE_INFINITY): Buffer {
    return this.#memory.subarray(this.#start, Math.min(this.#end, this.#start + maxBytes));
  }

  consume(bytes: number): void {
    this.#start += bytes;
  }

  /** Waits for the next chunk; false when there is none. */
  async more(): Promise<boolean> {
    if (this.#ended) return false;
    const next = await this.#source.next();
    if (next.done) {
      this.#ended = true;
      return false;
    }
    this.#append(next.value);
    return true;
  }

  /** @throws CorruptPackError when the pack ends before `bytes` are there */
  async require(bytes: number): Promise<void> {
    while (this.available < bytes) {
      if (!(await this.more())) {
        throw new CorruptPackError(`The pack ends early, after ${this.received} bytes.`, {
          hint: 'The transfer was cut off; try again.',
        });
      }
    }
  }

  /** The checksum over everything consumed so far. */
  checksum(): Buffer {
    this.#hashConsumed();
    return this.#checksum.copy().digest();
  }

  /** Lets the source go, read to its end or not. */
  async close(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    await this.#source.return?.();
  }

  #append(chunk: Uint8Array): void {
    if (this.received + chunk.length > this.#maxBytes) {
      throw new LimitExceededError(`The pack is larger than ${this.#maxBytes} bytes.`, {
        hint: 'Raise the limit "maxPackBytes", sync a smaller directory, or clone with "depth: 1".',
        data: { limit: 'maxPackBytes', value: this.#maxBytes },
      });
    }
    if (this.#end + chunk.length > this.#memory.length) this.#makeRoom(chunk.length);
    this.#memory.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  #makeRoom(bytes: number): void {
    this.#hashConsumed();
    const needed = this.available + bytes;
    const roomy = needed * 2 > this.#memory.length;
    const memory = roomy ? Buffer.allocUnsafeSlow(Math.max(needed * 2, initialBytes)) : this.#memory;
    this.#memory.copy(memory, 0, this.#start, this.#end);
    this.#memory = memory;
    this.#origin += this.#start;
    this.#end -= this.#start;
    this.#hashedTo = 0;
    this.#start = 0;
  }

  #hashConsumed(): void {
    if (this.#hashedTo === this.#start) return;
    this.#checksum.update(this.#memory.subarray(this.#hashedTo, this.#start));
    this.#hashedTo = this.#start;
  }
}
