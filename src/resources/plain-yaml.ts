/**
 * Reads the plain part of YAML that most files consist of, some twenty times faster than a full parser: block maps and
 * lists, one-line scalars, block scalars, comments. Whatever is out of the ordinary (anchors, tags, flow collections,
 * escapes, multi-line scalars, tabs, duplicate keys, anything doubtful) gives `null`, and the caller asks the full parser.
 * What it does accept, a full parser reads as the same value, except that block scalars come out as `blockText`.
 */
export type PlainYaml = string | number | boolean | null | PlainYaml[] | { [key: string]: PlainYaml };

/** Stands for the text of a block scalar, which is skipped rather than read. */
export const blockText = '(text)';

/** The value of a document whose root is a map; null when it is not plain. */
export function parsePlainYaml(source: string): { [key: string]: PlainYaml } | null {
  if (unusual.test(source)) return null;
  const reader = new Reader(source);
  try {
    if (reader.indent() !== 0) return null;
    const value = reader.map(0, reader.content());
    return reader.indent() === -1 ? value : null;
  } catch (error) {
    if (error === notPlain) return null;
    throw error;
  }
}

const notPlain = new Error('not plain YAML');
// Control characters, other line separators and byte-order marks: what they mean depends on where they stand.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const unusual = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\ufeff]/;
const entry = /^([A-Za-z_][A-Za-z0-9_.-]*):(?: +(.*))?$/;
const blockHeader = /^[|>][+-]?$/;
const integer = /^(?:0|-?[1-9][0-9]{0,14})$/;
const reserved = /^(?:true|false|null)$/i;
const maxDepth = 50;

class Reader {
  readonly #lines: string[];
  #at = 0;
  #depth = 0;

  constructor(source: string) {
    this.#lines = source.split('\n');
    this.#skipBlank();
  }

  /** Spaces before the current line's content; -1 at the end. */
  indent(): number {
    const line = this.#lines[this.#at];
    return line === undefined ? -1 : indentOf(line);
  }

  /** The current line without its indentation. */
  content(): string {
    return (this.#lines[this.#at] ?? '').slice(this.indent()).trimEnd();
  }

  /** A map whose keys stand at `indent`; `first` is the text of its first entry, which may follow a dash. */
  map(indent: number, first: string): { [key: string]: PlainYaml } {
    if (++this.#depth > maxDepth) throw notPlain;
    const value: { [key: string]: PlainYaml } = {};
    for (let text = first; ; text = this.content()) {
      const [, key, rest = ''] = entry.exec(text) ?? [];
      if (key === undefined || key === '__proto__' || key in value || reserved.test(key)) throw notPlain;
      value[key] = this.#value(rest, indent, true);
      if (this.indent() < indent) break;
      if (this.indent() > indent) throw notPlain;
    }
    this.#depth--;
    return value;
  }

  #list(indent: number): PlainYaml[] {
    if (++this.#depth > maxDepth) throw notPlain;
    const items: PlainYaml[] = [];
    while (this.indent() === indent && this.#isItem()) {
      const text = this.content().slice(1);
      const rest = text.trimStart();
      const column = indent + 1 + text.length - rest.length;
      items.push(entry.test(rest) ? this.map(column, rest) : this.#value(rest, indent, false));
    }
    if (this.indent() > indent) throw notPlain;
    this.#depth--;
    return items;
  }

  #isItem(): boolean {
    return this.content().startsWith('- ');
  }

  /** What follows a key or a dash on its line, or stands below it. */
  #value(text: string, indent: number, isMapValue: boolean): PlainYaml {
    const rest = withoutComment(text);
    if (blockHeader.test(rest)) return this.#blockScalar(indent);
    this.#at++;
    this.#skipBlank();
    if (rest !== '') {
      // A deeper line would continue the scalar.
      if (this.indent() > indent) throw notPlain;
      return scalar(rest);
    }
    if (!isMapValue) throw notPlain;
    const below = this.indent();
    if (below === indent && this.#isItem()) return this.#list(below);
    if (below <= indent) return null;
    return this.#isItem() ? this.#list(below) : this.map(below, this.content());
  }

  #blockScalar(indent: number): string {
    this.#at++;
    let width = -1;
    let leading = 0;
    for (; this.#at < this.#lines.length; this.#at++) {
      const line = this.#lines[this.#at] ?? '';
      const spaces = indentOf(line);
      if (spaces === line.length) {
        if (width === -1) leading = Math.max(leading, spaces);
        continue;
      }
      if (spaces <= indent) break;
      if (width === -1) width = spaces;
      if (spaces < width) throw notPlain;
    }
    if (width === -1 || leading > width) throw notPlain;
    this.#skipBlank();
    return blockText;
  }

  #skipBlank(): void {
    for (; this.#at < this.#lines.length; this.#at++) {
      const line = this.#lines[this.#at] ?? '';
      const first = line.charCodeAt(indentOf(line));
      // NaN is the end of the line, 35 a comment.
      if (!Number.isNaN(first) && first !== 35) return;
    }
  }
}

function indentOf(line: string): number {
  let spaces = 0;
  while (line.charCodeAt(spaces) === 32) spaces++;
  return spaces;
}

function withoutComment(text: string): string {
  if (text.startsWith('#')) return '';
  const first = text.charAt(0);
  if (first === '"' || first === "'") {
    const end = text.indexOf(first, 1);
    const after = text.slice(end + 1);
    return /^ +#/.test(after) ? text.slice(0, end + 1) : text;
  }
  const comment = text.indexOf(' #');
  return comment === -1 ? text : text.slice(0, comment).trimEnd();
}

function scalar(text: string): PlainYaml {
  const first = text.charAt(0);
  if (first === '"' || first === "'") {
    const inner = text.slice(1, -1);
    if (text.length < 2 || text.at(-1) !== first || inner.includes(first) || inner.includes('\\'))
      throw notPlain;
    return inner;
  }
  if (text.includes(': ') || text.endsWith(':')) throw notPlain;
  if (/^[A-Za-z_/$(]/.test(text)) {
    if (!reserved.test(text)) return text;
    if (text === 'true') return true;
    if (text === 'false') return false;
    if (text === 'null') return null;
    throw notPlain;
  }
  if (integer.test(text)) return Number(text);
  // `0 9 * * *` and the like: a digit first, yet nothing that could be a number or a date.
  if (/^[0-9]/.test(text) && text.includes(' ') && !/^\d{4}-/.test(text)) return text;
  throw notPlain;
}
