const newline = 10;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text of UTF-8 bytes, byte-order mark included; null when they are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return utf8.decode(bytes);
  } catch {
    return null;
  }
}

/** Git's own rule: a NUL among the first bytes makes content binary (xdiff-interface.c). */
const binaryBytes = 8000;

export function isBinary(bytes: Uint8Array): boolean {
  return (bytes.length <= binaryBytes ? bytes : bytes.subarray(0, binaryBytes)).includes(0);
}

/**
 * The lines of a text, one without a newline at the end included; null for what is binary. Byte by byte: lines are short,
 * and a call that finds the next end of one costs more than the look at its bytes.
 */
export function lineCount(bytes: Uint8Array): number | null {
  const { length } = bytes;
  let count = length === 0 || bytes[length - 1] === newline ? 0 : 1;
  for (let at = 0; at < length; at++) {
    const byte = bytes[at];
    if (byte === newline) count++;
    else if (byte === 0 && at < binaryBytes) return null;
  }
  return count;
}
