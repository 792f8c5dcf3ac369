import { closeSync, openSync, read, readSync } from 'node:fs';
import { pipeline, Readable } from 'node:stream';
import { promisify } from 'node:util';
import { createInflate, inflateSync } from 'node:zlib';
import { CorruptPackError } from '../../errors.js';
import type { ObjectType } from '../objects/store.js';
import { applyDelta, readDeltaSizes } from './apply-delta.js';
import { checkObjectSize } from './check-object-size.js';
import type { ContentCache, ContentRun } from './content-cache.js';
import type { PackTable } from './pack-table.js';

const readAsync = promisify(read);
const pieceBytes = 256 * 1024;

/** Learns of objects as they are named, while their contents are at hand. */
export interface ObjectListener {
  blob(pack: DiskPack, entry: number, oid: string): void;
  other(pack: DiskPack, entry: number, object: { type: ObjectType; oid: string; content: Buffer }): void;
}

/** Random access to the objects of a pack file whose table is known. */
export class DiskPack {
  readonly table: PackTable;
  readonly #file: number;
  readonly #cache: ContentCache;
  readonly maxObjectBytes: number;
  readonly #listener: ObjectListener | undefined;

  constructor(
    path: string,
    table: PackTable,
    cache: ContentCache,
    { maxObjectBytes, listener }: { maxObjectBytes: number; listener?: ObjectListener | undefined },
  ) {
    this.#file = openSync(path, 'r');
    this.table = table;
    this.#cache = cache;
    this.maxObjectBytes = maxObjectBytes;
    this.#listener = listener;
  }

  /** Names an entry; its content is likely to be asked for. */
  keep(entry: number, type: ObjectType, oid: string, content: Buffer): void {
    this.#cache.put(entry, content);
    this.named(entry, type, oid, content);
  }

  /** Takes the contents of entries that are named next. */
  holdRun(run: ContentRun): void {
    this.#cache.putRun(run);
  }

  /** Names an entry, whose content is here or held. */
  named(entry: number, type: ObjectType, oid: string, content?: Buffer): void {
    this.table.name(entry, type, oid);
    if (type === 'blob') this.#listener?.blob(this, entry, oid);
    else this.#listener?.other(this, entry, { type, oid, content: content ?? this.content(entry) });
  }

  /** Content that needs no reading. */
  cached(entry: number): Buffer | undefined {
    return this.#cache.get(entry);
  }

  /** An object's content, its chain of deltas resolved. */
  content(entry: number): Buffer {
    const chain: number[] = [];
    let at = entry;
    let content = this.#cache.get(at);
    while (content === undefined && this.#base(at) !== -1) {
      chain.push(at);
      at = this.#base(at);
      content = this.#cache.get(at);
    }
    content ??= this.#remember(at, this.inflated(at));
    for (let next = chain.pop(); next !== undefined; next = chain.pop()) {
      content = this.#remember(next, this.apply(content, this.inflated(next)));
    }
    return content;
  }

  /** Whether the entry holds an object as it is, so that {@link stream} can read it. */
  isWhole(entry: number): boolean {
    return this.#base(entry) === -1;
  }

  /** The content of a whole object of any size, piece by piece. */
  stream(entry: number): Readable {
    return pipeline(Readable.from(this.#pieces(entry)), createInflate(), () => {});
  }

  /** An entry's own bytes: the object, or the instructions of a delta. */
  inflated(entry: number): Buffer {
    const { start, end } = this.#extent(entry);
    const raw = Buffer.allocUnsafe(end - start);
    for (let done = 0; done < raw.length; ) {
      const bytesRead = readSync(this.#file, raw, done, raw.length - done, start + done);
      if (bytesRead === 0) throw cut();
      done += bytesRead;
    }
    const size = this.table.sizes[entry] ?? 0;
    // One byte of room more than needed spares zlib a second output buffer.
    const content = inflateSync(raw, {
      chunkSize: Math.max(64, size + 1),
      maxOutputLength: Math.max(1, size),
    });
    if (content.length !== size) throw new CorruptPackError('The pack file changed while it was read.');
    return content;
  }

  /** The object that delta instructions make of its base. */
  apply(base: Buffer, delta: Buffer): Buffer {
    const { baseSize, resultSize, start } = readDeltaSizes(delta);
    if (baseSize !== base.length) {
      throw new CorruptPackError('The pack is broken: a delta was made for another base.');
    }
    checkObjectSize(resultSize, this.maxObjectBytes);
    const target = Buffer.allocUnsafe(resultSize);
    applyDelta(base, delta, start, target);
    return target;
  }

  close(): void {
    closeSync(this.#file);
  }

  async *#pieces(entry: number): AsyncGenerator<Buffer> {
    const { start, end } = this.#extent(entry);
    for (let at = start; at < end; ) {
      const piece = Buffer.allocUnsafe(Math.min(pieceBytes, end - at));
      const { bytesRead } = await readAsync(this.#file, piece, 0, piece.length, at);
      if (bytesRead === 0) throw cut();
      yield piece.subarray(0, bytesRead);
      at += bytesRead;
    }
  }

  #remember(entry: number, content: Buffer): Buffer {
    this.#cache.put(entry, content);
    return content;
  }

  #base(entry: number): number {
    return this.table.bases[entry] ?? -1;
  }

  #extent(entry: number): { start: number; end: number } {
    const { offsets, headerBytes } = this.table;
    return { start: (offsets[entry] ?? 0) + (headerBytes[entry] ?? 0), end: offsets[entry + 1] ?? 0 };
  }
}

function cut(): CorruptPackError {
  return new CorruptPackError('The pack file was cut while it was read.');
}
