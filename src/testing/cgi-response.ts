import type { ServerResponse } from 'node:http';
import { Transform, type TransformCallback } from 'node:stream';

/**
 * Splits a CGI program's output (RFC 3875, section 6) into the head, which it writes to `response`, and the body,
 * which it passes on.
 */
export class CgiResponse extends Transform {
  readonly #response: ServerResponse;
  #head: Buffer | null = Buffer.alloc(0);

  constructor(response: ServerResponse) {
    super();
    this.#response = response;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    if (this.#head === null) {
      done(null, chunk);
      return;
    }
    this.#head = Buffer.concat([this.#head, chunk]);
    const end = this.#head.indexOf('\r\n\r\n');
    if (end === -1) {
      done();
      return;
    }
    const body = this.#head.subarray(end + 4);
    writeHead(this.#response, this.#head.toString('latin1', 0, end));
    this.#head = null;
    done(null, body.length > 0 ? body : undefined);
  }

  override _flush(done: TransformCallback): void {
    if (this.#head !== null && !this.#response.headersSent) this.#response.writeHead(500);
    done();
  }
}

function writeHead(response: ServerResponse, head: string): void {
  let status = 200;
  for (const line of head.split('\r\n')) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon);
    const value = line.slice(colon + 1).trim();
    if (name.toLowerCase() === 'status') status = Number.parseInt(value, 10);
    else response.setHeader(name, value);
  }
  response.writeHead(status);
}
