import type { BigIntStats } from 'node:fs';

/** A line of the index has as many bytes for what the file system says of a file, mode included. */
export const recordBytes = 40;

/**
 * Writes what the file system says of a file as the index has it: seconds and nanoseconds of both times, device, inode,
 * room for the mode, owner, group, size; all cut to 32 bits, as git does (gitformat-index). Self-contained, with nothing
 * imported: the thread of `file-helper.ts` runs its text.
 */
export function writeStatRecord(record: DataView, at: number, stats: BigIntStats): void {
  const { ctimeMs, ctimeNs, mtimeMs, mtimeNs } = stats;
  record.setUint32(at, Math.floor(Number(ctimeMs) / 1000));
  record.setUint32(at + 4, Number(ctimeNs % 1_000_000_000n));
  record.setUint32(at + 8, Math.floor(Number(mtimeMs) / 1000));
  record.setUint32(at + 12, Number(mtimeNs % 1_000_000_000n));
  record.setUint32(at + 16, Number(stats.dev & 0xffffffffn));
  record.setUint32(at + 20, Number(stats.ino & 0xffffffffn));
  record.setUint32(at + 28, Number(stats.uid & 0xffffffffn));
  record.setUint32(at + 32, Number(stats.gid & 0xffffffffn));
  record.setUint32(at + 36, Number(stats.size & 0xffffffffn));
}

/** Records by the numbers of lines, one behind the other; zeros where none was set. */
export class StatRecords {
  #bytes = new Uint8Array(recordBytes * 256);
  #view = new DataView(this.#bytes.buffer);

  set(line: number, stats: BigIntStats): void {
    this.#makeRoom(line);
    writeStatRecord(this.#view, line * recordBytes, stats);
  }

  /** One that was made elsewhere. */
  copy(line: number, record: Uint8Array): void {
    this.#makeRoom(line);
    this.#bytes.set(record, line * recordBytes);
  }

  /** All of so many lines, as they stand in memory. */
  words(lines: number): Int32Array {
    if (lines > 0) this.#makeRoom(lines - 1);
    return new Int32Array(this.#bytes.buffer, 0, (lines * recordBytes) / 4);
  }

  #makeRoom(line: number): void {
    if ((line + 1) * recordBytes <= this.#bytes.length) return;
    const bytes = new Uint8Array(Math.max((line + 1) * recordBytes, this.#bytes.length * 2));
    bytes.set(this.#bytes);
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer);
  }
}
