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
      const other = keyOf(this.bytes.toString('utf8', start, end));
      if (other === key) return { start, end, found: true };
      if (other < key) low = end;
      else high = start;
    }
    return { start: low, end: low, found: false };
  }
}

const linesAtOnce = 1000;

/** A line per item, each with a newline. They are joined in portions, so that few of them are alive at once. */
export function joinLines<T>(items: Iterable<T>, lineOf: (item: T) => string): string {
  const portions: string[] = [];
  let lines: string[] = [];
  for (const item of items) {
    lines.push(lineOf(item));
    if (lines.length < linesAtOnce) continue;
    portions.push(`${lines.join('\n')}\n`);
    lines = [];
  }
  if (lines.length > 0) portions.push(`${lines.join('\n')}\n`);
  return portions.join('');
}

/** A line that cannot be read has no key; a search then ends somewhere and finds nothing. */
function keyOf(line: string): string {
  const text = /"(?:[^"\\]|\\.)*"/.exec(line.startsWith('{') ? line.slice(line.indexOf(':')) : line)?.[0];
  try {
    return text === undefined ? '' : (JSON.parse(text) as string);
  } catch {
    return '';
  }
}
