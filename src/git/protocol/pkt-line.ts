import { RemoteError } from '../../errors.js';

/** Packets without contents: `0000`, `0001` and `0002` of gitprotocol-v2. */
export type SpecialPacket = 'flush' | 'delimiter' | 'response-end';

export const flushPacket = Buffer.from('0000');
export const delimiterPacket = Buffer.from('0001');

const lengthDigits = 4;
const maxPayloadBytes = 65516;

/** One packet (gitprotocol-common, "pkt-line format"); text should end in a line feed. */
export function encodePacket(payload: string | Uint8Array): Buffer {
  const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload;
  if (bytes.length > maxPayloadBytes)
    throw new RangeError(`A packet holds at most ${maxPayloadBytes} bytes.`);
  const length = (bytes.length + lengthDigits).toString(16).padStart(lengthDigits, '0');
  return Buffer.concat([Buffer.from(length), bytes]);
}

/** Reads packets from a stream of bytes. */
export class PacketReader {
  readonly #source: AsyncIterator<Uint8Array>;
  #buffer: Buffer = Buffer.alloc(0);
  #position = 0;
  #ended = false;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /**
   * The next packet; null when the stream is over. A payload is valid until the next call.
   * @throws RemoteError when the stream ends inside a packet, or is not made of packets
   */
  async next(): Promise<Buffer | SpecialPacket | null> {
    if (!(await this.#require(lengthDigits))) {
      if (this.#buffer.length === this.#position) return null;
      throw truncated();
    }
    const length = this.#readLength();
    this.#position += lengthDigits;
    if (length === 0) return 'flush';
    if (length === 1) return 'delimiter';
    if (length === 2) return 'response-end';
    const payloadBytes = length - lengthDigits;
    if (!(await this.#require(payloadBytes))) throw truncated();
    const payload = this.#buffer.subarray(this.#position, this.#position + payloadBytes);
    this.#position += payloadBytes;
    return payload;
  }

  /**
   * Begins the next packet if its first byte is `band`: what follows that byte is read with {@link piece}, so that a
   * large packet need not be put together first.
   * @returns how many bytes follow; 0 when it is another packet, which is left to {@link next}
   */
  async begin(band: number): Promise<number> {
    if (!(await this.#require(lengthDigits))) return 0;
    const payloadBytes = this.#readLength() - lengthDigits;
    if (payloadBytes < 2 || !(await this.#require(lengthDigits + 1))) return 0;
    if (this.#buffer[this.#position + lengthDigits] !== band) return 0;
    this.#position += lengthDigits + 1;
    return payloadBytes - 1;
  }

  /**
   * Bytes of the packet that was begun, as many as there are; valid until the next call.
   * @throws RemoteError when the stream ends
   */
  async piece(maxBytes: number): Promise<Buffer> {
    if (!(await this.#require(1))) throw truncated();
    const piece = this.#buffer.subarray(this.#position, this.#position + maxBytes);
    this.#position += piece.length;
    return piece;
  }

  /** The stream's remaining bytes as they are, for servers that send a pack outside of packets. */
  async *rest(): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      if (this.#position < this.#buffer.length) yield this.#buffer.subarray(this.#position);
      while (!this.#ended) {
        const next = await this.#source.next();
        if (next.done) this.#ended = true;
        else yield next.value;
      }
    } finally {
      await this.close();
    }
  }

  /** Lets the stream go, read to its end or not. */
  async close(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    await this.#source.return?.();
  }

  #readLength(): number {
    const digits = this.#buffer.toString('latin1', this.#position, this.#position + lengthDigits);
    const length = /^[\da-f]{4}$/i.test(digits) ? Number.parseInt(digits, 16) : Number.NaN;
    if (length >= lengthDigits || length < 3) return length;
    throw new RemoteError('The remote did not answer in the git protocol.', {
      retryable: false,
      hint: 'Check that the URL is that of a git repository.',
      data: { received: excerpt(this.#buffer.subarray(this.#position)) },
    });
  }

  async #require(bytes: number): Promise<boolean> {
    while (this.#buffer.length - this.#position < bytes) {
      if (this.#ended) return false;
      const next = await this.#source.next();
      if (next.done) {
        this.#ended = true;
        return false;
      }
      const chunk = Buffer.from(next.value.buffer, next.value.byteOffset, next.value.byteLength);
      const unread = this.#buffer.subarray(this.#position);
      this.#buffer = unread.length === 0 ? chunk : Buffer.concat([unread, chunk]);
      this.#position = 0;
    }
    return true;
  }
}

/** A packet's text without its line feed. */
export function packetText(packet: Buffer): string {
  const end = packet.at(-1) === 0x0a ? packet.length - 1 : packet.length;
  return packet.toString('utf8', 0, end);
}

export function truncated(): RemoteError {
  return new RemoteError("The remote's answer ends early.", {
    hint: 'The connection was cut off; try again.',
  });
}

function excerpt(bytes: Buffer): string {
  return bytes.toString('latin1', 0, 80).replace(/[^\x20-\x7e]+/g, ' ');
}
