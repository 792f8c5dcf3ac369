import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { CancelledError, StorageLockedError } from '../../errors.js';
import {
  absolute,
  createFile,
  type Disk,
  hasCode,
  listDirectory,
  makeDirectory,
  removeFile,
  statPath,
  writeAll,
} from './disk.js';
import { locksDirectory } from './layout.js';
import { currentProcess, isAlive, type ProcessIdentity } from './process-identity.js';

/*
 * One writer at a time, across processes, surviving crashes.
 *
 * The locks directory holds numbered files. Whoever creates the file with the highest number, exclusively, holds the
 * lock, until its first byte becomes `-` or its process is dead. The next holder creates the number above and removes
 * the ones below. The highest number never goes down, so a process that was slow to take over a dead holder's lock
 * finds a higher number than its own and steps back: unlike with one file that is removed and created again, no order
 * of events lets two processes believe they hold it.
 *
 * A holder on another host, or in another container, cannot be asked whether it lives: it renews its file's time, and
 * is taken for dead when that stands still for a minute by the file system's own clock.
 *
 * Who waits leaves a file that says so. A process that has just released the lock and wants it back lets those first,
 * or one that writes without a pause would keep the others out for ever.
 */

/** The right to write, until `release`. */
export interface Lock {
  release(): void;
}

export interface LockOptions {
  timeoutMs: number;
  signal?: AbortSignal | undefined;
}

const foreignTimeoutMs = 60_000;
const renewEveryMs = 5_000;
/** A holder that has not even written its name yet is given this long. */
const namelessTimeoutMs = 5_000;
/** How long a process that had the lock waits for others that want it. */
const courtesyMs = 200;
/** A waiting file that is older was left by a process that died. */
const waitingTimeoutMs = 15_000;
const waitingPrefix = 'waiting-';
const released = '-';

const holderSchema = z.object({ pid: z.number(), host: z.string(), startedAt: z.string().nullable() });

/**
 * Waits for the lock.
 * @throws StorageLockedError naming the holder after `timeoutMs`; CancelledError
 */
export async function acquireLock(disk: Disk, options: LockOptions): Promise<Lock> {
  await letOthersFirst(disk, options);
  const first = tryLock(disk);
  if ('release' in first) return first;
  const deadline = performance.now() + options.timeoutMs;
  const announcement = `${locksDirectory}/${waitingPrefix}${randomUUID()}`;
  createFile(disk, announcement, new Uint8Array());
  try {
    for (let pauseMs = 2; ; pauseMs = Math.min(pauseMs * 1.5, 25)) {
      await pause(disk, pauseMs, options);
      const outcome = tryLock(disk);
      if ('release' in outcome) return outcome;
      if (performance.now() > deadline) throw lockedError(disk, outcome.holder);
    }
  } finally {
    removeFile(disk, announcement);
  }
}

async function letOthersFirst(disk: Disk, options: LockOptions): Promise<void> {
  const until = performance.now() + courtesyMs;
  while (performance.now() < until && othersWait(disk) && wasMine(disk)) await pause(disk, 5, options);
}

function othersWait(disk: Disk): boolean {
  const waiting = (listDirectory(disk, locksDirectory) ?? []).filter(({ name }) =>
    name.startsWith(waitingPrefix),
  );
  return waiting.some(({ name }) => {
    const path = `${locksDirectory}/${name}`;
    const since = statPath(disk, path)?.mtimeMs ?? 0;
    const waits = Date.now() - since < waitingTimeoutMs;
    if (!waits) removeFile(disk, path);
    return waits;
  });
}

/** Whether this process was the last to hold the lock. */
function wasMine(disk: Disk): boolean {
  const text = readLock(disk, highestNumber(disk));
  const last = text?.startsWith(released) === true ? parseHolder(`{${text.slice(1)}`) : null;
  const me = currentProcess();
  return last?.pid === me.pid && last.host === me.host && last.startedAt === me.startedAt;
}

async function pause(disk: Disk, ms: number, { signal }: LockOptions): Promise<void> {
  try {
    await sleep(ms * (0.5 + Math.random()), undefined, { signal });
  } catch (cause) {
    throw new CancelledError(`Waiting for ${disk.location} was cancelled.`, { cause });
  }
}

/** Takes the lock, or tells who holds it (`null`: someone who has just come). */
export function tryLock(disk: Disk): Lock | { holder: ProcessIdentity | null } {
  makeDirectory(disk, locksDirectory);
  const highest = highestNumber(disk);
  if (highest > 0) {
    const holder = livingHolder(disk, highest);
    if (holder !== undefined) return { holder };
  }
  const mine = highest + 1;
  const name = lockName(mine);
  const content = Buffer.from(JSON.stringify(currentProcess()));
  try {
    createFile(disk, name, content);
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return { holder: null };
    throw error;
  }
  if (highestNumber(disk) !== mine) {
    removeFile(disk, name);
    return { holder: null };
  }
  const lock = held(disk, name, content);
  try {
    for (const number of numbers(disk)) if (number < mine) removeFile(disk, lockName(number));
  } catch (error) {
    lock.release();
    throw error;
  }
  return lock;
}

function held(disk: Disk, name: string, content: Uint8Array): Lock {
  const write = (bytes: Uint8Array): void => {
    const fd = disk.fs.openSync(absolute(disk, name), 'r+');
    try {
      writeAll(disk, fd, bytes);
    } finally {
      disk.fs.closeSync(fd);
    }
  };
  const renewal = setInterval(() => {
    try {
      write(content);
    } catch {
      // The next renewal, or the release, will tell.
    }
  }, renewEveryMs).unref();
  return {
    release() {
      clearInterval(renewal);
      // One byte in place needs no space: a full disk cannot keep the lock held. Should it fail twice, the storage was
      // removed or became read-only, and the lock ends with this process.
      for (let attempt = 1; attempt <= 2; attempt += 1) {
        try {
          write(Buffer.from(released));
          return;
        } catch {}
      }
    },
  };
}

/** Who holds lock `number`; `null` when not known yet, `undefined` when nobody does any more. */
function livingHolder(disk: Disk, number: number): ProcessIdentity | null | undefined {
  const text = readLock(disk, number);
  // Removed since it was listed: there is a higher one by now.
  if (text === null) return null;
  if (text.startsWith(released)) return undefined;
  const holder = parseHolder(text);
  if (holder === null) return standsStill(disk, number, namelessTimeoutMs) ? undefined : null;
  const alive =
    holder.host === currentProcess().host ? isAlive(holder) : !standsStill(disk, number, foreignTimeoutMs);
  return alive ? holder : undefined;
}

function readLock(disk: Disk, number: number): string | null {
  try {
    return disk.fs.readFileSync(absolute(disk, lockName(number)), 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return null;
    throw error;
  }
}

function parseHolder(text: string): ProcessIdentity | null {
  try {
    return holderSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

/** Whether a lock was last renewed longer ago than `ms`, both times from the file system's clock. */
function standsStill(disk: Disk, number: number, ms: number): boolean {
  const probe = `${locksDirectory}/probe-${process.pid}`;
  removeFile(disk, probe);
  const now = createFile(disk, probe, new Uint8Array()).mtimeMs;
  removeFile(disk, probe);
  const renewed = statPath(disk, lockName(number))?.mtimeMs;
  return renewed !== undefined && now - renewed > ms;
}

function numbers(disk: Disk): number[] {
  return (listDirectory(disk, locksDirectory) ?? []).flatMap(({ name }) =>
    /^\d+$/.test(name) ? [Number(name)] : [],
  );
}

function highestNumber(disk: Disk): number {
  return Math.max(0, ...numbers(disk));
}

function lockName(number: number): string {
  return `${locksDirectory}/${number}`;
}

function lockedError(disk: Disk, holder: ProcessIdentity | null): StorageLockedError {
  const who = holder === null ? 'another process' : `process ${holder.pid} on ${holder.host.split(' ')[0]}`;
  return new StorageLockedError(`${disk.location} is being written by ${who}.`, {
    hint: 'Wait for it to finish and run again. A lock whose process has ended is taken over by itself.',
    data: holder === null ? {} : { pid: holder.pid, host: holder.host },
  });
}
