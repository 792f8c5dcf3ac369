import * as z from 'zod';
import { resourceKey } from '../../../schemas/resources.js';
import { StorageError } from '../../errors.js';
import { blobId } from '../../resources/blob-id.js';
import {
  absolute,
  type Disk,
  listDirectory,
  makeDirectory,
  parentOf,
  readRegular,
  removeFile,
  renamePath,
  syncPath,
  writeDurably,
} from './disk.js';
import { journalDirectory } from './layout.js';
import type { Side, Step } from './step.js';

/**
 * A journal file is one batch: a line `flowgit-journal 1 <bytes of the header>`, a JSON header with the steps, and the
 * contents of all steps in a row, after it. Its name is `<generation>.<phase>`:
 *
 * - `tmp`: being written; worth nothing.
 * - `log`: committed. The batch has happened, whatever the files say; who finds it carries it out.
 * - `undo`: carrying it out failed. The batch has not happened; who finds it takes back what was done of it.
 * - `placed@<boot>`: carried out, but perhaps not on the disk yet: kept against a loss of power, see durability.ts.
 */
export interface JournalFile {
  name: string;
  generation: number;
  phase: 'tmp' | 'log' | 'undo' | 'placed';
  /** Of a placed one: which boot of the kernel had the files in its memory. */
  boot: string | null;
}

const namePattern = /^(\d+)\.(?:(tmp|log|undo)|placed@(.+))$/;
const firstLine = /^flowgit-journal 1 (\d+)\n/;
const chunkBytes = 1024 * 1024;

const sideSchema = z.union([
  z.null(),
  z.object({ type: z.literal('directory') }),
  z.object({ type: z.literal('file'), oid: z.string(), size: z.number(), mode: z.number().nullable() }),
]);
const pathSchema = z
  .string()
  .refine((path) => path.split('/').every((part) => part !== '' && part !== '.' && part !== '..'));
const headerSchema = z.object({
  steps: z.array(
    z.object({
      key: resourceKey,
      path: pathSchema,
      from: sideSchema,
      to: sideSchema,
      oid: z.string().nullable(),
      revision: z.number(),
    }),
  ),
});
type SavedSide = z.infer<typeof sideSchema>;

/** The journal's files, oldest first. */
export function listJournal(disk: Disk): JournalFile[] {
  const files: JournalFile[] = [];
  for (const { name } of listDirectory(disk, journalDirectory) ?? []) {
    const match = namePattern.exec(name);
    if (match === null) continue;
    const phase = (match[2] as 'tmp' | 'log' | 'undo' | undefined) ?? 'placed';
    files.push({ name, generation: Number(match[1]), phase, boot: match[3] ?? null });
  }
  return files.sort((a, b) => a.generation - b.generation);
}

/**
 * Writes a batch's steps down and commits to it, with two flushes however many there are.
 * When this fails nothing has happened.
 */
export function commitToJournal(disk: Disk, generation: number, steps: readonly Step[]): JournalFile {
  const staged: JournalFile = { name: `${generation}.tmp`, generation, phase: 'tmp', boot: null };
  const committed: JournalFile = { name: `${generation}.log`, generation, phase: 'log', boot: null };
  const isNew = makeDirectory(disk, journalDirectory);
  try {
    writeDurably(disk, journalPath(staged), encode(steps));
    renamePath(disk, journalPath(staged), journalPath(committed));
    syncPath(disk, journalDirectory);
    for (let at = journalDirectory; isNew && at !== ''; ) {
      at = parentOf(at);
      syncPath(disk, at);
    }
  } catch (error) {
    removeFile(disk, journalPath(staged));
    removeFile(disk, journalPath(committed));
    throw error;
  }
  return committed;
}

/** Moves a journal file to its next phase. */
export function changePhase(
  disk: Disk,
  file: JournalFile,
  phase: 'undo' | 'placed',
  boot: string | null,
): JournalFile {
  const name = phase === 'placed' ? `${file.generation}.placed@${boot}` : `${file.generation}.undo`;
  const next: JournalFile = { name, generation: file.generation, phase, boot };
  renamePath(disk, journalPath(file), journalPath(next));
  return next;
}

export function journalPath(file: JournalFile): string {
  return `${journalDirectory}/${file.name}`;
}

/** @throws StorageError when the file is damaged, which no crash can do to a committed one */
export function readJournal(disk: Disk, file: JournalFile): Step[] {
  const bytes = readRegular(disk, journalPath(file))?.content ?? Buffer.alloc(0);
  try {
    return decode(bytes);
  } catch (cause) {
    throw new StorageError(`${absolute(disk, journalPath(file))} is damaged.`, {
      hint: 'The disk lost a part of an unfinished change. Compare the storage with its source, then remove this file.',
      cause,
    });
  }
}

function* encode(steps: readonly Step[]): Generator<Uint8Array> {
  const saved = steps.map(({ key, path, from, to, oid, revision }) => {
    return { key, path, from: saveSide(from), to: saveSide(to), oid, revision };
  });
  const header = Buffer.from(JSON.stringify({ steps: saved }));
  let pending: Uint8Array[] = [Buffer.from(`flowgit-journal 1 ${header.byteLength}\n`), header];
  let pendingBytes = header.byteLength;
  for (const { from, to } of steps) {
    for (const side of [from, to]) {
      if (side?.type !== 'file') continue;
      pending.push(side.content);
      pendingBytes += side.content.byteLength;
    }
    if (pendingBytes < chunkBytes) continue;
    yield Buffer.concat(pending);
    pending = [];
    pendingBytes = 0;
  }
  yield Buffer.concat(pending);
}

function decode(bytes: Buffer): Step[] {
  const line = firstLine.exec(bytes.subarray(0, 64).toString('latin1'));
  if (line === null) throw new Error('The first line is missing.');
  const start = line[0].length;
  const end = start + Number(line[1]);
  const header = headerSchema.parse(JSON.parse(bytes.subarray(start, end).toString()));
  let offset = end;
  const restore = (side: SavedSide): Side => {
    if (side === null || side.type === 'directory') return side;
    const content = bytes.subarray(offset, offset + side.size);
    offset += side.size;
    if (blobId(content) !== side.oid) throw new Error('A content is not the one that was written.');
    return { type: 'file', oid: side.oid, content, mode: side.mode };
  };
  const steps = header.steps.map((step) => ({ ...step, from: restore(step.from), to: restore(step.to) }));
  if (offset !== bytes.byteLength) throw new Error('There is more than was written.');
  return steps;
}

function saveSide(side: Side): SavedSide {
  if (side === null || side.type === 'directory') return side;
  return { type: 'file', oid: side.oid, size: side.content.byteLength, mode: side.mode };
}
