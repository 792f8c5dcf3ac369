import { UsageError } from './usage-error.js';

/**
 * Reads `NAME=VALUE` lines. Blank lines and lines that begin with `#` are passed over, `export` in front is allowed.
 * A value in double quotes may span lines and knows `\n`, `\"` and `\\`; in single quotes it stands as it is.
 * @throws UsageError naming the line, never its text.
 */
export function parseEnvFile(text: string, file: string): [string, string][] {
  const pairs: [string, string][] = [];
  const source = text.replace(/^\uFEFF/, '').replaceAll('\r\n', '\n');
  let offset = 0;
  while (offset < source.length) {
    const { pair, end } = readEntry(source, offset, file);
    if (pair !== null) pairs.push(pair);
    offset = end;
  }
  return pairs;
}

const name = /(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.-]*)[ \t]*=[ \t]*/y;
const doubleQuoted = /"((?:[^"\\]|\\[\s\S])*)"[ \t]*(?:#.*)?(?:\n|$)/y;
const singleQuoted = /'([^']*)'[ \t]*(?:#.*)?(?:\n|$)/y;
const bare = /(.*?)(?:[ \t]+#.*)?(?:\n|$)/y;
const ignored = /[ \t]*(?:#.*)?(?:\n|$)/y;
const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };

function readEntry(
  source: string,
  offset: number,
  file: string,
): { pair: [string, string] | null; end: number } {
  const skipped = match(ignored, source, offset);
  if (skipped !== null) return { pair: null, end: offset + skipped[0].length };
  const indent = /[ \t]*/y;
  const start = offset + (match(indent, source, offset)?.[0].length ?? 0);
  const head = match(name, source, start);
  const line = source.slice(0, start).split('\n').length;
  if (head?.[1] === undefined) throw new UsageError(`${file}:${line}: expected NAME=VALUE.`);
  const at = start + head[0].length;
  const quote = source[at];
  const found = match(quote === '"' ? doubleQuoted : quote === "'" ? singleQuoted : bare, source, at);
  if (found === null) throw new UsageError(`${file}:${line}: the quotes of ${head[1]} are not closed.`);
  const raw = found[1] ?? '';
  const value =
    quote === '"' ? raw.replaceAll(/\\([\s\S])/g, (_, char: string) => escapes[char] ?? char) : raw.trimEnd();
  return { pair: [head[1], quote === "'" ? raw : value], end: at + found[0].length };
}

function match(pattern: RegExp, source: string, offset: number): RegExpExecArray | null {
  pattern.lastIndex = offset;
  return pattern.exec(source);
}
