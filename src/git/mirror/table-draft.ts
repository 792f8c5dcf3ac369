import { hash } from 'node:crypto';
import { endianness } from 'node:os';
import type { ObjectType } from '../objects/store.js';
import { footerBytes, layerMagic, oidBytes, rowBytes, types } from './layer-format.js';

const oidWords = oidBytes / 4;
const rowWords = rowBytes / 4;
const numberWords = rowWords - oidWords;
const firstRows = 256;
/** Which of a floating-point number's two words has its sign. */
const upperWord = endianness() === 'LE' ? 1 : 0;

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
    const numbers = turned(this.#numbers.slice(0, rows * numberWords));
    const words = new Int32Array(rows * rowWords);
    sortedByHead(oids).forEach((row, place) => {
      const to = place * rowWords;
      for (let word = 0; word < oidWords; word++) words[to + word] = oids[row * oidWords + word] ?? 0;
      for (let word = 0; word < numberWords; word++)
        words[to + oidWords + word] = numbers[row * numberWords + word] ?? 0;
    });
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

/** The words with their highest byte first, as a layer has them; and such words as this machine has them. */
function turned(words: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  if (endianness() === 'LE') Buffer.from(words.buffer).swap32();
  return words;
}

/**
 * Rows by the first 32 bits of their ids. Numbers sort far faster by themselves than with a function that compares them:
 * the bits and the row's number below them are laid out as one floating-point number, whose order is that of its bits.
 */
function sortedByHead(oids: Int32Array): Int32Array {
  const rows = oids.length / oidWords;
  const order = new Int32Array(rows);
  for (let row = 0; row < rows; row++) order[row] = oids[row * oidWords] ?? 0;
  turned(order);
  const keys = new Float64Array(rows);
  const words = new Int32Array(keys.buffer);
  for (let row = 0; row < rows; row++) {
    const head = order[row] ?? 0;
    words[row * 2 + upperWord] = head >>> 2;
    words[row * 2 + 1 - upperWord] = (head << 30) | row;
  }
  keys.sort();
  for (let place = 0; place < rows; place++)
    order[place] = (words[place * 2 + 1 - upperWord] ?? 0) & (2 ** 30 - 1);
  return order;
}
