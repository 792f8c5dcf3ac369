import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { manifestName, readManifest, temporaryPrefix } from './manifest.js';

/** What no manifest names may be about to be named, or still be read: it is left alone for so long. */
const unnamedMs = 2 * 60 * 1000;

interface MirrorFile {
  path: string;
  bytes: number;
  mtimeMs: number;
}

/**
 * Removes what nobody needs from the mirror in use, and, while all mirrors together are too large, superseded layers and
 * then whole mirrors, the least recently used first. The one in use goes last.
 */
export async function boundMirrors(root: string, inUse: string, maxBytes: number): Promise<void> {
  await removeUnnamed(inUse, unnamedMs);
  const mirrors = await Promise.all(
    (await readdir(root)).map(async (name) => measure(join(root, name), inUse)),
  );
  let total = mirrors.reduce((sum, { bytes }) => sum + bytes, 0);
  mirrors.sort((a, b) => a.usedMs - b.usedMs);
  for (const { directory, bytes } of total > maxBytes ? mirrors : []) {
    await removeUnnamed(directory, 0);
    total += (await measure(directory, inUse)).bytes - bytes;
  }
  for (const mirror of mirrors) {
    if (total <= maxBytes) return;
    total -= (await measure(mirror.directory, inUse)).bytes;
    await rm(mirror.directory, { recursive: true, force: true });
  }
}

async function measure(
  directory: string,
  inUse: string,
): Promise<{ directory: string; bytes: number; usedMs: number }> {
  const files = await filesOf(directory);
  const used = files.find(({ path }) => path === join(directory, manifestName))?.mtimeMs ?? 0;
  return {
    directory,
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    usedMs: directory === inUse ? Number.POSITIVE_INFINITY : used,
  };
}

/** Layers of no manifest and files that were being written when their process ended. */
async function removeUnnamed(directory: string, olderThanMs: number): Promise<void> {
  const { layers } = await readManifest(directory);
  const named = new Set(layers.map((name) => join(directory, name)));
  const now = Date.now();
  for (const { path, mtimeMs } of await filesOf(directory)) {
    const removable = ['.layer', join(directory, temporaryPrefix), join(directory, 'lock-')].some(
      (part) => path.endsWith(part) || path.startsWith(part),
    );
    if (removable && !named.has(path) && now - mtimeMs >= olderThanMs) await rm(path, { force: true });
  }
}

/** Files may go while they are counted. */
async function filesOf(directory: string): Promise<MirrorFile[]> {
  const names = await readdir(directory).catch(() => []);
  const files = await Promise.all(
    names.map(async (name) => {
      const path = join(directory, name);
      const found = await stat(path).catch(() => null);
      return found?.isFile() === true ? [{ path, bytes: found.size, mtimeMs: found.mtimeMs }] : [];
    }),
  );
  return files.flat();
}
