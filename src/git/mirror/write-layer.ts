import { open } from 'node:fs/promises';
import type { PackObjects } from '../pack/pack-objects.js';
import type { MirrorLayer } from './layer.js';
import { encodeTable, type LayerRow, layerMagic } from './layer-format.js';

/** An object of which `bytes` are the header and the content, one behind the other. */
export interface LayerObject extends Omit<LayerRow, 'start'> {
  bytes: Buffer;
}

const batchBytes = 8 * 1024 * 1024;

/**
 * Writes a layer to a path where nothing is yet. Each id is taken once.
 * @returns how many objects it holds
 */
export async function writeLayer(path: string, objects: Iterable<LayerObject>): Promise<number> {
  const rows: LayerRow[] = [];
  const seen = new Set<string>();
  const file = await open(path, 'wx', 0o600);
  try {
    let start = layerMagic.length;
    let batch = new Batch(layerMagic);
    for (const { oid, type, size, bytes } of objects) {
      if (seen.has(oid)) continue;
      seen.add(oid);
      rows.push({ oid, type, size, start });
      start += bytes.length;
      batch.add(bytes);
      if (batch.bytes < batchBytes) continue;
      await batch.write(file);
      batch = new Batch();
    }
    batch.add(encodeTable(rows, start));
    await batch.write(file);
  } finally {
    await file.close();
  }
  return rows.length;
}

/** A pack's objects where they stand in memory; nothing is copied. */
export function* packObjects(packs: readonly PackObjects[], withBlobs: boolean): Generator<LayerObject> {
  for (const pack of packs) {
    for (const { oid, type, size, slab, start, end } of pack.laidOut()) {
      if (withBlobs || type !== 'blob') yield { oid, type, size, bytes: slab.subarray(start, end) };
    }
  }
}

/** Objects of other layers, the newest first, those of `kept` only. */
export function* layerObjects(
  layers: readonly MirrorLayer[],
  kept: ReadonlySet<string> | null,
): Generator<LayerObject> {
  for (const layer of layers) {
    for (const object of layer.raw()) if (kept === null || kept.has(object.oid)) yield object;
  }
}

/** Pieces to be written in one go; neighbours in memory become one piece. */
class Batch {
  readonly #pieces: Buffer[] = [];
  bytes = 0;

  constructor(first?: Buffer) {
    if (first !== undefined) this.add(first);
  }

  add(piece: Buffer): void {
    this.bytes += piece.length;
    const last = this.#pieces.at(-1);
    const joins =
      last !== undefined &&
      last.buffer === piece.buffer &&
      last.byteOffset + last.length === piece.byteOffset;
    if (!joins) {
      this.#pieces.push(piece);
      return;
    }
    this.#pieces[this.#pieces.length - 1] = Buffer.from(
      last.buffer,
      last.byteOffset,
      last.length + piece.length,
    );
  }

  /** @throws when the disk is full */
  async write(file: Awaited<ReturnType<typeof open>>): Promise<void> {
    if (this.bytes === 0) return;
    const { bytesWritten } = await file.writev(this.#pieces);
    if (bytesWritten !== this.bytes) throw new Error('The disk took only a part of what was written.');
  }
}
