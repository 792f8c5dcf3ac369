import { closeSync, openSync, writev } from 'node:fs';
import { promisify } from 'node:util';
import type { ObjectType } from '../objects/store.js';
import type { PackObjects } from '../pack/pack-objects.js';
import type { MirrorLayer } from './layer.js';
import { layerMagic } from './layer-format.js';
import { TableDraft } from './table-draft.js';

/** An object whose header and content stand one behind the other in `slab`. */
export interface LayerObject {
  oid: string;
  type: ObjectType;
  size: number;
  slab: Buffer;
  start: number;
  end: number;
}

const batchBytes = 8 * 1024 * 1024;

/**
 * Writes a layer to a path where nothing is yet.
 * @param objects each once
 * @returns how many objects it holds
 */
export async function writeLayer(path: string, objects: Iterable<LayerObject>): Promise<number> {
  const table = new TableDraft();
  const fd = openSync(path, 'wx', 0o600);
  try {
    let batch = new Batch();
    batch.add(layerMagic, 0, layerMagic.length);
    for (const { oid, type, size, slab, start, end } of objects) {
      table.add(oid, type, size, end - start);
      batch.add(slab, start, end);
      if (batch.bytes < batchBytes) continue;
      await batch.write(fd);
      batch = new Batch();
    }
    const bytes = table.encode();
    batch.add(bytes, 0, bytes.length);
    await batch.write(fd);
  } finally {
    closeSync(fd);
  }
  return table.rows;
}

/** Packs' objects where they stand in memory; nothing is copied. */
export function packObjects(packs: readonly PackObjects[], withBlobs: boolean): LayerObject[] {
  return packs.flatMap((pack, index) => {
    const again = new Set(
      packs.slice(0, index).flatMap((other) => [...other.oids()].filter((oid) => pack.has(oid))),
    );
    const objects = pack.laidOut();
    if (withBlobs && again.size === 0) return objects;
    return objects.filter(({ oid, type }) => (withBlobs || type !== 'blob') && !again.has(oid));
  });
}

/** Objects of other layers, the newest first, those of `kept` only. */
export function* layerObjects(
  layers: readonly MirrorLayer[],
  kept: ReadonlySet<string> | null,
): Generator<LayerObject> {
  const seen = new Set<string>();
  for (const layer of layers) {
    for (const object of layer.raw()) {
      if (seen.has(object.oid) || kept?.has(object.oid) === false) continue;
      seen.add(object.oid);
      yield object;
    }
  }
}

/** Pieces to be written in one go; neighbours in memory are one piece. */
class Batch {
  readonly #pieces: Buffer[] = [];
  bytes = 0;
  #slab: Buffer | null = null;
  #from = 0;
  #to = 0;

  add(slab: Buffer, from: number, to: number): void {
    this.bytes += to - from;
    if (slab !== this.#slab || from !== this.#to) {
      this.#close();
      this.#slab = slab;
      this.#from = from;
    }
    this.#to = to;
  }

  /** @throws when the disk is full */
  async write(fd: number): Promise<void> {
    this.#close();
    if (this.bytes === 0) return;
    const { bytesWritten } = await promisify(writev)(fd, this.#pieces);
    if (bytesWritten !== this.bytes) throw new Error('The disk took only a part of what was written.');
  }

  #close(): void {
    if (this.#slab !== null) this.#pieces.push(this.#slab.subarray(this.#from, this.#to));
    this.#slab = null;
  }
}
