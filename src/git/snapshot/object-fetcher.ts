import { RemoteError, UnsupportedError } from '../../errors.js';
import { MemoryObjectStore } from '../objects/memory-store.js';
import { readPack } from '../pack/read-pack.js';
import { EmptyResponseError, RefusedRequestError } from '../protocol/remote-message.js';
import type { FetchRequest, RemoteSession } from '../session.js';

/** A request's body stays below half a megabyte. */
const wantsPerRequest = 8192;

/** Brings objects of one commit to hand. Several callers may ask at once; nothing is asked for twice. */
export class ObjectFetcher {
  readonly objects = new MemoryObjectStore();
  readonly #session: RemoteSession;
  readonly #inFlight = new Map<string, Promise<void>>();
  #wholeTip: Promise<void> | undefined;

  constructor(session: RemoteSession) {
    this.#session = session;
  }

  async fetch(request: FetchRequest): Promise<void> {
    const { limits, onProgress } = this.#session;
    const { pack } = await this.#session.fetchPack(request);
    this.objects.addLayer(await readPack(pack, { limits, onProgress: (event) => onProgress(event) }));
  }

  /**
   * Tries one request after the other until the server does one.
   * @throws what the last one failed with; any failure that is no refusal at once
   */
  async fetchFirst(requests: readonly FetchRequest[]): Promise<void> {
    for (const [index, request] of requests.entries()) {
      try {
        await this.fetch(request);
        return;
      } catch (error) {
        if (!isRefusal(error) || index === requests.length - 1) throw error;
        this.#session.logger.debug({ filter: request.filter ?? null }, 'git server refuses, falling back');
      }
    }
  }

  /** The commit with everything below it: what every server can do. */
  fetchWholeTip(commit: string): Promise<void> {
    this.#wholeTip ??= this.fetch({ wants: [commit], deepen: 1 });
    return this.#wholeTip;
  }

  /**
   * Sees to it that objects of `commit` are at hand; trees bring all trees below them along, and no blobs.
   * @throws RemoteError when the server does not have one
   */
  async ensure(oids: Iterable<string>, commit: string): Promise<void> {
    const missing: string[] = [];
    const waiting = new Set<Promise<void>>();
    for (const oid of new Set(oids)) {
      if (this.objects.has(oid)) continue;
      const pending = this.#inFlight.get(oid);
      if (pending) waiting.add(pending);
      else missing.push(oid);
    }
    for (let start = 0; start < missing.length; start += wantsPerRequest) {
      waiting.add(this.#fetchMissing(missing.slice(start, start + wantsPerRequest), commit));
    }
    await Promise.all(waiting);
    const absent = missing.find((oid) => !this.objects.has(oid));
    if (absent === undefined) return;
    throw new RemoteError(`${this.#session.url} does not send the object ${absent}.`, {
      hint: 'The repository may be damaged; "git fsck" tells.',
      data: { oid: absent },
    });
  }

  #fetchMissing(wants: string[], commit: string): Promise<void> {
    const fetching = this.fetchFirst([{ wants, filter: 'blob:none' }, { wants }])
      .catch((error) => {
        if (!isRefusal(error)) throw error;
        return this.fetchWholeTip(commit);
      })
      .finally(() => {
        for (const oid of wants) this.#inFlight.delete(oid);
      });
    for (const oid of wants) this.#inFlight.set(oid, fetching);
    return fetching;
  }
}

/** The server does not do what it was asked; it may do something simpler. */
export function isRefusal(error: unknown): boolean {
  return (
    error instanceof EmptyResponseError ||
    error instanceof RefusedRequestError ||
    error instanceof UnsupportedError
  );
}
