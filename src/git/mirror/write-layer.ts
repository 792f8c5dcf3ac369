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

/** Adds objects to a layer, each once. */
export type FillLayer = (draft: LayerDraft) => Promise<void> | void;

/** What is added from files may be written now and then, and need not all stay in memory. */
const batchBytes = 8 * 1024 * 1024;

/**
 * Writes a layer to a path where nothing is yet.
 * @returns how many objects it holds
 */
export async function writeLayer(path: string, fill: FillLayer): Promise<number> {
  const fd = openSync(path, 'wx', 0o600);
  try {
    const draft = new LayerDraft(fd);
    await fill(draft);
    return await draft.finish();
  } finally {
    closeSync(fd);
  }
}

/** Packs' objects where they stand in memory; nothing is copied. */
export function packObjects(packs: readonly PackObjects[], withBlobs: boolean): FillLayer {
  return (draft) => {
    for (const [index, pack] of packs.entries()) {
      const again = new Set<string>();
      for (const other of packs.slice(0, index))
        for (const oid of other.oids()) if (pack.has(oid)) again.add(oid);
      pack.forEach((oid, type, size, slab, start, end) => {
        if (!withBlobs && type === 'blob') return;
        if (again.size === 0 || !again.has(oid)) draft.add(oid, type, size, slab, start, end);
      });
    }
  };
}

/** Objects of other layers, the newest first, those of `kept` only. */
export function layerObjects(layers: readonly MirrorLayer[], kept: ReadonlySet<string> | null): FillLayer {
  return async (draft) => {
    const seen = new Set<string>();
    for (const layer of layers) {
      for (const { oid, type, size, slab, start, end } of layer.raw()) {
        if (seen.has(oid) || kept?.has(oid) === false) continue;
        seen.add(oid);
        draft.add(oid, type, size, slab, start, end);
        if (draft.waitingBytes >= batchBytes) await draft.write();
      }
    }
  };
}

/** A layer on its way to a file. */
class LayerDraft {
  readonly #fd: number;
  readonly #table = new TableDraft();
  /** What is not written yet; neighbours in memory are one piece. */
  #pieces: Buffer[] = [];
  #slab: Buffer = layerMagic;
  #from = 0;
  #to = layerMagic.length;
  waitingBytes = layerMagic.length;

  constructor(fd: number) {
    this.#fd = fd;
  }

  /** An object as `LayerObject` tells it; one made for each of ten thousand would take longer than to write them. */
  add(oid: string, type: ObjectType, size: number, slab: Buffer, start: number, end: number): void {
    this.#table.add(oid, type, size, end - start);
    this.waitingBytes += end - start;
    if (slab !== this.#slab || start !== this.#to) this.#begin(slab, start);
    this.#to = end;
  }

  /** @throws when the disk is full */
  async write(): Promise<void> {
    this.#begin(layerMagic, 0);
    const [pieces, bytes] = [this.#pieces, this.waitingBytes];
    this.#pieces = [];
    this.waitingBytes = 0;
    if (bytes === 0) return;
    const { bytesWritten } = await promisify(writev)(this.#fd, pieces);
    if (bytesWritten !== bytes) throw new Error('The disk took only a part of what was written.');
  }

  /** @returns how many objects it holds */
  async finish(): Promise<number> {
    const objects = this.write();
    const table = await this.#encodeDuring(objects);
    this.#begin(table, 0);
    this.#to = table.length;
    this.waitingBytes += table.length;
    await this.write();
    return this.#table.rows;
  }

  /** The table takes about as long as the disk does, and is made meanwhile. */
  async #encodeDuring(writing: Promise<void>): Promise<Buffer> {
    try {
      return this.#table.encode();
    } finally {
      await writing;
    }
  }

  #begin(slab: Buffer, from: number): void {
    if (this.#to > this.#from) this.#pieces.push(this.#slab.subarray(this.#from, this.#to));
    this.#slab = slab;
    this.#from = from;
    this.#to = from;
  }
}
