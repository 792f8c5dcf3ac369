import * as promises from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * `mkdir -p`. Node says ENOENT of a directory that cannot be made on a read-only file system, or on one that makes none;
 * here it is the reason that counts.
 * @returns the first directory that was made
 */
export async function makeDirectories(
  path: string,
  fs: Pick<typeof promises, 'mkdir' | 'access'> = promises,
): Promise<string | undefined> {
  try {
    return await fs.mkdir(path, { recursive: true });
  } catch (error) {
    if (hasCode(error, 'ENOENT')) await requireWritable(dirname(path), fs);
    throw error;
  }
}

async function requireWritable(path: string, fs: Pick<typeof promises, 'access'>): Promise<void> {
  try {
    await fs.access(path, promises.constants.W_OK);
  } catch (error) {
    if (!hasCode(error, 'ENOENT') || dirname(path) === path) throw error;
    await requireWritable(dirname(path), fs);
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
