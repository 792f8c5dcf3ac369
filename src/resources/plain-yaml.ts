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
  try {
    return new Reader(source).root();
  } catch (error) {
    if (error === notPlain) return null;
    throw error;
  }
}

const notPlain = new Error('not plain YAML');
// Control characters, other line separators and byte-order marks: what they mean depends on where they stand.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const unusual = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\ufeff]/;
const blockHeader = /^[|>][+-]?$/;
const integer = /^(?:0|-?[1-9][0-9]{0,14})$/;
const reserved = /^(?:true|false|null)$/i;
const maxDepth = 50;

const [space, hash, colon, dash, dot] = [32, 35, 58, 45, 46];

/** Goes through the text by positions: a text of its own is made for a scalar, and for nothing else. */
class Reader {
  readonly #source: string;
  /** Spaces before the current line's content; -1 at the end. */
  #indent = -1;
  /** Where the current line's content begins. */
  #start = 0;
  /** Where it ends, without spaces behind it. */
  #end = 0;
  /** Where the next line begins; beyond the text when there is none. */
  #next = 0;
  #depth = 0;

  constructor(source: string) {
    this.#source = source;
    this.#toContent();
  }

  root(): { [key: string]: PlainYaml } {
    if (this.#indent !== 0) throw notPlain;
    const value = this.#map(0, this.#start);
    if (!this.#isAtEnd) throw notPlain;
    return value;
  }

  get #isAtEnd(): boolean {
    return this.#indent === -1;
  }

  /** A map whose keys stand at `indent`, the first of them at `at`, which may follow a dash. */
  #map(indent: number, at: number): { [key: string]: PlainYaml } {
    if (++this.#depth > maxDepth) throw notPlain;
    const value: { [key: string]: PlainYaml } = {};
    for (let start = at; ; start = this.#start) {
      const end = this.#keyEnd(start);
      if (end === -1) throw notPlain;
      const key = this.#source.slice(start, end);
      if (key === '__proto__' || key in value || reserved.test(key)) throw notPlain;
      value[key] = this.#value(this.#afterSpaces(end + 1), indent, true);
      if (this.#indent < indent) break;
      if (this.#indent > indent) throw notPlain;
    }
    this.#depth--;
    return value;
  }

  #list(indent: number): PlainYaml[] {
    if (++this.#depth > maxDepth) throw notPlain;
    const items: PlainYaml[] = [];
    while (this.#indent === indent && this.#isItem()) {
      const start = this.#afterSpaces(this.#start + 1);
      const column = indent + start - this.#start;
      items.push(this.#keyEnd(start) === -1 ? this.#value(start, indent, false) : this.#map(column, start));
    }
    if (this.#indent > indent) throw notPlain;
    this.#depth--;
    return items;
  }

  #isItem(): boolean {
    return this.#codeAt(this.#start) === dash && this.#codeAt(this.#start + 1) === space;
  }

  /** Where a key that begins here ends, at the colon behind it; -1 when none does. */
  #keyEnd(start: number): number {
    let at = start;
    if (!isNameStart(this.#codeAt(at))) return -1;
    while (isNamePart(this.#codeAt(at))) at++;
    if (this.#codeAt(at) !== colon) return -1;
    return at + 1 === this.#end || this.#codeAt(at + 1) === space ? at : -1;
  }

  /** What stands from `start` on, behind a key or a dash on its line, or below it. */
  #value(start: number, indent: number, isMapValue: boolean): PlainYaml {
    const rest = withoutComment(this.#source.slice(start, this.#end));
    if (blockHeader.test(rest)) return this.#blockScalar(indent);
    this.#toContent();
    if (rest !== '') {
      // A deeper line would continue the scalar.
      if (this.#indent > indent) throw notPlain;
      return scalar(rest);
    }
    if (!isMapValue) throw notPlain;
    const below = this.#indent;
    if (below === indent && this.#isItem()) return this.#list(below);
    if (below <= indent) return null;
    return this.#isItem() ? this.#list(below) : this.#map(below, this.#start);
  }

  #blockScalar(indent: number): string {
    let width = -1;
    let leading = 0;
    while (this.#toLine()) {
      const isBlank = this.#start === this.#end;
      if (isBlank) {
        if (width === -1) leading = Math.max(leading, this.#indent);
        continue;
      }
      if (this.#indent <= indent) break;
      if (width === -1) width = this.#indent;
      if (this.#indent < width) throw notPlain;
    }
    if (width === -1 || leading > width) throw notPlain;
    if (!this.#isAtEnd && this.#codeAt(this.#start) === hash) this.#toContent();
    return blockText;
  }

  /** Goes to the next line that has content. */
  #toContent(): void {
    while (this.#toLine() && (this.#start === this.#end || this.#codeAt(this.#start) === hash));
  }

  /** Goes to the next line; false when there is none. */
  #toLine(): boolean {
    const source = this.#source;
    const from = this.#next;
    if (from > source.length) {
      this.#indent = -1;
      return false;
    }
    const newline = source.indexOf('\n', from);
    let end = newline === -1 ? source.length : newline;
    this.#next = end + 1;
    let start = from;
    while (start < end && source.charCodeAt(start) === space) start++;
    while (end > start && source.charCodeAt(end - 1) === space) end--;
    this.#indent = start - from;
    this.#start = start;
    this.#end = end;
    return true;
  }

  #afterSpaces(from: number): number {
    let at = from;
    while (this.#codeAt(at) === space) at++;
    return at;
  }

  /** NaN beyond the end of the line's content. */
  #codeAt(at: number): number {
    return at < this.#end ? this.#source.charCodeAt(at) : Number.NaN;
  }
}

/** A letter or an underscore. */
function isNameStart(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code === 95;
}

function isNamePart(code: number): boolean {
  return isNameStart(code) || (code >= 48 && code <= 57) || code === dot || code === dash;
}

function withoutComment(text: string): string {
  if (text.startsWith('#')) return '';
  const first = text.charAt(0);
  if (first === '"' || first === "'") {
    const end = text.indexOf(first, 1);
    const after = text.slice(end + 1);
    return /^ +#/.test(after) ? text.slice(0, end + 1) : text;
  }
  let end = text.indexOf(' #');
  if (end === -1) return text;
  // Spaces alone: other white space is content.
  while (end > 0 && text.charCodeAt(end - 1) === space) end--;
  return text.slice(0, end);
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
