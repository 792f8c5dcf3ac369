import { createHash } from 'node:crypto';
import { RemoteError } from '../../src/errors.js';
import type {
  CommitRequest,
  Git,
  GitEntry,
  PathChange,
  PushBase,
  Remote,
  Snapshot,
} from '../../src/git/types.js';
import { blobId } from '../../src/resources/blob-id.js';

type Tree = ReadonlyMap<string, GitEntry>;

/**
 * A repository with one branch in memory, behind the engine's own interface: tens of thousands of runs need no server.
 * What it stands for is tested against real servers in `test/git`, and so are some of the runs themselves.
 */
export class MemoryGit implements Git {
  readonly #blobs = new Map<string, Uint8Array>();
  readonly #trees = new Map<string, Tree>();
  #tip: string | null = null;

  get tip(): string | null {
    return this.#tip;
  }

  /** The files of the branch as text, by path. */
  files(): Map<string, string> {
    const entries = [...this.#tree(this.#tip)];
    return new Map(entries.map(([path, { oid }]) => [path, Buffer.from(this.#blob(oid)).toString()]));
  }

  /** Commits as a person would, whatever flowgit is doing; null deletes. */
  commit(files: Readonly<Record<string, string | null>>): void {
    const changes = Object.entries(files).map(([path, text]) => ({
      path,
      content: text === null ? null : Buffer.from(text),
    }));
    this.#write(changes);
  }

  connect({ url }: { url: string }): Remote {
    const unused = async (): Promise<never> => {
      throw new Error('No sync or push asks for this.');
    };
    return {
      url,
      listRefs: unused,
      clone: unused,
      openSnapshot: async () => this.#open(this.#tip ?? ''),
      openForPush: async (branch): Promise<PushBase> => ({
        branch,
        tip: this.#tip,
        snapshot: this.#tip === null ? null : this.#open(this.#tip),
      }),
      expectPush: () => {},
      push: async (base, { changes }) => {
        if (base.tip !== this.#tip) throw new Error('Nobody else pushes here.');
        return { commit: this.#write(changes), remoteMessages: [] };
      },
      close: async () => {},
    };
  }

  #write(changes: CommitRequest['changes']): string | null {
    const tree = new Map(this.#tree(this.#tip));
    for (const { path, content } of changes) {
      if (content === null) tree.delete(path);
      else {
        const oid = blobId(content);
        this.#blobs.set(oid, content);
        tree.set(path, { path, oid, mode: '100644' });
      }
    }
    const sorted = new Map([...tree].sort(([a], [b]) => (a < b ? -1 : 1)));
    const commit = createHash('sha1')
      .update(`${this.#tip} ${JSON.stringify([...sorted])}`)
      .digest('hex');
    this.#trees.set(commit, sorted);
    this.#tip = commit;
    return commit;
  }

  #open(commit: string): Snapshot {
    const below = (tree: Tree, path: string) =>
      [...tree.values()].filter((entry) => path === '' || entry.path.startsWith(`${path}/`));
    return {
      asked: Promise.resolve(),
      commit,
      revision: 'main',
      describe: async () => ({
        author: { name: 'Ada', email: 'ada@example.org', timestamp: 1_700_000_000 },
        message: 'test',
      }),
      list: async (path) => {
        const entries = below(this.#tree(commit), path);
        return entries.length === 0 && path !== '' ? null : entries;
      },
      changedSince: async (older, path): Promise<PathChange[] | null> => {
        const [before, after] = [this.#trees.get(older), this.#tree(commit)];
        if (before === undefined || below(after, path).length === 0) return null;
        const paths = new Set([...below(before, path), ...below(after, path)].map((entry) => entry.path));
        return [...paths]
          .sort()
          .map((one) => ({ path: one, before: before.get(one) ?? null, after: after.get(one) ?? null }))
          .filter((change) => change.before?.oid !== change.after?.oid);
      },
      read: async (oids) => new Map(oids.map((oid) => [oid, this.#blob(oid)])),
    };
  }

  #tree(commit: string | null): Tree {
    return (commit === null ? undefined : this.#trees.get(commit)) ?? new Map();
  }

  #blob(oid: string): Uint8Array {
    const blob = this.#blobs.get(oid);
    if (blob === undefined) throw new RemoteError(`There is no object ${oid}.`, { retryable: false });
    return blob;
  }
}
