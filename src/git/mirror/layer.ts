import { hash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync, unlinkSync } from 'node:fs';
import type { GitObject, ReadableObjects } from '../objects/store.js';
import {
  findRow,
  footerBytes,
  headerOf,
  isTableIntact,
  type LayerRow,
  layerMagic,
  readFooter,
  readRow,
  rowBytes,
} from './layer-format.js';
import type { LayerObject } from './write-layer.js';

/** After so many single reads it pays to have all objects in memory. */
const singleReads = 32;
/** Above this size they are never all in memory. */
const maxResidentBytes = 80 * 1024 * 1024;

/**
 * Objects of a file. Only their table is read beforehand; each object is checked against its id when it is first read.
 * A file that turns out to be damaged, or is removed meanwhile, no longer has what it lost: whoever needs that fetches
 * it.
 */
export class MirrorLayer implements ReadableObjects {
  readonly #path: string;
  readonly #table: Buffer;
  readonly #rows: number;
  readonly #objectsEnd: number;
  /** By row: objects that were read and are what their ids say. They stay, whatever becomes of the file. */
  readonly #found = new Map<number, GitObject>();
  #resident: Buffer | null = null;
  #gone = false;

  private constructor(
    path: string,
    table: Buffer,
    { rows, tableStart }: { rows: number; tableStart: number },
  ) {
    this.#path = path;
    this.#table = table;
    this.#rows = rows;
    this.#objectsEnd = tableStart;
  }

  /** @returns null when there is no layer at the path, or one that is damaged, which is then removed */
  static open(path: string): MirrorLayer | null {
    try {
      const found = withFile(path, readTable);
      if (found !== null) return new MirrorLayer(path, found.table, found);
    } catch {
      return null;
    }
    discard(path);
    return null;
  }

  get bytes(): number {
    return this.#objectsEnd + this.#table.length;
  }

  /** Something in it was found damaged. */
  get isGone(): boolean {
    return this.#gone;
  }

  has(oid: string): boolean {
    return this.get(oid) !== undefined;
  }

  get(oid: string): GitObject | undefined {
    const row = findRow(this.#table, this.#rows, oid);
    return row === -1 ? undefined : (this.#found.get(row) ?? this.#read(row));
  }

  *rows(): Generator<LayerRow, void, undefined> {
    for (let row = 0; row < this.#rows; row++) yield readRow(this.#table, row);
  }

  /** Every object as its file has it, not checked. */
  *raw(): Generator<LayerObject, void, undefined> {
    this.#load();
    for (const row of this.rows()) {
      const slab = this.#bytesOf(row);
      if (slab !== null) yield { ...row, slab, start: 0, end: slab.length };
    }
  }

  #read(row: number): GitObject | undefined {
    if (this.#gone) return undefined;
    const { oid, type, size, start } = readRow(this.#table, row);
    if (this.#found.size >= singleReads) this.#load();
    const bytes = this.#bytesOf({ oid, type, size, start });
    if (bytes === null) return undefined;
    if (hash('sha1', bytes, 'hex') !== oid) {
      this.#gone = true;
      discard(this.#path);
      return undefined;
    }
    const object = { type, data: bytes.subarray(bytes.length - size) };
    this.#found.set(row, object);
    return object;
  }

  #bytesOf({ type, start, size }: LayerRow): Buffer | null {
    const length = headerOf(type, size).length + size;
    if (start + length > this.#objectsEnd) return null;
    if (this.#resident !== null) return this.#resident.subarray(start, start + length);
    return this.#readFile(start, length);
  }

  #load(): void {
    if (this.#resident !== null || this.#objectsEnd > maxResidentBytes) return;
    this.#resident = this.#readFile(0, this.#objectsEnd);
  }

  #readFile(start: number, length: number): Buffer | null {
    try {
      return withFile(this.#path, (fd) => {
        const bytes = Buffer.allocUnsafeSlow(length);
        return readSync(fd, bytes, 0, length, start) === length ? bytes : null;
      });
    } catch {
      return null;
    }
  }
}

function withFile<T>(path: string, use: (fd: number) => T): T {
  const fd = openSync(path, 'r');
  try {
    return use(fd);
  } finally {
    closeSync(fd);
  }
}

function readTable(fd: number): { table: Buffer; rows: number; tableStart: number } | null {
  const { size } = fstatSync(fd);
  if (size < layerMagic.length + footerBytes) return null;
  const magic = Buffer.alloc(layerMagic.length);
  readSync(fd, magic, 0, magic.length, 0);
  const end = Buffer.alloc(footerBytes);
  readSync(fd, end, 0, footerBytes, size - footerBytes);
  const footer = readFooter(end, size);
  if (footer === null || !magic.equals(layerMagic)) return null;
  const bytes = Buffer.allocUnsafeSlow(footer.rows * rowBytes + footerBytes);
  const bytesRead = readSync(fd, bytes, 0, bytes.length, footer.tableStart);
  if (bytesRead !== bytes.length || !isTableIntact(bytes)) return null;
  return { ...footer, table: bytes };
}

function discard(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Gone already, or not ours to remove: it is not used either way.
  }
}
