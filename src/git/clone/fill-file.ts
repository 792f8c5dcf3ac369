import type * as fs from 'node:fs';

/** What writing a file asks of `node:fs`. */
type FileCalls = Pick<typeof fs, 'writeSync' | 'fstatSync' | 'closeSync'>;

/**
 * Writes a new file's content, from `start` to `end` in `bytes`, and closes it. Self-contained, with nothing imported:
 * the thread of `file-helper.ts` runs its text.
 * @returns what the file system says of the file
 */
export function fillFile(
  { writeSync, fstatSync, closeSync }: FileCalls,
  file: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): fs.BigIntStats {
  try {
    for (let at = start; at < end; ) at += writeSync(file, bytes, at, end - at);
    return fstatSync(file, { bigint: true });
  } finally {
    closeSync(file);
  }
}
