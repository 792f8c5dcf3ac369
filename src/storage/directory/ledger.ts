import type { Disk } from './disk.js';
import { loadRevisions, type Revisions, readGeneration, saveRevisions } from './revisions.js';

/** The revisions as this process last saw them, read again only when another process wrote them. */
export class Ledger {
  readonly #disk: Disk;
  #revisions: Revisions | null = null;
  /** Whether the rows here know something that the file does not. */
  unsaved = false;

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  current(): Revisions {
    if (this.#revisions === null || this.#revisions.generation !== readGeneration(this.#disk)) {
      this.#revisions = loadRevisions(this.#disk);
      this.unsaved = false;
    }
    return this.#revisions;
  }

  /** Only under the lock. */
  save(): void {
    if (this.#revisions === null) return;
    saveRevisions(this.#disk, this.#revisions);
    this.unsaved = false;
  }

  /** Drops rows that were changed for something that then did not happen. */
  forget(): void {
    this.#revisions = null;
    this.unsaved = false;
  }
}
