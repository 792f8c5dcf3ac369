import { endianness } from 'node:os';

/** Ids are copied and compared word by word: a loop over their bytes, or a call for each, takes far longer. */
export const oidWords = 5;
const isLittleEndian = endianness() === 'LE';

/** The same memory, which begins at a multiple of four. */
export function wordsOf(bytes: Buffer): Int32Array {
  return new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
}

/** Makes words whose highest byte comes first of this machine's, or the other way round. */
export function turnWords(words: Int32Array<ArrayBuffer>): void {
  if (isLittleEndian) Buffer.from(words.buffer, words.byteOffset, words.byteLength).swap32();
}
