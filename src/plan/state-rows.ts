import type { ComparedChange } from './compare.js';
import type { PagedLines } from './pages/paged-lines.js';
import { jsonLines } from './report.js';
import { SortedLines } from './sorted-lines.js';
import { parseStateLine, parseStateLines } from './state-line.js';
import type { SyncedResource, SyncIdentity } from './sync-state.js';

/**
 * The rows of a run without a change, made from the lines of the sync's state when somebody looks: where a state tells
 * all that they say, they need not be kept beside it.
 */
export class StateRows {
  readonly #lines: PagedLines;
  readonly #identity: Pick<SyncIdentity, 'kind'>;
  readonly #rowOf: (resource: SyncedResource) => object;

  constructor(
    lines: PagedLines,
    identity: Pick<SyncIdentity, 'kind'>,
    rowOf: (resource: SyncedResource) => object,
  ) {
    this.#lines = lines;
    this.#identity = identity;
    this.#rowOf = rowOf;
  }

  /** As in `PagedLines`. */
  read(): Promise<boolean> {
    return this.#lines.read();
  }

  /** As in `PagedLines`, by git path. */
  async find(paths: readonly string[]): Promise<ReadonlyMap<string, string | null> | null> {
    const lines = await this.#lines.find(paths);
    if (lines === null) return null;
    const rows = new Map<string, string | null>();
    for (const [path, line] of lines) {
      const resource = line === null ? null : parseStateLine(this.#identity, line);
      rows.set(path, resource === null ? null : JSON.stringify(this.#rowOf(resource)));
    }
    return rows;
  }

  /** As in `PagedLines`. */
  pieces(changes: ReadonlyMap<string, string | null> = new Map()): Iterable<Uint8Array> {
    const rows = () => this.#rows();
    if (changes.size === 0) return { [Symbol.iterator]: rows };
    return {
      *[Symbol.iterator]() {
        yield new SortedLines(Buffer.concat([...rows()])).with(changes).bytes;
      },
    };
  }

  *#rows(): Generator<Buffer> {
    for (const lines of this.#lines.intact()) {
      yield jsonLines(parseStateLines(this.#identity, lines), this.#rowOf);
    }
  }
}

/** Whether a state has a line for each change that leaves something, in their order, and no other. */
export function tellsRows(
  resources: readonly SyncedResource[],
  changes: readonly Pick<ComparedChange, 'state' | 'key' | 'gitPath'>[],
): boolean {
  let place = 0;
  for (const { state, key, gitPath } of changes) {
    if (state === 'DELETED') continue;
    const resource = resources[place++];
    if (resource?.gitPath !== gitPath || resource.key.id !== key.id) return false;
    if (resource.key.namespace !== key.namespace) return false;
  }
  return place === resources.length;
}
