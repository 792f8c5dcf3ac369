import { hash } from 'node:crypto';
import { oidWords, turnWords } from '../objects/oid-words.js';
import { rowsInOrder, sortByHead } from '../objects/sorted-rows.js';
import type { ObjectType } from '../objects/store.js';
import { footerBytes, layerMagic, oidBytes, rowBytes, types } from './layer-format.js';

const numberWords = rowBytes / 4 - oidWords;
const firstRows = 256;

/**
 * A layer's table on its way. Most processes write one, with code that has not run before: so its rows are words of
 * signed numbers, which take no memory of their own whatever the compiler knows.
 */
export class TableDraft {
  readonly #oids: string[] = [];
  /** What a row says beside the id, in three words of each row. */
  #numbers = new Int32Array(firstRows * numberWords);
  /** Where the next object begins. */
  #end = layerMagic.length;

  get rows(): number {
    return this.#oids.length;
  }

  /** @param bytes of header and content, which follow what was added before */
  add(oid: string, type: ObjectType, size: number, bytes: number): void {
    const at = this.#oids.length * numberWords;
    if (at === this.#numbers.length) this.#numbers = grown(this.#numbers);
    const start = this.#end;
    // Six bytes, five and one.
    this.#numbers[at] = start / 2 ** 16;
    this.#numbers[at + 1] = (start << 16) | (size / 2 ** 24);
    this.#numbers[at + 2] = (size << 8) | types.indexOf(type);
    this.#oids.push(oid);
    this.#end = start + bytes;
  }

  /** The table, and the footer. */
  encode(): Buffer {
    const { rows } = this;
    const oids = new Int32Array(rows * oidWords);
    Buffer.from(oids.buffer).write(this.#oids.join(''), 'hex');
    const numbers = this.#numbers.slice(0, rows * numberWords);
    turnWords(numbers);
    const words = rowsInOrder(sortByHead(oids).order, [oids, numbers]);
    const footer = Buffer.alloc(footerBytes);
    footer.writeUInt32BE(rows, 0);
    footer.writeUIntBE(this.#end, 4, 6);
    const bytes = Buffer.concat([new Uint8Array(words.buffer), footer]);
    bytes.write(
      hash('sha1', bytes.subarray(0, bytes.length - oidBytes), 'hex'),
      bytes.length - oidBytes,
      'hex',
    );
    return bytes;
  }
}

function grown(numbers: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(numbers.length * 2);
  larger.set(numbers);
  return larger;
}
