import { crc32 } from 'node:zlib';
import { PackWindow } from './pack-window.js';

/** Knows the CRC over what has been consumed of an entry, compressed as it is. */
export class EntryWindow extends PackWindow {
  crc = 0;

  override consume(bytes: number): void {
    this.crc = crc32(this.view(bytes), this.crc);
    super.consume(bytes);
  }

  /** Consumes entries whose CRC is known. */
  skip(bytes: number): void {
    super.consume(bytes);
  }
}
