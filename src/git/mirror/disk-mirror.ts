import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, renameSync, rmSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { CancelledError } from '../../errors.js';
import { untilCancelled } from '../cancelled.js';
import { boundMirrors } from './bound-mirrors.js';
import { compactLayers, maxContentBytes, maxLayers } from './compact-layers.js';
import { MirrorLayer } from './layer.js';
import { acquireLockFile } from './lock-file.js';
import {
  emptyManifest,
  type Manifest,
  manifestName,
  readManifest,
  temporaryPrefix,
  writeManifest,
} from './manifest.js';
import {
  addKnown,
  type Caller,
  type KnownCommit,
  type Recalled,
  type RemoteMemory,
  type Transferred,
} from './remote-memory.js';
import { type FillLayer, packObjects, writeLayer } from './write-layer.js';

/**
 * A remote's objects on disk, shared by all processes that use the directory. It is named by a digest of the remote's
 * URL, which has no credentials in it; nothing else of the remote or of who asks it is kept. It may be removed at any
 * moment. When the disk does not do what is asked of it, everything goes on without a mirror.
 */
export class DiskMirror implements RemoteMemory {
  readonly #root: string;
  readonly #directory: string;
  readonly #maxBytes: number;
  /** Layers that somebody in this process still uses. */
  readonly #open = new Map<string, WeakRef<MirrorLayer>>();
  /** Settles when the last one in this process that wanted the lock has released it. */
  #queue: Promise<void> = Promise.resolve();
  #warned = false;

  /** @param root of all mirrors */
  constructor(root: string, url: string, maxBytes: number) {
    this.#root = root;
    this.#directory = join(root, createHash('sha256').update(url).digest('hex').slice(0, 40));
    this.#maxBytes = maxBytes;
  }

  async recall({ logger }: Caller): Promise<Recalled> {
    const { layers: names, commits } = readManifest(this.#directory);
    const layers = names.map((name) => this.#layer(name)).filter((layer) => layer !== null);
    if (names.length > 0) this.#markUsed();
    if (layers.length === names.length) return { layers, commits };
    logger.debug({ directory: this.#directory }, 'mirror is damaged, rebuilding it');
    return { layers, commits: [] };
  }

  async lock(caller: Caller): Promise<() => Promise<void>> {
    const before = this.#queue;
    let leave = (): void => {};
    this.#queue = new Promise((resolve) => {
      leave = resolve;
    });
    try {
      await untilCancelled(before, caller);
      mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
      const release = await acquireLockFile(this.#directory, caller.signal);
      return async () => {
        release();
        leave();
      };
    } catch (error) {
      if (error instanceof CancelledError || caller.signal?.aborted === true) {
        void before.then(leave);
        throw error;
      }
      this.#warn(caller, error);
      return async () => leave();
    }
  }

  async remember({ objects, known }: Transferred, caller: Caller): Promise<void> {
    try {
      // Who needs the objects goes on first: this is done while that one waits for something.
      await nextTurn();
      await this.#write(objects, known);
      await boundMirrors(this.#root, this.#directory, this.#maxBytes);
    } catch (error) {
      this.#warn(caller, error);
    }
  }

  async #write(objects: Transferred['objects'], known: Transferred['known']): Promise<void> {
    let bytes = 0;
    for (const pack of objects) bytes += pack.contentBytes;
    const withBlobs = bytes <= maxContentBytes;
    const name = await this.#writeLayer(packObjects(objects, withBlobs));
    const before = this.#intact();
    const commits =
      known === null
        ? before.commits
        : addKnown(before.commits, { ...known, contents: known.contents && withBlobs });
    const layers = name === null ? before.layers : [name, ...before.layers];
    const manifest = layers.length <= maxLayers ? { layers, commits } : await this.#compact(layers, commits);
    writeManifest(this.#directory, manifest);
  }

  async #compact(names: readonly string[], commits: readonly KnownCommit[]): Promise<Manifest> {
    const opened = names.map((name) => ({ name, layer: this.#layer(name) }));
    return compactLayers(opened, commits, (chosen) => this.#writeLayer(chosen));
  }

  /** The manifest as far as its files are there: what is lost is not built upon. */
  #intact(): Manifest {
    const manifest = readManifest(this.#directory);
    const layers = manifest.layers.filter((name) => this.#layer(name) !== null);
    return layers.length === manifest.layers.length ? manifest : { ...emptyManifest, layers };
  }

  /** @returns its name; null when there was nothing to write */
  async #writeLayer(fill: FillLayer): Promise<string | null> {
    const name = `${randomBytes(16).toString('hex')}.layer`;
    const temporary = join(this.#directory, `${temporaryPrefix}${name}`);
    try {
      if ((await writeLayer(temporary, fill)) > 0) {
        renameSync(temporary, join(this.#directory, name));
        return name;
      }
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    }
    rmSync(temporary, { force: true });
    return null;
  }

  #layer(name: string): MirrorLayer | null {
    const known = this.#open.get(name)?.deref();
    if (known?.isGone === false) return known;
    const layer = MirrorLayer.open(join(this.#directory, name));
    if (layer === null) this.#open.delete(name);
    else this.#open.set(name, new WeakRef(layer));
    return layer;
  }

  /** The manifest's time tells which mirrors were not used for long. */
  #markUsed(): void {
    const now = new Date();
    try {
      utimesSync(join(this.#directory, manifestName), now, now);
    } catch {
      // It works without.
    }
  }

  #warn({ logger }: Caller, error: unknown): void {
    const fields = {
      directory: this.#directory,
      error: error instanceof Error ? error.message : String(error),
    };
    if (this.#warned) logger.debug(fields, 'mirror cannot be written, going on without');
    else logger.warn(fields, 'mirror cannot be written, going on without');
    this.#warned = true;
  }
}
