import { createHash } from 'node:crypto';
import { closeSync, openSync, writeSync } from 'node:fs';
import { throwIfCancelled } from '../cancelled.js';
import { hashObject } from '../objects/hash.js';
import type { GitLimits, TransferProgress } from '../types.js';
import { checkObjectSize } from './check-object-size.js';
import { ContentCache } from './content-cache.js';
import { DiskPack, type ObjectListener } from './disk-pack.js';
import { type EntryHeader, maxHeaderBytes, parseEntryHeader } from './entry-header.js';
import { EntryWindow } from './entry-window.js';
import { inflateEntry, inflateInPieces } from './inflate-entry.js';
import { PackTable } from './pack-table.js';
import { PendingDeltas } from './pending-deltas.js';
import { moreOfCutEntry, readPackChecksum, readPackHeader } from './read-pack.js';
import { receiveSmallEntries } from './receive-small-entries.js';

export interface ReceivePackOptions {
  limits: GitLimits;
  signal?: AbortSignal | undefined;
  /** Told of all objects but large blobs, as soon as they are named. What it throws ends the transfer. */
  listener?: ObjectListener | undefined;
  onProgress?: ((event: TransferProgress) => void) | undefined;
}

export interface ReceivedPack {
  /** To be closed by the caller. */
  pack: DiskPack;
  checksum: Buffer;
}

const progressEvery = 1024;
/** Contents kept from the first pass for deltas and for the checkout; what is beyond is read from disk again. */
const cacheBytes = 96 * 1024 * 1024;
/** Larger blobs are hashed in pieces and never held. */
const heldBlobBytes = 1024 * 1024;

/**
 * Writes a pack to a file while it streams in, and learns what an index of it has to say: one pass over the stream,
 * after which only deltas are left whose base was not at hand. Memory stays bounded whatever the size of the pack.
 * @throws CorruptPackError, LimitExceededError, and whatever the stream throws
 */
export async function receivePackFile(
  stream: AsyncIterable<Uint8Array>,
  path: string,
  options: ReceivePackOptions,
): Promise<ReceivedPack> {
  const { limits, signal, listener, onProgress } = options;
  const file = openSync(path, 'wx', 0o444);
  const window = new EntryWindow(copyTo(file, stream), limits.maxPackBytes);
  let pack: DiskPack | null = null;
  try {
    const table = new PackTable(await readPackHeader(window, limits.maxObjects));
    pack = new DiskPack(path, table, new ContentCache(cacheBytes), {
      maxObjectBytes: limits.maxObjectBytes,
      listener,
    });
    const deltas = new PendingDeltas(pack, limits.maxDeltaDepth);
    table.offsets[0] = window.offset;
    for (let entry = 0, told = 0; entry < table.count; ) {
      entry += receiveSmallEntries(window, pack, deltas, entry);
      if (entry < table.count && !(await moreOfCutEntry(window))) {
        window.crc = 0;
        const pending = readEntry(window, pack, deltas, entry);
        if (pending) await pending;
        table.crcs[entry] = window.crc;
        table.offsets[++entry] = window.offset;
      }
      throwIfCancelled(signal);
      if (entry - told < progressEvery) continue;
      told = entry;
      onProgress?.({ phase: 'receive', done: entry, total: table.count, bytes: window.received });
    }
    const checksum = window.checksum();
    await readPackChecksum(window);
    onProgress?.({ phase: 'receive', done: table.count, total: table.count, bytes: window.received });
    await deltas.resolve(options);
    return { pack, checksum };
  } catch (error) {
    pack?.close();
    throw error;
  } finally {
    await window.close();
    closeSync(file);
  }
}

/** Synchronously: a thread's turn for each chunk takes longer than a copy into the system's cache. */
async function* copyTo(file: number, stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of stream) {
    for (let at = 0; at < chunk.length; ) at += writeSync(file, chunk, at);
    yield chunk;
  }
}

/** Synchronous while the bytes are at hand: a promise per object would cost more than the object. */
function readEntry(
  window: EntryWindow,
  pack: DiskPack,
  deltas: PendingDeltas,
  entry: number,
): Promise<void> | undefined {
  const header = parseEntryHeader(window.view(maxHeaderBytes), window.offset);
  if (header === null) {
    return window.require(window.available + 1).then(() => readEntry(window, pack, deltas, entry));
  }
  const { size } = header;
  checkObjectSize(size, pack.maxObjectBytes);
  pack.table.sizes[entry] = size;
  pack.table.headerBytes[entry] = header.headerBytes;
  window.consume(header.headerBytes);

  if (header.type === 'blob' && size > heldBlobBytes) return nameLargeBlob(window, pack, entry, size);
  const content = Buffer.allocUnsafe(size);
  const inflating = inflateEntry(window, content);
  const keep = (): void => keepEntry(pack, deltas, entry, header, content);
  if (inflating) return inflating.then(keep);
  keep();
  return undefined;
}

function keepEntry(
  pack: DiskPack,
  deltas: PendingDeltas,
  entry: number,
  header: EntryHeader,
  content: Buffer,
): void {
  if (header.type === 'delta') deltas.add(entry, header, content);
  else pack.keep(entry, header.type, hashObject(header.type, content), content);
}

async function nameLargeBlob(
  window: EntryWindow,
  pack: DiskPack,
  entry: number,
  size: number,
): Promise<void> {
  const digest = createHash('sha1').update(`blob ${size}\0`, 'latin1');
  await inflateInPieces(window, size, (piece) => digest.update(piece));
  pack.table.name(entry, 'blob', digest.digest('hex'));
}
