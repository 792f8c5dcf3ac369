/**
 * Lines of JSON sorted by the text each begins with, such as `["path", …]` or `{"gitPath":"path", …}`, kept as bytes.
 * Looking one up takes a binary search and changing a few takes a copy, so that a run which changes ten of ten thousand
 * does not parse and format the rest.
 */
export class SortedLines {
  readonly bytes: Buffer;

  /** @param bytes lines in the order of JavaScript's string comparison, each with a newline at its end */
  constructor(bytes: Uint8Array) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** The line that begins with `key`, without its newline; null when there is none. */
  get(key: string): string | null {
    const { start, end, found } = this.#search(key);
    return found ? this.bytes.toString('utf8', start, end - 1) : null;
  }

  /** Whether any line contains the text. */
  includes(text: string): boolean {
    return this.bytes.includes(text);
  }

  /** A copy with lines put in, replaced, or (null) taken out. */
  with(changes: ReadonlyMap<string, string | null>): SortedLines {
    const parts: Buffer[] = [];
    let from = 0;
    for (const key of [...changes.keys()].sort()) {
      const line = changes.get(key) ?? null;
      const { start, end, found } = this.#search(key);
      parts.push(this.bytes.subarray(from, start));
      if (line !== null) parts.push(Buffer.from(`${line}\n`));
      from = found ? end : start;
    }
    parts.push(this.bytes.subarray(from));
    return new SortedLines(Buffer.concat(parts));
  }

  /** The line of `key`, or the empty place where it would stand. */
  #search(key: string): { start: number; end: number; found: boolean } {
    let low = 0;
    let high = this.bytes.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const start = middle === 0 ? 0 : this.bytes.lastIndexOf(10, middle - 1) + 1;
      const next = this.bytes.indexOf(10, middle);
      const end = next === -1 ? this.bytes.length : next + 1;
      const other = keyOfLine(this.bytes.toString('utf8', start, end));
      if (other === key) return { start, end, found: true };
      if (other < key) low = end;
      else high = start;
    }
    return { start: low, end: low, found: false };
  }
}

const linesAtOnce = 500;

/**
 * A line per item, each with a newline, as UTF-8, behind an optional first line. They are made in portions and written
 * to one piece of memory, so that neither lines nor copies of them add up.
 */
export function joinLines<T>(items: readonly T[], lineOf: (item: T) => string, first?: string): Buffer {
  const text = new TextBytes();
  if (first !== undefined) text.append(`${first}\n`);
  for (let start = 0; start < items.length; start += linesAtOnce) {
    const end = Math.min(start + linesAtOnce, items.length);
    const lines = items.slice(start, end).map(lineOf);
    // For a newline at the end. One put behind a long text would copy all of it.
    lines.push('');
    text.append(lines.join('\n'), items.length / end);
  }
  return text.bytes;
}

/** Text that grows at its end, as UTF-8. */
class TextBytes {
  #memory = Buffer.alloc(0);
  #length = 0;

  /** @param share how many times the text will be as long as it is then, as far as one can tell */
  append(text: string, share = 1): void {
    const length = this.#length + Buffer.byteLength(text);
    if (length > this.#memory.length) {
      const memory = Buffer.allocUnsafeSlow(
        Math.ceil(Math.max(length * share * 1.05, this.#memory.length * 1.5)),
      );
      this.#memory.copy(memory, 0, 0, this.#length);
      this.#memory = memory;
    }
    this.#memory.write(text, this.#length);
    this.#length = length;
  }

  get bytes(): Buffer {
    return this.#memory.subarray(0, this.#length);
  }
}

/** A line that cannot be read has no key; a search then ends somewhere and finds nothing. */
export function keyOfLine(line: string): string {
  const text = /"(?:[^"\\]|\\.)*"/.exec(line.startsWith('{') ? line.slice(line.indexOf(':')) : line)?.[0];
  try {
    return text === undefined ? '' : (JSON.parse(text) as string);
  } catch {
    return '';
  }
}
