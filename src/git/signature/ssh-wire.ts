/** Reads the data types of RFC 4251, section 5. Whatever goes beyond the end throws a RangeError. */
export class SshReader {
  #rest: Buffer;

  constructor(bytes: Uint8Array) {
    this.#rest = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get rest(): Buffer {
    return this.#rest;
  }

  bytes(length: number): Buffer {
    if (length > this.#rest.length) throw new RangeError('SSH data ends too early');
    const found = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(length);
    return found;
  }

  byte(): number {
    return this.bytes(1).readUInt8();
  }

  uint32(): number {
    return this.bytes(4).readUInt32BE();
  }

  string(): Buffer {
    return this.bytes(this.uint32());
  }

  text(): string {
    return this.string().toString('latin1');
  }

  /** A positive integer without leading zeros. */
  mpint(): Buffer {
    const found = this.string();
    if ((found[0] ?? 0) >= 0x80) throw new RangeError('an SSH number is negative');
    const start = found.findIndex((byte) => byte !== 0);
    return found.subarray(start === -1 ? found.length : start);
  }
}

/** A `string`: its length, then its bytes. */
export function sshString(content: Uint8Array | string): Buffer {
  const bytes = Buffer.from(content);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** An `mpint` of a positive integer, big-endian. */
export function sshNumber(content: Uint8Array): Buffer {
  const start = content.findIndex((byte) => byte !== 0);
  const digits = start === -1 ? Buffer.alloc(0) : Buffer.from(content.subarray(start));
  return sshString((digits[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.alloc(1), digits]) : digits);
}
