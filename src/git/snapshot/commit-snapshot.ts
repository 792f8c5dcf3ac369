import { DirectoryNotFoundError, RemoteError } from '../../errors.js';
import type { MemoryObjectStore } from '../objects/memory-store.js';
import type { ParsedCommit } from '../objects/parse-commit.js';
import type { TreeEntry } from '../objects/parse-tree.js';
import { splitRepositoryPath } from '../repository-path.js';
import type { OpenTree, RemoteSession, RemoteSnapshot } from '../session.js';
import type { GitEntry } from '../types.js';
import type { ObjectFetcher } from './object-fetcher.js';
import { listTree, readTree } from './walk.js';

/** One commit over what has been fetched of it; what is missing is fetched when it is asked for. */
export class CommitSnapshot implements RemoteSnapshot {
  readonly commit: string;
  readonly revision: string;
  readonly rootTree: string;
  readonly author: { name: string; email: string; timestamp: number };
  readonly message: string;
  readonly #session: RemoteSession;
  readonly #fetcher: ObjectFetcher;

  constructor(
    session: RemoteSession,
    fetcher: ObjectFetcher,
    revision: string,
    commit: ParsedCommit & { oid: string },
  ) {
    this.#session = session;
    this.#fetcher = fetcher;
    this.revision = revision;
    this.commit = commit.oid;
    this.rootTree = commit.tree;
    this.author = commit.author;
    this.message = commit.message;
  }

  get objects(): MemoryObjectStore {
    return this.#fetcher.objects;
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

  async read(oids: readonly string[]): Promise<ReadonlyMap<string, Uint8Array>> {
    await this.#fetcher.ensure(oids, this.commit);
    const contents = new Map<string, Uint8Array>();
    for (const oid of oids) {
      const object = this.objects.get(oid);
      if (object?.type !== 'blob') {
        throw new RemoteError(`The object ${oid} is not a file's content.`, {
          retryable: false,
          data: { oid },
        });
      }
      contents.set(oid, object.data);
    }
    return contents;
  }

  async tree(path: string): Promise<OpenTree | null> {
    const oid = await this.#directory(path);
    if (oid === null) return null;
    await this.#fetcher.ensure([oid], this.commit);
    return { oid, entries: readTree(this.objects, oid, path) };
  }

  /** The id of the tree at `path`; null when nothing is there. */
  async #directory(path: string): Promise<string | null> {
    let found: Pick<TreeEntry, 'mode' | 'oid'> = { mode: '40000', oid: this.rootTree };
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
