import type { BigIntStats } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { throwIfCancelled } from '../cancelled.js';
import type { DiskPack } from '../pack/disk-pack.js';
import type { RemoteSession } from '../session.js';
import { checkLinks } from './check-links.js';
import { CheckoutPlace } from './checkout-place.js';
import { WorktreeIndex } from './encode-worktree-index.js';
import { type CheckoutFile, type CheckoutList, findBlob, tooMany } from './list-checkout.js';
import { StatRecords } from './stat-record.js';
import type { TargetDirectory } from './target-directory.js';
import { WritingQueue } from './writing-queue.js';

/** Others get a turn this often. One file at a time and synchronously is what writes small files fastest. */
const turnMs = 5;
/** Larger blobs stream from the pack into their file. */
const heldBlobBytes = 1024 * 1024;
/** Fewer files are written before a second thread has started. */
const helpedFiles = 1000;

export interface CheckoutOptions {
  target: TargetDirectory;
  /** What is there already, as the commit has it. */
  present: ReadonlySet<string>;
  /** About how many files it will be. */
  expectedFiles: number;
}

/**
 * Writes a commit's files, tree by tree, while its pack arrives or afterwards. Nothing is written through a symbolic
 * link: files are made anew and never opened, links come last, and directories that are there already are looked at.
 */
export class Checkout {
  readonly #session: RemoteSession;
  readonly #pack: DiskPack;
  readonly #place: CheckoutPlace;
  readonly #queue: WritingQueue;
  readonly #files: CheckoutFile[] = [];
  readonly #links: CheckoutFile[] = [];
  readonly #gitlinks: CheckoutFile[] = [];
  /** By the id of a content that was not found yet: the numbers of its files. */
  readonly #wanted = new Map<string, number[]>();
  /** By the number of a file: the pack's entry with its content. */
  readonly #entries: number[] = [];
  /** Numbers of the files that are not in the queue: large ones, and those that are there already. */
  readonly #others: number[] = [];
  readonly #records = new StatRecords();
  #isReceived = false;
  #entryCount = 0;

  constructor(session: RemoteSession, pack: DiskPack, { target, present, expectedFiles }: CheckoutOptions) {
    this.#session = session;
    this.#pack = pack;
    this.#place = new CheckoutPlace(target, present);
    this.#queue = new WritingQueue({
      root: target.path,
      files: this.#files,
      records: this.#records,
      contentOf: (number) => this.#contentOf(number),
      onMade: (number) => target.made(this.#files[number]?.path ?? ''),
      helped: expectedFiles >= helpedFiles,
    });
  }

  /**
   * Makes directories, and takes what is to be written in them.
   * @throws LimitExceededError: a few trees that name each other again and again make any number of files
   */
  add({ directories, files, links, gitlinks }: CheckoutList): void {
    this.#count(directories.length + files.length + links.length + gitlinks.length);
    for (const path of directories) this.#place.makeDirectory(path);
    for (const { path } of gitlinks) this.#place.makeDirectory(path);
    for (const file of files) {
      const number = this.#files.push(file) - 1;
      const same = this.#wanted.get(file.oid);
      if (same === undefined) this.#wanted.set(file.oid, [number]);
      else same.push(number);
    }
    this.#links.push(...links);
    this.#gitlinks.push(...gitlinks);
  }

  /** Tells where the pack has a content: its files may be written from now on. */
  found(oid: string, entry: number): void {
    const numbers = this.#wanted.get(oid);
    if (numbers === undefined) return;
    this.#wanted.delete(oid);
    for (const number of numbers) {
      this.#entries[number] = entry;
      const isPresent = this.#place.has(this.#files[number]?.path ?? '');
      if (isPresent || this.#isLarge(entry)) this.#others.push(number);
      else this.#queue.add(number);
    }
  }

  /**
   * Writes what is left to write, now that the whole pack is there and everything was added.
   * @returns the content of the index
   * @throws UnsafePathError; CorruptPackError; CheckoutConflictError where the file system takes two names for one
   */
  async finish(): Promise<{ files: number; index: Buffer }> {
    this.#isReceived = true;
    const links = readLinks(this.#pack, this.#links);
    checkLinks(links);
    for (const oid of this.#wanted.keys()) this.found(oid, findBlob(this.#pack, oid));
    // The helper writes meanwhile.
    const index = new WorktreeIndex([...this.#files, ...this.#links, ...this.#gitlinks]);
    await this.#writeFiles();
    const total = this.#files.length;
    this.#links.forEach(({ path }, row) => {
      this.#records.set(total + row, this.#place.makeLink(path, links.get(path) ?? ''));
    });
    this.#session.onProgress({ phase: 'checkout', done: total, total });
    return { files: total + this.#links.length + this.#gitlinks.length, index: index.encode(this.#records) };
  }

  /** Nothing is written any more once this is done, and the target knows of all that was. */
  async stop(): Promise<void> {
    await this.#queue.stop();
  }

  #count(entries: number): void {
    const { limits } = this.#session;
    this.#entryCount += entries;
    if (this.#entryCount > limits.maxObjects) throw tooMany(limits);
  }

  async #writeFiles(): Promise<void> {
    const total = this.#files.length;
    let written = 0;
    let turnStarted = performance.now();
    const next = (): number | undefined => this.#others.pop() ?? this.#queue.take();
    for (let number = next(); number !== undefined; number = next()) {
      const streaming = this.#writeFile(number);
      if (streaming) await streaming;
      written++;
      if (performance.now() - turnStarted < turnMs) continue;
      this.#session.onProgress({ phase: 'checkout', done: written + this.#queue.writtenByHelper, total });
      await setImmediate();
      throwIfCancelled(this.#session.signal);
      turnStarted = performance.now();
    }
    await this.#queue.finish();
  }

  /** Synchronous but for large files: a promise for each of the others would cost. */
  #writeFile(number: number): Promise<void> | undefined {
    const file = this.#files[number];
    const entry = this.#entries[number];
    if (file === undefined || entry === undefined) return undefined;
    const done = (stats: BigIntStats): void => this.#records.set(number, stats);
    if (this.#place.has(file.path)) done(this.#place.keepFile(file));
    else if (this.#isLarge(entry)) return this.#place.streamFile(file, entry, this.#pack).then(done);
    else done(this.#place.writeFile(file, this.#pack.content(entry)));
    return undefined;
  }

  /** While the pack arrives, it is not read. */
  #contentOf(number: number): Buffer | undefined {
    const entry = this.#entries[number] ?? 0;
    return this.#isReceived ? this.#pack.content(entry) : this.#pack.cached(entry);
  }

  #isLarge(entry: number): boolean {
    return (this.#pack.table.sizes[entry] ?? 0) > heldBlobBytes && this.#pack.isWhole(entry);
  }
}

/** Targets of links by their paths, both as bytes in latin1. */
export function readLinks(pack: DiskPack, links: readonly CheckoutFile[]): Map<string, string> {
  return new Map(links.map(({ path, oid }) => [path, pack.content(findBlob(pack, oid)).toString('latin1')]));
}
