import { CorruptPackError, LimitExceededError, RemoteError, UnsupportedError } from '../../errors.js';
import type { KnownCommit } from '../mirror/remote-memory.js';
import type { Need } from '../mirror/shared-remote.js';
import { MemoryObjectStore } from '../objects/memory-store.js';
import type { ReadableObjects } from '../objects/store.js';
import type { PackObjects } from '../pack/pack-objects.js';
import { EmptyResponseError, NothingInCommonError, RefusedRequestError } from '../protocol/remote-message.js';
import type { FetchRequest, RemoteSession } from '../session.js';
import type { ReadOptions } from '../types.js';

/** A request's body stays below half a megabyte. */
const wantsPerRequest = 8192;

/** A directory of a commit. */
export interface Directory {
  path: string;
  /** Id of its tree. */
  tree: string;
}

/** Brings objects of one commit to hand. Several callers may ask at once; nothing is asked for twice. */
export class ObjectFetcher {
  readonly objects = new MemoryObjectStore();
  readonly #session: RemoteSession;
  readonly #tellAsked: () => void;
  /** As in `Snapshot`. */
  readonly asked: Promise<void>;
  #fetched: PackObjects[] = [];
  #wholeTip: Promise<void> | undefined;

  constructor(session: RemoteSession) {
    this.#session = session;
    let tell = (): void => {};
    this.asked = new Promise((resolve) => {
      tell = resolve;
    });
    this.#tellAsked = tell;
  }

  async fetch(request: FetchRequest): Promise<void> {
    const { limits, onProgress } = this.#session;
    const answer = this.#session.fetchPack(request);
    // The request is on its way by then.
    setImmediate(this.#tellAsked);
    // What reads the pack is loaded while the server makes it.
    const [{ pack }, { readPack }] = await Promise.all([answer, import('../pack/read-pack.js')]);
    const bases = request.thin === true ? this.objects : undefined;
    const objects = await readPack(pack, { limits, bases, onProgress: (event) => onProgress(event) });
    this.objects.addLayer(objects);
    this.#fetched.push(objects);
  }

  /**
   * Tries one request after the other until the server does one.
   * @returns the one that it did
   * @throws what the last one failed with; any failure that is no refusal at once
   */
  async fetchFirst(requests: readonly FetchRequest[]): Promise<FetchRequest> {
    for (const request of requests.slice(0, -1)) {
      try {
        await this.fetch(request);
        return request;
      } catch (error) {
        // A thin pack may build upon what a server takes us to have.
        const thinner = request.thin === true && error instanceof CorruptPackError;
        if ((!isRefusal(error) && !thinner) || isUnknownObject(error)) throw error;
        this.#session.logger.debug({ filter: request.filter ?? null }, 'git server refuses, falling back');
      }
    }
    const last = requests.at(-1) ?? { wants: [] };
    await this.fetch(last);
    return last;
  }

  /** Nothing has to be asked for. */
  allAtHand(): void {
    this.#tellAsked();
  }

  /** Whether everything below the commit was asked for at once. */
  get hasWholeTip(): boolean {
    return this.#wholeTip !== undefined;
  }

  /**
   * The commit with everything below it: what every server can do.
   * @param requests the ways to ask for what of it is not at hand, best first
   */
  fetchWholeTip(commit: string, requests: readonly FetchRequest[] = [wholeTip(commit)]): Promise<void> {
    this.#wholeTip ??= this.fetchFirst(requests).then(
      ({ haves }) => {
        // What was left out may turn out to be damaged here: then all of it is asked for.
        if (haves !== undefined) this.#wholeTip = undefined;
      },
      (error) => {
        this.#wholeTip = undefined;
        throw error;
      },
    );
    return this.#wholeTip;
  }

  /**
   * Sees to it that objects of `commit` are at hand; trees bring all trees below them along, and no blobs.
   * @param all the directory whose contents they are, when they are all of these
   * @throws RemoteError when the server does not have one
   */
  async ensure(
    oids: Iterable<string>,
    commit: string,
    { once = false }: ReadOptions = {},
    all?: Directory,
  ): Promise<void> {
    const wanted: string[] = [];
    for (const oid of oids) if (!this.objects.has(oid)) wanted.push(oid);
    if (wanted.length === 0) return;
    const missing = (): string[] => [...new Set(wanted)].filter((oid) => !this.objects.has(oid));
    const { shared, url } = this.#session;
    const need: Need = {
      attach: (layers) => this.attach(layers),
      isMet: () => missing().length === 0,
      fetch: async () => {
        const known = all === undefined ? null : await this.#fetchAll(all, commit);
        await this.#fetchMissing(missing(), commit);
        return { objects: this.takeFetched(), known };
      },
    };
    if (!once) await shared.meet(wanted, need, this.#session);
    else if (!need.isMet(await this.recall())) await need.fetch([]);
    const absent = missing()[0];
    if (absent === undefined) return;
    throw new RemoteError(`${url} does not send the object ${absent}.`, {
      hint: 'The repository may be damaged; "git fsck" tells.',
      data: { oid: absent },
    });
  }

  /** Makes readable what is at hand already. */
  attach(layers: readonly ReadableObjects[]): void {
    for (const layer of layers) this.objects.addLastLayer(layer);
  }

  /** Commits worth building upon, their objects made readable. */
  recall(): Promise<KnownCommit[]> {
    return this.#session.shared.recall(this, this.#session);
  }

  /** What was fetched since this was last asked. */
  takeFetched(): PackObjects[] {
    return this.#fetched.splice(0);
  }

  /** @returns what is at hand then; null when the server refuses, or it is too much for one answer */
  async #fetchAll({ path, tree }: Directory, commit: string): Promise<KnownCommit | null> {
    try {
      const whole = path === '' ? wholeTip(commit) : { wants: [tree] };
      // The trees are at hand.
      await this.fetchFirst([{ ...whole, filter: 'object:type=blob' }, whole]);
      return { commit, path, contents: true };
    } catch (error) {
      if (!isRefusal(error) && !(error instanceof LimitExceededError)) throw error;
      return null;
    }
  }

  async #fetchMissing(oids: string[], commit: string): Promise<void> {
    const parts: string[][] = [];
    for (let start = 0; start < oids.length; start += wantsPerRequest) {
      parts.push(oids.slice(start, start + wantsPerRequest));
    }
    const fetchPart = async (wants: string[]): Promise<void> => {
      try {
        await this.fetchFirst([{ wants, filter: 'blob:none' }, { wants }]);
      } catch (error) {
        if (!isRefusal(error)) throw error;
        await this.fetchWholeTip(commit);
      }
    };
    await Promise.all(parts.map(fetchPart));
  }
}

export function wholeTip(commit: string): FetchRequest {
  return { wants: [commit], deepen: 1 };
}

/** No other way of asking brings what the server does not know, or does not give by its id. */
function isUnknownObject(error: unknown): boolean {
  return error instanceof RefusedRequestError && error.retryable;
}

/** The server does not do what it was asked; it may do something simpler. */
export function isRefusal(error: unknown): boolean {
  return (
    error instanceof EmptyResponseError ||
    error instanceof RefusedRequestError ||
    error instanceof NothingInCommonError ||
    error instanceof UnsupportedError
  );
}
