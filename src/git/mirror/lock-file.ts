import { randomUUID } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cancellation, throwIfCancelled } from '../cancelled.js';

/*
 * The lock spares work and protects nothing: layers have names of their own and the manifest is replaced at once, so
 * that two holders at the same time, which only a very unlucky takeover can lead to, fetch the same thing twice.
 *
 * Its files are tiny: to have another thread handle them would take far longer than they do.
 */

const renewEveryMs = 5_000;
/** A holder that does not renew its lock for so long has stopped, wherever it runs. */
const stalledMs = 30_000;
const firstPauseMs = 2;
const longestPauseMs = 25;

/**
 * Waits for the lock of a directory.
 * @returns what releases it
 * @throws CancelledError; whatever the file system fails with
 */
export async function acquireLockFile(
  directory: string,
  signal: AbortSignal | undefined,
): Promise<() => void> {
  const path = join(directory, 'lock');
  const token = JSON.stringify({ ...self(), token: randomUUID() });
  let seen = { state: '', since: 0 };
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 1.5, longestPauseMs)) {
    throwIfCancelled(signal);
    const present = look(path);
    if (present === null) {
      if (tryCreate(directory, path, token)) return holding(path, token);
    } else {
      // Renewals are watched with this process's own clock; the file system's may differ.
      const { holder, renewedMs } = present;
      const state = `${holder} ${renewedMs}`;
      if (state !== seen.state) seen = { state, since: performance.now() };
      if (hasEnded(holder) || performance.now() - seen.since > stalledMs) takeAway(path, holder);
    }
    await pause(pauseMs, signal);
  }
}

/** Null when nobody holds it. One that cannot be read fails: its end could not be told, and waiting for it be without end. */
function look(path: string): { holder: string; renewedMs: number } | null {
  try {
    return { holder: readFileSync(path, 'utf8'), renewedMs: statSync(path).mtimeMs };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // A directory that somebody made there is nobody's lock, and would be in the way for ever.
    if (code === 'EISDIR') rmSync(path, { recursive: true, force: true });
    else if (code !== 'ENOENT') throw error;
    return null;
  }
}

function holderOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

/** The file appears with its content, so that no half-written one is ever seen. */
function tryCreate(directory: string, path: string, token: string): boolean {
  const own = join(directory, `tmp-${randomUUID()}`);
  writeFileSync(own, token, { flag: 'wx', mode: 0o600 });
  try {
    linkSync(own, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(own, { force: true });
  }
}

function holding(path: string, token: string): () => void {
  const renewal = setInterval(() => {
    const now = new Date();
    attempt(() => utimesSync(path, now, now)); // the mirror may be removed at any moment
  }, renewEveryMs);
  renewal.unref();
  return () => {
    clearInterval(renewal);
    if (holderOf(path) === token) attempt(() => rmSync(path, { force: true }));
  };
}

/** Moves a dead holder's file aside, and back when another one had taken its place by then. */
function takeAway(path: string, holder: string): void {
  const aside = `${path}-${randomUUID()}`;
  if (!attempt(() => renameSync(path, aside))) return;
  if (holderOf(aside) !== holder) attempt(() => linkSync(aside, path));
  attempt(() => rmSync(aside, { force: true }));
}

/** @returns whether it did not fail */
function attempt(action: () => void): boolean {
  try {
    action();
    return true;
  } catch {
    return false;
  }
}

interface Holder {
  pid: number;
  host: string;
  startedAt: number;
}

/** A process's number alone may be another one's later, and in a container it often is. */
function self(): Holder {
  return {
    pid: process.pid,
    host: hostname(),
    startedAt: Math.round(Date.now() / 1000 - process.uptime()),
  };
}

/** Whether the holder ran on this host and does no more. Of other hosts only stalled locks tell. */
function hasEnded(text: string): boolean {
  const holder = parse(text);
  const own = self();
  if (holder === null || holder.host !== own.host) return false;
  if (holder.pid === own.pid) return Math.abs(holder.startedAt - own.startedAt) > 2;
  try {
    process.kill(holder.pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

function parse(text: string): Holder | null {
  try {
    const { pid, host, startedAt } = JSON.parse(text) as Record<string, unknown>;
    if (typeof pid !== 'number' || typeof host !== 'string' || typeof startedAt !== 'number') return null;
    return { pid, host, startedAt };
  } catch {
    return null;
  }
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(ms * (0.5 + Math.random()), undefined, { signal });
  } catch {
    throw cancellation(signal);
  }
}
