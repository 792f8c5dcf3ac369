import nodeFs, { type Dirent, type Stats } from 'node:fs';
import { StorageError, UnsafePathError } from '../../errors.js';
import { type Stamp, sameStamp, stampOf } from './stamp.js';

/**
 * The calls a directory storage makes, so that a test can fail any of them. They are the synchronous ones: for many
 * small files they take a fraction of the time of the asynchronous ones, and callers give way between slices.
 */
export type DirectoryFs = Pick<
  typeof nodeFs,
  | 'closeSync'
  | 'fchmodSync'
  | 'fstatSync'
  | 'fsyncSync'
  | 'lstatSync'
  | 'mkdirSync'
  | 'openSync'
  | 'readFileSync'
  | 'readSync'
  | 'readdirSync'
  | 'renameSync'
  | 'rmdirSync'
  | 'unlinkSync'
  | 'writeSync'
>;

/** One storage's root. Every path given to the functions here is relative to it and separated by `/`. */
export interface Disk {
  readonly fs: DirectoryFs;
  readonly root: string;
  /** For messages. */
  readonly location: string;
}

export interface RegularFile {
  content: Buffer;
  stamp: Stamp;
  mode: number;
}

/** A file that is being written is read again this often. */
const maxReadAttempts = 20;

const { O_CREAT, O_EXCL, O_NONBLOCK, O_RDONLY, O_TRUNC, O_WRONLY } = nodeFs.constants;
/** Absent on Windows, where links need a privilege to be made. */
const noFollow = nodeFs.constants.O_NOFOLLOW ?? 0;

export function absolute(disk: Disk, path: string): string {
  return path === '' ? disk.root : `${disk.root}/${path}`;
}

/** What lies at a path, links not followed; `null` when nothing does. */
export function statPath(disk: Disk, path: string): Stats | null {
  try {
    return disk.fs.lstatSync(absolute(disk, path), { throwIfNoEntry: false }) ?? null;
  } catch (error) {
    if (hasCode(error, 'ENOTDIR')) return null;
    throw error;
  }
}

/** A directory's entries; `null` when there is no such directory. */
export function listDirectory(disk: Disk, path: string): Dirent[] | null {
  try {
    return disk.fs.readdirSync(absolute(disk, path), { withFileTypes: true });
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return null;
    throw error;
  }
}

/**
 * A regular file's bytes with the stamp they were read under; `null` when nothing is there.
 * @throws UnsafePathError when the path is a symbolic link or no regular file; StorageError when it never stands still
 */
export function readRegular(disk: Disk, path: string): RegularFile | null {
  let fd: number;
  try {
    fd = disk.fs.openSync(absolute(disk, path), O_RDONLY | noFollow | (O_NONBLOCK ?? 0));
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return null;
    if (hasCode(error, 'ELOOP', 'EMLINK')) throw linkError(disk, path);
    throw error;
  }
  try {
    for (let attempt = 1; attempt <= maxReadAttempts; attempt += 1) {
      const before = disk.fs.fstatSync(fd);
      if (!before.isFile()) throw new UnsafePathError(`${absolute(disk, path)} is not a regular file.`);
      const content = Buffer.allocUnsafe(before.size);
      let length = 0;
      for (let got = -1; got !== 0 && length < content.length; length += got) {
        got = disk.fs.readSync(fd, content, length, content.length - length, length);
      }
      const stamp = stampOf(before);
      // An editor that writes in place while it is being read must not leave half a file under a whole one's stamp.
      if (length === before.size && sameStamp(stamp, stampOf(disk.fs.fstatSync(fd)))) {
        return { content, stamp, mode: before.mode & 0o777 };
      }
    }
    throw new StorageError(`${absolute(disk, path)} changes faster than it can be read.`, {
      hint: 'Stop what writes to it, or move it out of the storage.',
    });
  } finally {
    disk.fs.closeSync(fd);
  }
}

/** Creates a file that must not exist yet; never through a link. Returns its stamp. */
export function createFile(disk: Disk, path: string, content: Uint8Array): Stamp {
  const fd = disk.fs.openSync(absolute(disk, path), O_WRONLY | O_CREAT | O_EXCL | noFollow, 0o666);
  return writeAndClose(disk, fd, path, () => writeAll(disk, fd, content));
}

/** Writes a file anew, whatever it was, with a mode if one is given; never through a link. Returns its stamp. */
export function writeFile(disk: Disk, path: string, content: Uint8Array, mode: number | null): Stamp {
  const fd = disk.fs.openSync(absolute(disk, path), O_WRONLY | O_CREAT | O_TRUNC | noFollow, 0o666);
  return writeAndClose(disk, fd, path, () => {
    writeAll(disk, fd, content);
    if (mode !== null) disk.fs.fchmodSync(fd, mode);
  });
}

function writeAndClose(disk: Disk, fd: number, path: string, write: () => void): Stamp {
  let whole = false;
  try {
    write();
    const stamp = stampOf(disk.fs.fstatSync(fd));
    whole = true;
    return stamp;
  } finally {
    disk.fs.closeSync(fd);
    if (!whole) removeFile(disk, path);
  }
}

/** Writes the chunks to a file of flowgit's own and waits until they are on the disk. */
export function writeDurably(disk: Disk, path: string, chunks: Iterable<Uint8Array>): void {
  const fd = disk.fs.openSync(absolute(disk, path), O_WRONLY | O_CREAT | O_TRUNC | noFollow, 0o666);
  try {
    for (const chunk of chunks) writeAll(disk, fd, chunk);
    disk.fs.fsyncSync(fd);
  } finally {
    disk.fs.closeSync(fd);
  }
}

export function writeAll(disk: Disk, fd: number, content: Uint8Array): void {
  for (let written = 0; written < content.byteLength; ) {
    written += disk.fs.writeSync(fd, content, written, content.byteLength - written);
  }
}

/** Waits until a file's bytes, or a directory's names, are on the disk. Nothing happens when it is gone. */
export function syncPath(disk: Disk, path: string): void {
  let fd: number;
  try {
    fd = disk.fs.openSync(absolute(disk, path), O_RDONLY | noFollow);
  } catch (error) {
    // EISDIR and EPERM: Windows opens no directories, and needs no flush for a rename.
    if (hasCode(error, 'ENOENT', 'ENOTDIR', 'EISDIR', 'EPERM')) return;
    throw error;
  }
  try {
    disk.fs.fsyncSync(fd);
  } catch (error) {
    if (!hasCode(error, 'EINVAL', 'EPERM')) throw error;
  } finally {
    disk.fs.closeSync(fd);
  }
}

/** Makes a directory and those it lies in; true when any was missing. */
export function makeDirectory(disk: Disk, path: string): boolean {
  return disk.fs.mkdirSync(absolute(disk, path), { recursive: true }) !== undefined;
}

export function renamePath(disk: Disk, from: string, to: string): void {
  disk.fs.renameSync(absolute(disk, from), absolute(disk, to));
}

/** Removes a file; true when it was there. */
export function removeFile(disk: Disk, path: string): boolean {
  try {
    disk.fs.unlinkSync(absolute(disk, path));
    return true;
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return false;
    throw error;
  }
}

/** Removes a directory when it is empty; true when it is gone afterwards. */
export function removeEmptyDirectory(disk: Disk, path: string): boolean {
  try {
    disk.fs.rmdirSync(absolute(disk, path));
    return true;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return true;
    if (hasCode(error, 'ENOTEMPTY', 'EEXIST', 'ENOTDIR')) return false;
    throw error;
  }
}

export function parentOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash === -1 ? '' : path.slice(0, slash);
}

export function hasCode(error: unknown, ...codes: string[]): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && codes.includes(code);
}

export function linkError(disk: Disk, path: string): UnsafePathError {
  return new UnsafePathError(`${absolute(disk, path)} is a symbolic link, which a storage does not follow.`, {
    hint: 'Replace it by what it points to, or move it out of the storage.',
    data: { path },
  });
}
