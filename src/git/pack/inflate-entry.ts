import { createInflate, type Inflate, inflateSync } from 'node:zlib';
import { CorruptPackError } from '../../errors.js';
import type { PackWindow } from './pack-window.js';

/** Up to here one synchronous call is fastest; above, the compressed bytes should not have to be gathered first. */
const syncBytes = 256 * 1024;

/**
 * Inflates the entry at the window's beginning into `target` and consumes it. Neither the extent of the compressed
 * bytes nor a truthful size is known beforehand.
 * @throws CorruptPackError unless exactly as many bytes come out as `target` holds
 */
export function inflateEntry(window: PackWindow, target: Uint8Array): Promise<void> | undefined {
  if (target.length > syncBytes) {
    return inflateInPieces(window, target.length, (piece, position) => target.set(piece, position));
  }
  const likely = compressedBound(target.length);
  const ready = window.available >= likely || window.ended;
  return ready && tryInflate(window, target, likely) ? undefined : inflateWhenThere(window, target, likely);
}

async function inflateWhenThere(window: PackWindow, target: Uint8Array, likely: number): Promise<void> {
  for (let wanted = likely; ; wanted *= 2) {
    while (window.available < wanted && (await window.more())) {}
    if (tryInflate(window, target, wanted)) return;
    if (window.ended && wanted >= window.available) throw corrupt(window, 'ends early');
  }
}

/** What deflate makes of incompressible bytes (zlib: compressBound), with room for a few empty blocks. */
function compressedBound(size: number): number {
  return size + (size >> 10) + 64;
}

/** @returns false when the compressed bytes go on beyond those at hand */
function tryInflate(window: PackWindow, target: Uint8Array, bytes: number): boolean {
  const size = target.length;
  let result: { buffer: Buffer; engine: Inflate };
  try {
    // One byte of room more than needed spares zlib a second output buffer.
    result = inflateSync(window.view(bytes), {
      info: true,
      chunkSize: Math.max(64, size + 1),
      maxOutputLength: Math.max(1, size),
    }) as unknown as typeof result;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'Z_BUF_ERROR') return false;
    throw corrupt(
      window,
      code === 'ERR_BUFFER_TOO_LARGE' ? 'is larger than it declares' : 'does not inflate',
    );
  }
  if (result.buffer.length !== size) throw corrupt(window, 'is not as large as it declares');
  target.set(result.buffer);
  window.consume(result.engine.bytesWritten);
  return true;
}

/**
 * Inflates the entry at the window's beginning and consumes it, without ever holding it whole.
 * @throws CorruptPackError unless exactly `size` bytes come out
 */
export async function inflateInPieces(
  window: PackWindow,
  size: number,
  sink: (piece: Buffer, position: number) => void,
): Promise<void> {
  let length = 0;
  const inflate = createInflate({ chunkSize: syncBytes });
  inflate.on('data', (chunk: Buffer) => {
    if (length + chunk.length <= size) sink(chunk, length);
    length += chunk.length;
  });
  const failed = new Promise<boolean>((resolve) => inflate.once('error', () => resolve(false)));
  const ended = new Promise<boolean>((resolve) => inflate.once('end', () => resolve(true)));
  try {
    for (let complete = false; !complete; ) {
      if (window.available === 0 && !(await window.more())) throw corrupt(window, 'ends early');
      const input = window.view(syncBytes);
      const before = inflate.bytesWritten;
      const written = new Promise<boolean>((resolve) => inflate.write(input, () => resolve(true)));
      if (!(await Promise.race([written, failed]))) throw corrupt(window, 'does not inflate');
      if (length > size) throw corrupt(window, 'is larger than it declares');
      const consumed = inflate.bytesWritten - before;
      window.consume(consumed);
      // What zlib leaves belongs to the next entry.
      complete = consumed < input.length;
    }
    if (!(await Promise.race([ended, failed]))) throw corrupt(window, 'does not inflate');
    if (length !== size) throw corrupt(window, 'is not as large as it declares');
  } finally {
    inflate.destroy();
  }
}

function corrupt(window: PackWindow, reason: string): CorruptPackError {
  return new CorruptPackError(`The pack is broken: the object at byte ${window.offset} ${reason}.`, {
    data: { offset: window.offset },
  });
}
