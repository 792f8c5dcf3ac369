import { DirectoryNotFoundError, RemoteError, RevisionNotFoundError } from '../../errors.js';
import { covers, type KnownCommit } from '../mirror/remote-memory.js';
import { emptyBlob } from '../objects/hash.js';
import type { MemoryObjectStore } from '../objects/memory-store.js';
import type { ParsedCommit } from '../objects/parse-commit.js';
import type { TreeEntry } from '../objects/parse-tree.js';
import { splitRepositoryPath } from '../repository-path.js';
import type { OpenTree, RemoteSession, RemoteSnapshot } from '../session.js';
import type { CommitDescription, GitEntry, PathChange, ReadOptions, SnapshotOptions } from '../types.js';
import { compareTrees } from './compare-trees.js';
import { fetchScope } from './fetch-scope.js';
import { type Directory, isRefusal, type ObjectFetcher } from './object-fetcher.js';
import { earlierDirectory, holdsOnly, listTree, openCommit, readTree } from './walk.js';

const emptyObject = { type: 'blob', data: new Uint8Array() } as const;

/** To ask for these by their ids takes more bytes, and the server more time, than to ask for a directory. */
const manyContents = 8;

/** What a snapshot is of, and which part of it is wanted. */
export interface SnapshotScope {
  /** A commit, or an annotated tag of it. */
  commit: string;
  revision: string;
  tag: string | undefined;
  /** The directory that is wanted, by its names. */
  parts: readonly string[];
  contents: SnapshotOptions['contents'];
  /** Whether a ref named the commit; otherwise the server may not have it. */
  named: boolean;
  /** Fails when the commit is not signed as it has to be; asked before any tree is. */
  verify?: ((fetcher: ObjectFetcher) => Promise<void>) | undefined;
}

/** One commit over what has been fetched of it; what is missing is fetched when it is asked for. */
export class CommitSnapshot implements RemoteSnapshot {
  readonly revision: string;
  readonly tag: string | undefined;
  readonly #session: RemoteSession;
  readonly #fetcher: ObjectFetcher;
  readonly #scope: SnapshotScope;
  #opening: Promise<ParsedCommit & { oid: string }> | null = null;
  #commit: string;

  constructor(session: RemoteSession, fetcher: ObjectFetcher, scope: SnapshotScope) {
    this.#session = session;
    this.#fetcher = fetcher;
    this.#scope = scope;
    this.revision = scope.revision;
    this.tag = scope.tag;
    this.#commit = scope.commit;
  }

  get commit(): string {
    return this.#commit;
  }

  get asked(): Promise<void> {
    return this.#fetcher.asked;
  }

  get objects(): MemoryObjectStore {
    return this.#fetcher.objects;
  }

  /** Transfers what is wanted, once; a failed transfer may be tried again. */
  open(): Promise<ParsedCommit & { oid: string }> {
    this.#opening ??= this.#transfer().catch((error) => {
      this.#opening = null;
      throw error;
    });
    return this.#opening;
  }

  async rootTree(): Promise<string> {
    return (await this.open()).tree;
  }

  async known(): Promise<KnownCommit> {
    const { commit } = this;
    const path = this.#scope.parts.join('/');
    const contents = (await this.#fetcher.recall()).some(
      (known) => known.commit === commit && covers(known.path, path) && known.contents,
    );
    return { commit, path, contents };
  }

  async describe(): Promise<CommitDescription> {
    const { author, message } = await this.open();
    return { author, message };
  }

  async list(path: string): Promise<GitEntry[] | null> {
    const tree = await this.#directory(path);
    if (tree === null) return null;
    for (;;) {
      const { entries, missing } = listTree(this.objects, tree, path, this.#session.limits);
      if (missing.size === 0) return entries;
      await this.#fetcher.ensure(missing, this.commit);
    }
  }

  async changedSince(commit: string, path: string): Promise<PathChange[] | null> {
    const after = await this.#directory(path);
    const before = earlierDirectory(this.objects, commit, path === '' ? [] : splitRepositoryPath(path));
    if (before === undefined || after === null) return null;
    for (;;) {
      const comparison = compareTrees(this.objects, before, after, path, this.#session.limits);
      if (comparison === null) return null;
      if (comparison.missing.size === 0) return comparison.changes;
      await this.#fetcher.ensure(comparison.missing, this.commit);
    }
  }

  async read(oids: readonly string[], options: ReadOptions = {}): Promise<ReadonlyMap<string, Uint8Array>> {
    if (oids.length === 0) return new Map();
    await this.open();
    const contents = new Map<string, Uint8Array>();
    const take = (wanted: readonly string[]): string[] => {
      const missing: string[] = [];
      for (const oid of wanted) {
        // Nothing has to be sent for that one.
        const object = oid === emptyBlob ? emptyObject : this.objects.get(oid);
        if (object === undefined) missing.push(oid);
        else if (object.type === 'blob') contents.set(oid, object.data);
        else throw notAFile(oid);
      }
      return missing;
    };
    const missing = take(oids);
    const found = missing.length === 0 ? undefined : await options.elsewhere?.(missing);
    for (const [oid, content] of found ?? []) contents.set(oid, content);
    const absent = missing.filter((oid) => !contents.has(oid));
    await this.#fetcher.ensure(absent, this.commit, options, await this.#allOf(absent));
    take(absent);
    return contents;
  }

  async tree(path: string): Promise<OpenTree | null> {
    const oid = await this.#directory(path);
    if (oid === null) return null;
    await this.#fetcher.ensure([oid], this.commit);
    return { oid, entries: readTree(this.objects, oid, path) };
  }

  /** The wanted directory, when these are all of its files' contents, and so many that it is asked for as a whole. */
  async #allOf(oids: readonly string[]): Promise<Directory | undefined> {
    if (oids.length < manyContents) return undefined;
    const path = this.#scope.parts.join('/');
    const tree = await this.#directory(path);
    if (tree === null) return undefined;
    const wanted = new Set(oids).add(emptyBlob);
    return holdsOnly(this.objects, tree, wanted) ? { path, tree } : undefined;
  }

  async #transfer(): Promise<ParsedCommit & { oid: string }> {
    const { commit: oid, named } = this.#scope;
    try {
      await this.#scope.verify?.(this.#fetcher);
      await this.#bringScope();
    } catch (error) {
      if (named || !isRefusal(error)) throw error;
      throw new RevisionNotFoundError(`Commit ${oid} cannot be had from ${this.#session.url}.`, {
        hint: 'Check the id. Some servers send only commits that a branch or a tag points at.',
        data: { commit: oid },
        cause: error,
      });
    }
    this.#fetcher.allAtHand();
    const commit = openCommit(this.objects, oid);
    this.#commit = commit.oid;
    return commit;
  }

  async #bringScope(): Promise<void> {
    const { commit: oid, parts, contents, named } = this.#scope;
    const path = parts.join('/');
    const entitled = named || (await this.#isEntitled(oid));
    const isMet = (known: readonly KnownCommit[]): boolean =>
      entitled &&
      this.objects.has(oid) &&
      known.some(
        (other) =>
          other.commit === oid && covers(other.path, path) && (contents === 'none' || other.contents),
      );
    await this.#session.shared.meet(
      entitled ? [`${oid} ${contents} ${path}`] : [],
      {
        attach: (layers) => this.#fetcher.attach(layers),
        isMet,
        fetch: async (known) => {
          const scope = { oid, path: parts, contents };
          const brought = await fetchScope(this.#fetcher, scope, known);
          return { objects: this.#fetcher.takeFetched(), known: brought };
        },
      },
      this.#session,
    );
  }

  /** Who names a commit by its id may have it from memory only when the remote would give it. */
  async #isEntitled(oid: string): Promise<boolean> {
    const known = await this.#fetcher.recall();
    if (!known.some(({ commit }) => commit === oid)) return false;
    const whole = { wants: [oid], deepen: 1 };
    await this.#fetcher.fetchFirst([{ ...whole, filter: 'tree:0' }, whole]);
    return true;
  }

  /** The id of the tree at `path`; null when nothing is there. */
  async #directory(path: string): Promise<string | null> {
    let found: Pick<TreeEntry, 'mode' | 'oid'> = { mode: '40000', oid: await this.rootTree() };
    const parts = path === '' ? [] : splitRepositoryPath(path);
    for (const [index, name] of parts.entries()) {
      const parent = parts.slice(0, index).join('/');
      await this.#fetcher.ensure([found.oid], this.commit);
      const entry = readTree(this.objects, found.oid, parent).find((other) => other.name === name);
      if (entry === undefined) return null;
      if (entry.mode !== '40000')
        throw this.#notADirectory(parent === '' ? name : `${parent}/${name}`, entry);
      found = entry;
    }
    return found.oid;
  }

  #notADirectory(path: string, { mode }: Pick<TreeEntry, 'mode'>): DirectoryNotFoundError {
    const kind = mode === '160000' ? 'a submodule' : mode === '120000' ? 'a symbolic link' : 'a file';
    return new DirectoryNotFoundError(
      `${JSON.stringify(path)} in ${this.#session.url} (${this.revision}) is ${kind}, not a directory.`,
      { hint: 'Name a directory of the repository.', data: { path, commit: this.commit } },
    );
  }
}

function notAFile(oid: string): RemoteError {
  return new RemoteError(`The object ${oid} is not a file's content.`, { retryable: false, data: { oid } });
}
