import { parseCommit } from '../objects/parse-commit.js';
import type { ObjectType } from '../objects/store.js';
import type { DiskPack, ObjectListener } from '../pack/disk-pack.js';
import type { RemoteSession } from '../session.js';
import { Checkout } from './checkout.js';
import { contentOf, listTree } from './list-checkout.js';
import type { TargetDirectory } from './target-directory.js';

/** Trees that arrive before it is known where they belong are kept up to here; of a long history, most belong nowhere. */
const maxKeptBytes = 8 * 1024 * 1024;

/** Where a tree belongs. */
interface Place {
  /** Empty, or ending in a slash. */
  prefix: string;
  depthLeft: number;
}

/**
 * A checkout into an empty directory that begins while the pack arrives: in a pack of git's, each tree stands in front of
 * what is in it. What the order of the pack leaves open is written when the pack is there. Each name is checked before
 * it is used, all links before the first of them is made; when one is refused, what was written is removed again.
 */
export class EarlyCheckout implements ObjectListener {
  readonly #session: RemoteSession;
  readonly #commit: string;
  readonly #target: TargetDirectory;
  #checkout: Checkout | null = null;
  /** By id: trees that have not arrived. */
  readonly #awaited = new Map<string, Place[]>();
  readonly #kept = new Map<string, Buffer>();
  #keptBytes = 0;

  constructor(session: RemoteSession, commit: string, target: TargetDirectory) {
    this.#session = session;
    this.#commit = commit;
    this.#target = target;
  }

  /** Takes note of a blob that has arrived, as {@link other}. */
  blob(_pack: DiskPack, entry: number, oid: string): void {
    this.#checkout?.found(oid, entry);
  }

  /**
   * Takes note of another object that has arrived.
   * @throws UnsafePathError, LimitExceededError, and whatever the file system fails with
   */
  other(
    pack: DiskPack,
    _entry: number,
    { type, oid, content }: { type: ObjectType; oid: string; content: Buffer },
  ): void {
    if (type === 'tree') this.#addTree(oid, content);
    else if (type === 'commit' && oid === this.#commit) this.#begin(pack, content);
  }

  /** As {@link Checkout.finish}, once the whole pack is there. */
  async finish(pack: DiskPack): Promise<{ files: number; index: Buffer }> {
    const checkout = this.#checkout ?? this.#begin(pack, contentOf(pack, this.#commit));
    for (const oid of this.#awaited.keys()) this.#addTree(oid, contentOf(pack, oid));
    return checkout.finish();
  }

  /** As {@link Checkout.stop}. */
  async stop(): Promise<void> {
    await this.#checkout?.stop();
  }

  #begin(pack: DiskPack, commit: Buffer): Checkout {
    this.#checkout = new Checkout(this.#session, pack, {
      target: this.#target,
      present: new Set(),
      expectedFiles: pack.table.count,
    });
    const { tree } = parseCommit(commit, this.#commit);
    this.#await(tree, { prefix: '', depthLeft: this.#session.limits.maxTreeDepth });
    return this.#checkout;
  }

  #await(oid: string, place: Place): void {
    const places = this.#awaited.get(oid);
    if (places === undefined) this.#awaited.set(oid, [place]);
    else places.push(place);
    const content = this.#kept.get(oid);
    if (content !== undefined) this.#addTree(oid, content);
  }

  #addTree(oid: string, content: Buffer): void {
    // It may be wanted again, for a directory with the same content.
    if (this.#keptBytes + content.length <= maxKeptBytes && !this.#kept.has(oid)) {
      this.#kept.set(oid, content);
      this.#keptBytes += content.length;
    }
    const places = this.#awaited.get(oid) ?? [];
    this.#awaited.delete(oid);
    for (const { prefix, depthLeft } of places) {
      const list = listTree(content, prefix, depthLeft);
      this.#checkout?.add(list);
      for (const { path, oid: tree } of list.trees) {
        this.#await(tree, { prefix: `${path}/`, depthLeft: depthLeft - 1 });
      }
    }
  }
}
