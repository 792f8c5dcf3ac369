import {
  type BigIntStats,
  chmodSync,
  closeSync,
  createWriteStream,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  symlinkSync,
  writeSync,
} from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { setImmediate } from 'node:timers/promises';
import { CheckoutConflictError } from '../../errors.js';
import { throwIfCancelled } from '../cancelled.js';
import { fromRawName } from '../objects/raw-tree.js';
import type { DiskPack } from '../pack/disk-pack.js';
import type { RemoteSession } from '../session.js';
import { checkLinks } from './check-links.js';
import { diskPath } from './disk-path.js';
import type { IndexEntry } from './encode-worktree-index.js';
import { findConflicts } from './find-conflicts.js';
import type { CheckoutFile, CheckoutList } from './list-checkout.js';
import type { TargetDirectory } from './target-directory.js';

/** Others get a turn this often. One file at a time and synchronously is what writes small files fastest. */
const turnMs = 10;
/** Larger blobs stream from the pack into their file. */
const heldBlobBytes = 1024 * 1024;

/**
 * Writes a commit's files. Nothing is written through a symbolic link: files are made anew and never opened, links come
 * last, and directories that are there already are looked at.
 * @returns the lines of the index, with what the file system says of each file
 * @throws CheckoutConflictError, UnsafePathError: both before anything is written
 */
export async function checkout(
  session: RemoteSession,
  pack: DiskPack,
  list: CheckoutList,
  target: TargetDirectory,
): Promise<IndexEntry[]> {
  const links = new Map(list.links.map((link) => [link.path, pack.content(link.entry).toString('latin1')]));
  checkLinks(links);
  const present = target.isEmpty ? new Set<string>() : findConflicts(target.path, list);
  const place = new CheckoutPlace(target, present);

  for (const path of list.directories) place.makeDirectory(path);
  const entries: IndexEntry[] = [];
  for (const link of list.gitlinks) {
    place.makeDirectory(link.path);
    entries.push({ ...link, stats: null });
  }
  let turnStarted = performance.now();
  const total = list.files.length;
  for (const [done, file] of list.files.entries()) {
    const size = pack.table.sizes[file.entry] ?? 0;
    const streams = size > heldBlobBytes && pack.isWhole(file.entry) && !present.has(file.path);
    const stats = streams ? await place.streamFile(file, pack) : place.writeFile(file, pack);
    entries.push({ path: file.path, oid: file.oid, mode: file.mode, stats });
    if (performance.now() - turnStarted < turnMs) continue;
    session.onProgress({ phase: 'checkout', done, total });
    await setImmediate();
    throwIfCancelled(session.signal);
    turnStarted = performance.now();
  }
  for (const { path, oid, mode } of list.links) {
    entries.push({ path, oid, mode, stats: place.makeLink(path, links.get(path) ?? '') });
  }
  session.onProgress({ phase: 'checkout', done: total, total });
  return entries;
}

/** The directory as the checkout writes it. Making what should not be there yet fails. */
class CheckoutPlace {
  readonly #root: string;
  readonly #target: TargetDirectory;
  readonly #present: ReadonlySet<string>;

  constructor(target: TargetDirectory, present: ReadonlySet<string>) {
    this.#root = target.path;
    this.#target = target;
    this.#present = present;
  }

  makeDirectory(path: string): void {
    if (!this.#present.has(path)) this.#make(path, (place) => mkdirSync(place));
  }

  makeLink(path: string, link: string): BigIntStats {
    if (!this.#present.has(path)) {
      this.#make(path, (place) => symlinkSync(Buffer.from(link, 'latin1'), place));
    }
    return lstatSync(diskPath(this.#root, path), { bigint: true });
  }

  writeFile({ path, mode, entry }: CheckoutFile, pack: DiskPack): BigIntStats {
    if (this.#present.has(path)) return this.#keepFile(path, mode);
    const file = this.#create(path, mode);
    try {
      const content = pack.content(entry);
      for (let at = 0; at < content.length; ) at += writeSync(file, content, at);
      return fstatSync(file, { bigint: true });
    } finally {
      closeSync(file);
    }
  }

  async streamFile({ path, mode, entry }: CheckoutFile, pack: DiskPack): Promise<BigIntStats> {
    const file = this.#create(path, mode);
    try {
      await pipeline(pack.stream(entry), createWriteStream('', { fd: file, autoClose: false }));
      return fstatSync(file, { bigint: true });
    } finally {
      closeSync(file);
    }
  }

  #create(path: string, mode: string): number {
    // As git: the umask has the last word.
    return this.#make(path, (place) => openSync(place, 'wx', mode === '100755' ? 0o777 : 0o666));
  }

  /** The file is there with the same content; only its executable bit may have to follow. */
  #keepFile(path: string, mode: string): BigIntStats {
    const file = diskPath(this.#root, path);
    const stats = lstatSync(file, { bigint: true });
    const isExecutable = (stats.mode & 0o100n) !== 0n;
    if (isExecutable === (mode === '100755') || process.platform === 'win32') return stats;
    const permissions = Number(stats.mode & 0o777n);
    chmodSync(file, isExecutable ? permissions & ~0o111 : permissions | ((permissions & 0o444) >> 2));
    return lstatSync(file, { bigint: true });
  }

  /** @throws CheckoutConflictError where a name stands for two entries, as on file systems that ignore case */
  #make<T>(path: string, make: (place: string | Buffer) => T): T {
    const place = diskPath(this.#root, path);
    try {
      const made = make(place);
      this.#target.made(place);
      return made;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
      const shown = fromRawName(path);
      throw new CheckoutConflictError(`Something else stands at ${JSON.stringify(shown)} in ${this.#root}.`, {
        hint: 'Two entries of the repository may differ only in case or spelling, which this file system ignores.',
        data: { directory: this.#root, paths: [shown] },
        cause: error,
      });
    }
  }
}
