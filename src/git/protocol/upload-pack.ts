import { RemoteError, RepositoryNotFoundError, UnsupportedError } from '../../errors.js';
import type { FetchedPack, FetchRequest } from '../session.js';
import type { Transport } from '../transport/transport.js';
import type { RemoteRefs } from '../types.js';
import { type Advertisement, readAdvertisement } from './capabilities.js';
import { encodeFetchV0, readFetchV0 } from './fetch-v0.js';
import { encodeFetchV2, readFetchV2 } from './fetch-v2.js';
import { PacketReader } from './pkt-line.js';
import { advertisedRefs, encodeLsRefs, encodeLsUnbornHead, readLsRefs, readUnbornHead } from './refs.js';
import { NothingInCommonError } from './remote-message.js';

export interface UploadPackOptions {
  maxRefs: number;
  /** Watches progress: the server is asked for its messages. */
  onMessage?: ((message: string) => void) | undefined;
}

const service = 'git-upload-pack';

/**
 * The client of git-upload-pack. It speaks protocol v2 without asking first, which spares a request; when that fails,
 * it reads the advertisement and goes on with what the server speaks.
 */
export class UploadPack {
  readonly #transport: Transport;
  readonly #options: UploadPackOptions;
  #server: Advertisement | null = null;

  constructor(transport: Transport, options: UploadPackOptions) {
    this.#transport = transport;
    this.#options = options;
  }

  async listRefs(prefixes: readonly string[] | undefined): Promise<RemoteRefs> {
    if (this.#server === null) {
      try {
        return await this.#lsRefs(prefixes);
      } catch (error) {
        if (!mayBeOlder(error)) throw error;
      }
    }
    // An older server tells its refs only here, so that it is asked anew each time.
    if (this.#server?.version !== 2) this.#server = await this.#advertisement();
    if (this.#server.version === 2) return this.#lsRefs(prefixes);
    return advertisedRefs(this.#server.refs, this.#server.capabilities, prefixes);
  }

  /** The ref that `HEAD` names in a repository without commits; null when the server does not tell. */
  async unbornHead(): Promise<string | null> {
    this.#server ??= await this.#advertisement();
    const { version, capabilities } = this.#server;
    if (version !== 2 || !(capabilities.get('ls-refs') ?? '').split(' ').includes('unborn')) return null;
    const stream = await this.#transport.request(service, encodeLsUnbornHead(), { version: 2 });
    return readUnbornHead(new PacketReader(stream));
  }

  /** @throws UnsupportedError when the server is known not to do what is asked */
  async fetchPack(request: FetchRequest): Promise<FetchedPack> {
    if (this.#server === null) {
      try {
        return await this.#fetchV2(request);
      } catch (error) {
        if (!mayBeOlder(error)) throw error;
        this.#server = await this.#advertisement();
        if (this.#server.version === 2 && this.#does(request)) throw error;
      }
    }
    if (!this.#does(request)) {
      throw new UnsupportedError('The remote has no filters.', { hint: 'Ask for everything.' });
    }
    return this.#server.version === 2 ? this.#fetchV2(request) : this.#fetchV0(request, this.#server);
  }

  #does({ filter }: FetchRequest): boolean {
    if (filter === undefined || this.#server === null) return true;
    const { version, capabilities } = this.#server;
    if (version === 0) return capabilities.has('filter');
    return (capabilities.get('fetch') ?? '').split(' ').includes('filter');
  }

  async #advertisement(): Promise<Advertisement> {
    const stream = await this.#transport.advertise(service, { version: 2 });
    return readAdvertisement(new PacketReader(stream), this.#options.maxRefs);
  }

  async #lsRefs(prefixes: readonly string[] | undefined): Promise<RemoteRefs> {
    const stream = await this.#transport.request(service, encodeLsRefs(prefixes), { version: 2 });
    return readLsRefs(new PacketReader(stream), prefixes, this.#options.maxRefs);
  }

  async #fetchV2(request: FetchRequest): Promise<FetchedPack> {
    const fetched = request.ifCommon === true ? await this.#askV2(request, { done: false }) : null;
    return fetched ?? (await this.#askV2(request, { done: true })) ?? unfinished();
  }

  async #askV2(request: FetchRequest, { done }: { done: boolean }): Promise<FetchedPack | null> {
    const body = encodeFetchV2(request, { withProgress: this.#options.onMessage !== undefined, done });
    const stream = await this.#transport.request(service, body, { version: 2 });
    return readFetchV2(new PacketReader(stream), this.#onMessage);
  }

  async #fetchV0(request: FetchRequest, { capabilities }: Advertisement): Promise<FetchedPack> {
    const body = encodeFetchV0(request, capabilities, this.#options.onMessage !== undefined);
    const stream = await this.#transport.request(service, body, { version: 0 });
    return readFetchV0(new PacketReader(stream), capabilities, this.#onMessage);
  }

  readonly #onMessage = (message: string): void => this.#options.onMessage?.(message);
}

/** A server that does not know protocol v2 answers its commands with nothing, an error, or another status. */
function mayBeOlder(error: unknown): boolean {
  if (error instanceof NothingInCommonError) return false;
  if (error instanceof RemoteError) return error.data.status !== 429;
  return error instanceof RepositoryNotFoundError;
}

function unfinished(): never {
  throw new RemoteError("The remote's answer ends before its pack.");
}
