import { readdirSync, rmSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { manifestName, readManifest, temporaryPrefix } from './manifest.js';

/** Looked at without a pause: to have another thread look would take far longer, and many more would hold up others. */
const mirrorsPerTurn = 32;
/** What no manifest names may be about to be named, or still be read: it is left alone for so long. */
const unnamedMs = 2 * 60 * 1000;

interface MirrorFile {
  path: string;
  bytes: number;
  mtimeMs: number;
}

interface Mirror {
  directory: string;
  files: readonly MirrorFile[];
  bytes: number;
  usedMs: number;
}

/**
 * Removes what nobody needs from the mirror in use, and, while all mirrors together are too large, superseded layers and
 * then whole mirrors, the least recently used first. The one in use goes last.
 */
export async function boundMirrors(root: string, inUse: string, maxBytes: number): Promise<void> {
  const mirrors: Mirror[] = [];
  for (const name of readdirSync(root)) {
    mirrors.push(measure(join(root, name), inUse));
    if (mirrors.length % mirrorsPerTurn === 0) await nextTurn();
  }
  for (const mirror of mirrors) if (mirror.directory === inUse) removeUnnamed(mirror, unnamedMs);
  if (bytesOf(mirrors) <= maxBytes) return;
  mirrors.sort((a, b) => a.usedMs - b.usedMs);
  for (const [place, { directory }] of mirrors.entries()) {
    removeUnnamed(measure(directory, inUse), 0);
    mirrors[place] = measure(directory, inUse);
    await nextTurn();
  }
  let total = bytesOf(mirrors);
  for (const { directory, bytes } of mirrors) {
    if (total <= maxBytes) return;
    total -= bytes;
    await rm(directory, { recursive: true, force: true });
  }
}

function bytesOf(mirrors: readonly Mirror[]): number {
  return mirrors.reduce((sum, { bytes }) => sum + bytes, 0);
}

function measure(directory: string, inUse: string): Mirror {
  const files = filesOf(directory);
  const used = files.find(({ path }) => path === join(directory, manifestName))?.mtimeMs ?? 0;
  return {
    directory,
    files,
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    usedMs: directory === inUse ? Number.POSITIVE_INFINITY : used,
  };
}

/** Layers of no manifest and files that were being written when their process ended. */
function removeUnnamed({ directory, files }: Mirror, olderThanMs: number): void {
  const now = Date.now();
  const prefixes = [join(directory, temporaryPrefix), join(directory, 'lock-')];
  const removable = files.filter(
    ({ path, mtimeMs }) =>
      now - mtimeMs >= olderThanMs &&
      (path.endsWith('.layer') || prefixes.some((prefix) => path.startsWith(prefix))),
  );
  if (removable.length === 0) return;
  // Asked for after the files: what came to be named in between stays.
  const { layers } = readManifest(directory);
  const named = new Set(layers.map((name) => join(directory, name)));
  for (const { path } of removable) if (!named.has(path)) rmSync(path, { force: true });
}

/** Files may go while they are counted. */
function filesOf(directory: string): MirrorFile[] {
  return (attempt(() => readdirSync(directory)) ?? []).flatMap((name) => {
    const path = join(directory, name);
    const found = attempt(() => statSync(path));
    return found?.isFile() === true ? [{ path, bytes: found.size, mtimeMs: found.mtimeMs }] : [];
  });
}

function attempt<T>(look: () => T): T | null {
  try {
    return look();
  } catch {
    return null;
  }
}
