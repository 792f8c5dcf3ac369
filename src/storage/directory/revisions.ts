import type { ResourceKey, ResourceKind } from '../../../schemas/resources.js';
import { StorageError } from '../../errors.js';
import { absolute, type Disk, hasCode, makeDirectory, renamePath, writeAll } from './disk.js';
import { privateDirectory, revisionsFile } from './layout.js';
import { isRacy, type Stamp } from './stamp.js';

/** A resource as it was when last seen; `oid` is null when it was gone, `stamp` when its content must be read again. */
export interface Row {
  oid: string | null;
  revision: number;
  stamp: Stamp | null;
}

/**
 * The rows of every resource ever seen, in one file:
 * `flowgit-revisions 1 <generation>`, then JSON. The generation grows with every write, so that a reader can tell
 * whether anything was written while it looked around.
 */
export class Revisions {
  generation = 0;
  readonly #shelves = new Map<string, Map<string, Row>>();

  #latest: { kind: ResourceKind; namespace: string; rows: ReadonlyMap<string, Row> } | null = null;

  get(key: ResourceKey): Row | undefined {
    const { kind, namespace } = key;
    // Keys come in runs of one namespace.
    if (this.#latest?.namespace !== namespace || this.#latest.kind !== kind) {
      const rows = this.#shelves.get(shelfName(key));
      if (rows === undefined) return undefined;
      this.#latest = { kind, namespace, rows };
    }
    return this.#latest.rows.get(key.id);
  }

  set(key: ResourceKey, row: Row): void {
    const name = shelfName(key);
    let shelf = this.#shelves.get(name);
    if (shelf === undefined) {
      shelf = new Map();
      this.#shelves.set(name, shelf);
    }
    shelf.set(key.id, row);
  }

  /** The namespaces of a kind and their rows, deleted resources included. */
  *shelvesOf(kind: ResourceKind): Generator<[namespace: string, rows: ReadonlyMap<string, Row>]> {
    for (const [name, rows] of this.#shelves) {
      if (name.startsWith(`${kind} `)) yield [name.slice(kind.length + 1), rows];
    }
  }

  *entries(): Generator<[name: string, rows: ReadonlyMap<string, Row>]> {
    yield* this.#shelves;
  }

  /** Takes a shelf as the file has it. */
  restore(name: string, rows: Iterable<[string, Row]>): void {
    this.#shelves.set(name, new Map(rows));
    this.#latest = null;
  }
}

type SavedRow = [
  id: string,
  oid: string,
  revision: number,
  size?: number,
  mtime?: number,
  ctime?: number,
  ino?: number,
];

const magic = 'flowgit-revisions 1 ';
const generationDigits = 15;
const headerBytes = magic.length + generationDigits + 1;

/** The generation on disk; 0 when there is no file yet. */
export function readGeneration(disk: Disk): number {
  let fd: number;
  try {
    fd = disk.fs.openSync(absolute(disk, revisionsFile), 'r');
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return 0;
    throw error;
  }
  try {
    const header = Buffer.alloc(headerBytes);
    const got = disk.fs.readSync(fd, header, 0, headerBytes, 0);
    return parseGeneration(disk, header.subarray(0, got).toString('latin1'));
  } finally {
    disk.fs.closeSync(fd);
  }
}

export function loadRevisions(disk: Disk): Revisions {
  const revisions = new Revisions();
  let text: string;
  try {
    text = disk.fs.readFileSync(absolute(disk, revisionsFile), 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return revisions;
    throw error;
  }
  revisions.generation = parseGeneration(disk, text.slice(0, headerBytes));
  try {
    const shelves = JSON.parse(text.slice(headerBytes)) as Record<string, SavedRow[]>;
    for (const [name, rows] of Object.entries(shelves)) revisions.restore(name, rows.map(restoreRow));
  } catch (cause) {
    throw damagedError(disk, cause);
  }
  return revisions;
}

/**
 * Replaces the file under the next generation; the renaming comes last, so a failure leaves the old file. Rows whose stamp is too young to be trusted are written
 * without it; the file's own time is the clock, because it comes from the file system that made the stamps.
 */
export function saveRevisions(disk: Disk, revisions: Revisions): void {
  const generation = revisions.generation + 1;
  makeDirectory(disk, privateDirectory);
  const staged = `${revisionsFile}.tmp`;
  const fd = disk.fs.openSync(absolute(disk, staged), 'w', 0o666);
  try {
    const clockMs = disk.fs.fstatSync(fd).mtimeMs;
    const shelves: Record<string, SavedRow[]> = Object.create(null);
    for (const [name, rows] of revisions.entries()) {
      shelves[name] = [...rows].map(([id, row]) => savedRow(id, row, clockMs));
    }
    writeAll(disk, fd, Buffer.from(`${formatHeader(generation)}${JSON.stringify(shelves)}`));
    disk.fs.fsyncSync(fd);
  } finally {
    disk.fs.closeSync(fd);
  }
  renamePath(disk, staged, revisionsFile);
  revisions.generation = generation;
}

/** Changes the generation alone, in place: that needs no space, so it works on the full disk that made a batch fail. */
export function bumpGeneration(disk: Disk): void {
  const generation = readGeneration(disk) + 1;
  const fd = disk.fs.openSync(absolute(disk, revisionsFile), 'r+');
  try {
    const digits = Buffer.from(formatGeneration(generation));
    disk.fs.writeSync(fd, digits, 0, digits.length, magic.length);
  } finally {
    disk.fs.closeSync(fd);
  }
}

function shelfName(key: ResourceKey): string {
  return `${key.kind} ${key.namespace}`;
}

function savedRow(id: string, row: Row, clockMs: number): SavedRow {
  const { oid, revision, stamp } = row;
  if (stamp === null || isRacy(stamp, clockMs)) {
    row.stamp = null;
    return [id, oid ?? '', revision];
  }
  return [id, oid ?? '', revision, stamp.size, stamp.mtimeMs, stamp.ctimeMs, stamp.ino];
}

function restoreRow([id, oid, revision, size, mtimeMs, ctimeMs, ino]: SavedRow): [string, Row] {
  const whole = size !== undefined && mtimeMs !== undefined && ctimeMs !== undefined && ino !== undefined;
  const stamp = whole ? { size, mtimeMs, ctimeMs, ino } : null;
  return [id, { oid: oid === '' ? null : oid, revision, stamp }];
}

function formatHeader(generation: number): string {
  return `${magic}${formatGeneration(generation)}\n`;
}

function formatGeneration(generation: number): string {
  return String(generation).padStart(generationDigits, '0');
}

function parseGeneration(disk: Disk, header: string): number {
  const digits = header.slice(magic.length, -1);
  if (header.length !== headerBytes || !header.startsWith(magic) || !/^\d+\n?$/.test(digits)) {
    throw damagedError(disk, undefined);
  }
  return Number(digits);
}

function damagedError(disk: Disk, cause: unknown): StorageError {
  return new StorageError(`${absolute(disk, revisionsFile)} is damaged.`, {
    hint: 'Restore it from a backup, or remove it: revisions then begin at 1 again.',
    cause,
  });
}
