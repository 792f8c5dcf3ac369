import { untilCancelled } from '../cancelled.js';
import type { ReadableObjects } from '../objects/store.js';
import type { Caller, KnownCommit, RemoteMemory, Transferred } from './remote-memory.js';

/** Objects that one snapshot needs, and its own way to get them. */
export interface Need {
  /** Puts what others brought within reach. */
  attach(layers: readonly ReadableObjects[]): void;
  isMet(commits: readonly KnownCommit[]): boolean;
  /** Asks the remote, with the credentials of who needs it. */
  fetch(commits: readonly KnownCommit[]): Promise<Transferred>;
}

const maxFailedFlights = 2;
const maxKept = 8;
/** A push is over when its commit has landed, and does not wait long to spare others a transfer. */
const patienceMs = 100;
const nothing: Transferred = { objects: [], known: null };

/**
 * What all sessions with one remote share, so that what several of them need at once is fetched once: transfers that
 * are under way, and the memory of earlier ones. Refs are never shared: each session asks for them with its own
 * credentials, and that the remote answers is what entitles it to the rest.
 */
export class SharedRemote {
  readonly #memory: RemoteMemory;
  readonly #flights = new Map<string, Promise<Transferred>>();
  readonly #writes = new Set<Promise<void>>();
  #sessions = 0;
  /** What was fetched while several sessions were open: those that are a moment late find it here. */
  #kept: Transferred[] = [];

  constructor(memory: RemoteMemory) {
    this.#memory = memory;
  }

  /** Counts a session in; the answer counts it out again, once what it brought is remembered. */
  enter(): () => Promise<void> {
    this.#sessions++;
    let inside = true;
    return async () => {
      if (inside && --this.#sessions === 0) this.#kept = [];
      inside = false;
      while (this.#writes.size > 0) await Promise.all(this.#writes);
    };
  }

  /**
   * Meets a need: from memory, by waiting for who fetches the same, or by fetching.
   * @param keys of the same key only one is fetched at a time
   */
  async meet(keys: readonly string[], need: Need, caller: Caller): Promise<void> {
    for (let failed = 0; failed < maxFailedFlights; failed++) {
      const flights = new Set(keys.flatMap((key) => this.#flights.get(key) ?? []));
      if (flights.size === 0) break;
      if (need.isMet(await this.#follow(flights, need, caller))) return;
    }
    const flight = this.#load(need, caller);
    const mine = keys.filter((key) => !this.#flights.has(key));
    for (const key of mine) this.#flights.set(key, flight);
    try {
      await flight;
    } finally {
      for (const key of mine) this.#flights.delete(key);
    }
  }

  /**
   * Remembers what a session made itself and the remote has now. When others keep it waiting it is let go: whoever
   * needs it fetches it.
   */
  add(make: () => Promise<Transferred>, { logger, signal }: Caller): void {
    const patience = AbortSignal.timeout(patienceMs);
    const hasty = { logger, signal: signal === undefined ? patience : AbortSignal.any([signal, patience]) };
    const adding = this.#locked(hasty, async () => this.#memory.remember(await make(), hasty))
      .catch((error: unknown) => logger.debug({ error: String(error) }, 'what was pushed is not kept'))
      .finally(() => {
        this.#writes.delete(adding);
      });
    this.#writes.add(adding);
  }

  async #locked(caller: Caller, act: () => Promise<void>): Promise<void> {
    const unlock = await this.#memory.lock(caller);
    try {
      await act();
    } finally {
      await unlock();
    }
  }

  /** What is known already, put within reach. */
  async recall(need: Pick<Need, 'attach'>, caller: Caller): Promise<KnownCommit[]> {
    const { layers, commits } = await this.#memory.recall(caller);
    need.attach([...this.#kept.flatMap(({ objects }) => objects), ...layers]);
    return [...this.#kept.flatMap(({ known }) => known ?? []), ...commits];
  }

  /** Waits for others; one that fails, with its own credentials or cancelled, is no failure of this one. */
  async #follow(
    flights: ReadonlySet<Promise<Transferred>>,
    need: Need,
    caller: Caller,
  ): Promise<readonly KnownCommit[]> {
    const arrived: KnownCommit[] = [];
    let hadAll = false;
    for (const flight of flights) {
      const arrival = await untilCancelled(flight, caller).catch((error: unknown) => {
        if (caller.signal?.aborted === true) throw error;
        return null;
      });
      if (arrival === null) continue;
      need.attach(arrival.objects);
      if (arrival.known !== null) arrived.push(arrival.known);
      hadAll ||= arrival.objects.length === 0;
    }
    return hadAll ? [...arrived, ...(await this.recall(need, caller))] : arrived;
  }

  async #load(need: Need, caller: Caller): Promise<Transferred> {
    if (need.isMet(await this.recall(need, caller))) return nothing;
    const unlock = await this.#memory.lock(caller);
    let writing: Promise<void> | null = null;
    try {
      const commits = await this.recall(need, caller);
      if (need.isMet(commits)) return nothing;
      const arrival = await need.fetch(commits);
      if (this.#sessions > 1) this.#keep(arrival);
      writing = this.#memory.remember(arrival, caller);
      return arrival;
    } finally {
      this.#finish(writing, unlock);
    }
  }

  #keep(arrival: Transferred): void {
    const older = ({ known }: Transferred): boolean =>
      known !== null && known.path === arrival.known?.path && known.commit !== arrival.known.commit;
    this.#kept = [arrival, ...this.#kept.filter((kept) => !older(kept))].slice(0, maxKept);
  }

  /** What was fetched is of use before it is written down. */
  #finish(writing: Promise<void> | null, unlock: () => Promise<void>): void {
    const finished = (writing ?? Promise.resolve()).then(unlock, unlock).finally(() => {
      this.#writes.delete(finished);
    });
    this.#writes.add(finished);
  }
}
