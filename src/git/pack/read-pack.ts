import { CorruptPackError, LimitExceededError } from '../../errors.js';
import type { ReadableObjects } from '../objects/store.js';
import type { GitLimits, TransferProgress } from '../types.js';
import { DeltaResolver } from './delta-resolver.js';
import { maxHeaderBytes, parseEntryHeader } from './entry-header.js';
import { inflateEntry } from './inflate-entry.js';
import { PackObjects } from './pack-objects.js';
import { PackWindow } from './pack-window.js';
import { readManyEntries } from './read-many-entries.js';

export interface ReadPackOptions {
  limits: GitLimits;
  /** Objects that deltas may build upon without being in the pack: what the server was told that we have. */
  bases?: ReadableObjects | undefined;
  onProgress?: ((event: TransferProgress) => void) | undefined;
}

const headerBytes = 12;
const checksumBytes = 20;
const progressEvery = 1024;
/** Less than that behind small entries is likely to be the beginning of another. */
const cutBytes = 64 * 1024;
/** So much is worth a run of its own; servers send smaller pieces. */
const runBytes = 32 * 1024;

/**
 * Reads a whole pack (gitformat-pack) in one pass over its stream: inflates, resolves deltas as their bases arrive,
 * names every object, and checks sizes and checksum. Thin packs are accepted as far as `bases` complete them.
 * @throws CorruptPackError, LimitExceededError, and whatever the stream throws
 */
export async function readPack(
  stream: AsyncIterable<Uint8Array>,
  { limits, bases, onProgress }: ReadPackOptions,
): Promise<PackObjects> {
  const window = new PackWindow(stream, limits.maxPackBytes);
  const objects = new PackObjects(limits);
  const deltas = new DeltaResolver(objects, limits.maxDeltaDepth, bases);
  try {
    const total = await readPackHeader(window, limits.maxObjects);
    for (let done = 0, told = 0; done < total; ) {
      done += readManyEntries(window, objects, deltas, total - done);
      if (done < total && !(await moreOfCutEntry(window))) {
        const pending = readEntry(window, objects, deltas);
        if (pending) await pending;
        done++;
      }
      if (onProgress && done - told >= progressEvery) {
        onProgress({ phase: 'receive', done, total, bytes: window.received });
        told = done;
      }
    }
    await readPackChecksum(window);
    deltas.finish();
    onProgress?.({ phase: 'receive', done: total, total, bytes: window.received });
    return objects;
  } finally {
    await window.close();
  }
}

/**
 * Waits for more where a run of small entries has ended: the one behind it is most often small as well, and cut off.
 * @returns whether more has come
 */
export async function moreOfCutEntry(window: PackWindow): Promise<boolean> {
  if (window.available >= cutBytes || !(await window.more())) return false;
  while (window.available < runBytes && (await window.more())) {}
  return true;
}

/**
 * Consumes a pack's header.
 * @returns how many objects follow
 */
export async function readPackHeader(window: PackWindow, maxObjects: number): Promise<number> {
  await window.require(headerBytes);
  const header = window.view(headerBytes);
  const signature = header.toString('latin1', 0, 4);
  const version = header.readUInt32BE(4);
  const total = header.readUInt32BE(8);
  if (signature !== 'PACK' || (version !== 2 && version !== 3)) {
    throw new CorruptPackError('What the remote sent is not a pack of version 2 or 3.');
  }
  if (total > maxObjects) {
    throw new LimitExceededError(`The pack announces ${total} objects, more than ${maxObjects}.`, {
      hint: 'Raise the limit "maxObjects", or sync a smaller directory.',
      data: { limit: 'maxObjects', value: maxObjects },
    });
  }
  window.consume(headerBytes);
  return total;
}

/** Synchronous while the bytes are at hand: a promise per object would cost more than the object. */
function readEntry(
  window: PackWindow,
  objects: PackObjects,
  deltas: DeltaResolver,
): Promise<void> | undefined {
  const { offset } = window;
  const header = parseEntryHeader(window.view(maxHeaderBytes), offset);
  if (header === null) {
    return window.require(window.available + 1).then(() => readEntry(window, objects, deltas));
  }
  window.consume(header.headerBytes);

  if (header.type === 'delta') {
    objects.count(header.size);
    const delta = Buffer.allocUnsafe(header.size);
    return andThen(inflateEntry(window, delta), () => deltas.addDelta(offset, delta, header));
  }
  const draft = objects.draft(header.type, header.size);
  return andThen(inflateEntry(window, draft.content), () => deltas.addWhole(offset, objects.add(draft)));
}

function andThen(pending: Promise<void> | undefined, step: () => void): Promise<void> | undefined {
  if (pending) return pending.then(step);
  step();
  return undefined;
}

/**
 * Consumes the end of a pack, after its last object.
 * @throws CorruptPackError unless the checksum is right and nothing follows it
 */
export async function readPackChecksum(window: PackWindow): Promise<void> {
  const computed = window.checksum();
  await window.require(checksumBytes);
  if (!window.view(checksumBytes).equals(computed)) {
    throw new CorruptPackError('The pack is broken: its checksum does not match.', {
      hint: 'The transfer was damaged; try again.',
    });
  }
  window.consume(checksumBytes);
  while (await window.more()) {}
  if (window.available > 0) throw new CorruptPackError('The pack is broken: bytes follow its checksum.');
}
