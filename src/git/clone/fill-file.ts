import type * as fs from 'node:fs';

/** What writing a file asks of `node:fs`. */
type FileCalls = Pick<typeof fs, 'writeSync' | 'fstatSync' | 'closeSync'>;

/**
 * Writes a new file's content and closes it. Self-contained, with nothing imported: the thread of `file-helper.ts` runs
 * its text.
 * @returns what the file system says of the file
 */
export function fillFile(
  { writeSync, fstatSync, closeSync }: FileCalls,
  file: number,
  content: Uint8Array,
): fs.BigIntStats {
  try {
    for (let at = 0; at < content.length; ) at += writeSync(file, content, at);
    return fstatSync(file, { bigint: true });
  } finally {
    closeSync(file);
  }
}
