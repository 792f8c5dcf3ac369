import { recordBytes } from './stat-record.js';

const mostJobs = 4096;
const roomBytes = 2 * 1024 * 1024;
/** Larger ones would leave too little room for others. */
const largestJobBytes = roomBytes / 4;

/** What the caller and the thread of `file-helper.ts` both see. */
export interface SharedMemory {
  /** By {@link cells}. */
  cells: Int32Array;
  /** What is to be made: of each job, by its number, the {@link slotFields}. */
  slots: Int32Array;
  /** Each job's path and content and then, in their place, its record. */
  room: Uint8Array;
}

/** Numbers that tell one thread what the other one does. */
export const cells = {
  /**
   * The jobs that nobody has begun: number of the first in the upper half, and behind the last in the lower. One cell,
   * so that two who take from its ends never take the same.
   */
  range: 0,
  /** Number behind the last job that the thread has done. */
  done: 1,
  /** Grows when there is something new. */
  news: 2,
  /** 1 while the thread waits for news. */
  asleep: 3,
  /** 1 when nothing is offered any more. */
  closed: 4,
  /** 1 when the thread could not make a file, and does no more. */
  failed: 5,
  /** Number behind the last job whose file the thread has made, which is filled next. */
  made: 6,
} as const;

export const slotFields = { start: 0, pathBytes: 1, contentBytes: 2, permissions: 3 } as const;
export const fieldsEach = Object.keys(slotFields).length;

/** A small file that is to be made. */
export interface NewFile {
  /** Bytes as latin1, below the root. */
  path: string;
  permissions: number;
  content: Uint8Array;
}

/**
 * Files for a second thread to make, in memory that both threads see: no message has to wait until somebody turns his
 * event loop. The thread takes the first ones; the last ones can be taken back. What it holds is bounded.
 */
export class FileJobs {
  readonly memory: SharedMemory = {
    cells: new Int32Array(new SharedArrayBuffer(4 * Object.keys(cells).length)),
    slots: new Int32Array(new SharedArrayBuffer(4 * fieldsEach * mostJobs)),
    room: new Uint8Array(new SharedArrayBuffer(roomBytes)),
  };
  readonly #cells = this.memory.cells;
  readonly #slots = this.memory.slots;
  readonly #room = Buffer.from(this.memory.room.buffer);
  /** What the caller calls a job, by its number. */
  readonly #names = new Uint32Array(mostJobs);
  /** Numbers of the first job whose record was not collected, and behind the last one. They begin anew after 65535. */
  #first = 0;
  #end = 0;
  /** Where the next job's bytes may begin. */
  #free = 0;

  /** Whether it would find room if there were no others. */
  fits(path: string, content: Uint8Array): boolean {
    return path.length + content.length <= largestJobBytes;
  }

  /**
   * @param name what the caller calls it
   * @returns false when there is no room now
   */
  offer(name: number, { path, permissions, content }: NewFile): boolean {
    const start = this.#place(Math.max(path.length + content.length, recordBytes));
    if (start === -1) return false;
    const slot = this.#end % mostJobs;
    this.#slots[slot * fieldsEach + slotFields.start] = start;
    this.#slots[slot * fieldsEach + slotFields.pathBytes] = path.length;
    this.#slots[slot * fieldsEach + slotFields.contentBytes] = content.length;
    this.#slots[slot * fieldsEach + slotFields.permissions] = permissions;
    this.#room.write(path, start, 'latin1');
    this.#room.set(content, start + path.length);
    this.#names[slot] = name;
    this.#moveEnd(1);
    return true;
  }

  /** Tells the thread of what was offered. */
  announce(): void {
    Atomics.add(this.#cells, cells.news, 1);
    if (Atomics.load(this.#cells, cells.asleep) === 1) Atomics.notify(this.#cells, cells.news);
  }

  /** Nothing is offered any more: when all is done, the thread may end. */
  close(): void {
    Atomics.store(this.#cells, cells.closed, 1);
    this.announce();
  }

  /** Whether the thread could not make a file; its last message says why. */
  get hasFailed(): boolean {
    return Atomics.load(this.#cells, cells.failed) === 1;
  }

  /** How many jobs nobody has begun. */
  get waiting(): number {
    const range = Atomics.load(this.#cells, cells.range);
    return (range - (range >>> 16)) & 0xffff;
  }

  /** Takes back the last job that nobody has begun, and answers its name. */
  takeBack(): number | undefined {
    if (!this.#moveEnd(-1)) return undefined;
    const slot = this.#end % mostJobs;
    this.#free = this.#slots[slot * fieldsEach + slotFields.start] ?? 0;
    return this.#names[slot];
  }

  /**
   * Learns what the thread has done since the last call.
   * @returns whether it is at something, or may begin something
   */
  collect(onDone: (name: number, record: Uint8Array) => void): boolean {
    const done = Atomics.load(this.#cells, cells.done);
    while (this.#first !== done) {
      const slot = this.#first % mostJobs;
      const start = this.#startOf(this.#first);
      onDone(this.#names[slot] ?? 0, this.memory.room.subarray(start, start + recordBytes));
      this.#first = (this.#first + 1) & 0xffff;
    }
    return this.#first !== this.#end;
  }

  /** The name of a job whose file was made, but not filled. To be asked once the thread has ended and all is collected. */
  get halfDone(): number | undefined {
    if (Atomics.load(this.#cells, cells.made) === this.#first) return undefined;
    return this.#names[this.#first % mostJobs];
  }

  /** Takes back all that nobody has begun. Nothing is offered any more. */
  abandon(): void {
    while (this.takeBack() !== undefined) {}
    this.close();
  }

  /** Waits, a millisecond at most, until the thread has done something that was not collected. */
  wait(): void {
    Atomics.wait(this.#cells, cells.done, this.#first, 1);
  }

  /** @returns where so many bytes are free, or -1 */
  #place(bytes: number): number {
    const jobs = (this.#end - this.#first) & 0xffff;
    if (jobs === mostJobs) return -1;
    const used = jobs === 0 ? 0 : this.#startOf(this.#first);
    if (jobs === 0) this.#free = 0;
    const isBroken = jobs > 0 && this.#free <= used;
    const start = !isBroken && this.#free + bytes > roomBytes ? 0 : this.#free;
    const limit = isBroken || start < this.#free ? used : roomBytes;
    if (start + bytes > limit) return -1;
    this.#free = start + bytes;
    return start;
  }

  #startOf(number: number): number {
    return this.#slots[(number % mostJobs) * fieldsEach + slotFields.start] ?? 0;
  }

  /** @returns false when there is no job left to take back */
  #moveEnd(by: 1 | -1): boolean {
    for (;;) {
      const range = Atomics.load(this.#cells, cells.range);
      const front = range >>> 16;
      if (by < 0 && front === this.#end) return false;
      const end = (this.#end + by) & 0xffff;
      if (Atomics.compareExchange(this.#cells, cells.range, range, (front << 16) | end) !== range) continue;
      this.#end = end;
      return true;
    }
  }
}
