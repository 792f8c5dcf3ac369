import { Fault } from '../fault.js';
import { LIMITS } from '../limits.js';
import { Real } from '../values/real.js';

export type Token =
  | { readonly type: 'name' | 'symbol' | 'string'; readonly value: string; readonly start: number }
  | { readonly type: 'number'; readonly value: number | Real; readonly start: number }
  | { readonly type: 'interpolated'; readonly parts: readonly (string | Token[])[]; readonly start: number }
  | { readonly type: 'end'; readonly start: number };

export interface ScannedExpression {
  /** Ends with an `end` token at the closing delimiter. */
  readonly tokens: Token[];
  /** Offset behind the closing delimiter. */
  readonly end: number;
  /** The delimiter was `-}}` or `-%}`: the white space behind it goes. */
  readonly trimsAfter: boolean;
}

/** What ends an expression: a tag's delimiter, or the brace of `"#{ … }"`. */
type Closer = '}}' | '%}' | '}';

const WHITESPACE = /\s*/y;
const NAME = /[\p{L}_][\p{L}\p{Nd}_]*/uy;
const NUMBER = /\d+(?:\.\d+)?L?/y;
const SYMBOL = /\?\?\??|\.\.|[=!<>]=|[-+*/%~<>|.,:?=()[\]{}]/y;
const BRACKETS: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };
const FOREIGN: Readonly<Record<string, string>> = { '&': 'and', '!': 'not', '^': 'or' };

/**
 * Tokens from `start` up to `closer`. Brackets are followed, so that the `}}` that ends a map inside a map does not
 * end the tag. As in Pebble, a backslash escapes only the quote that delimits its string; `'\n'` is two characters.
 */
export function scanExpression(source: string, start: number, closer: Closer, depth = 0): ScannedExpression {
  const tokens: Token[] = [];
  const open: { bracket: string; start: number }[] = [];
  let at = start;
  for (;;) {
    at += lengthAt(WHITESPACE, source, at);
    if (open.length === 0) {
      const trims = closer !== '}' && source.startsWith(`-${closer}`, at);
      if (trims || source.startsWith(closer, at)) {
        tokens.push({ type: 'end', start: at });
        return { tokens, end: at + closer.length + (trims ? 1 : 0), trimsAfter: trims };
      }
    }
    if (at >= source.length) {
      const unclosed = open.at(-1);
      if (unclosed !== undefined)
        throw new Fault(`"${unclosed.bracket}" is never closed`, { offset: unclosed.start });
      throw new Fault(`"${closer}" is missing`, { offset: Math.max(start - 2, 0) });
    }
    const { token, end } = scanToken(source, at, depth);
    if (token.type === 'symbol') followBracket(token.value, at, open);
    tokens.push(token);
    at = end;
  }
}

function scanToken(source: string, at: number, depth: number): { token: Token; end: number } {
  const name = textAt(NAME, source, at);
  if (name !== '') return { token: { type: 'name', value: name, start: at }, end: at + name.length };
  const digits = textAt(NUMBER, source, at);
  if (digits !== '') {
    return { token: { type: 'number', value: readNumber(digits, at), start: at }, end: at + digits.length };
  }
  const symbol = textAt(SYMBOL, source, at);
  if (symbol !== '') return { token: { type: 'symbol', value: symbol, start: at }, end: at + symbol.length };
  const character = source.charAt(at);
  if (character === "'" || character === '"') return scanString(source, at, character, depth);
  const word = FOREIGN[character];
  throw new Fault(`"${character}" is not part of an expression`, {
    offset: at,
    ...(word === undefined ? {} : { hint: `Write "${word}".` }),
  });
}

function readNumber(digits: string, offset: number): number | Real {
  if (digits.includes('.')) return Real.of(Number.parseFloat(digits));
  const value = Number.parseInt(digits, 10);
  if (Number.isSafeInteger(value)) return value;
  throw new Fault(`the number ${digits} is too large`, { offset, hint: 'Write it as a string.' });
}

function followBracket(symbol: string, start: number, open: { bracket: string; start: number }[]): void {
  if (symbol in BRACKETS) {
    open.push({ bracket: symbol, start });
    if (open.length > LIMITS.nesting)
      throw new Fault('its brackets are nested too deeply', { offset: start });
    return;
  }
  if (symbol !== ')' && symbol !== ']' && symbol !== '}') return;
  const last = open.pop();
  if (last === undefined) throw new Fault(`"${symbol}" has no opening bracket`, { offset: start });
  const expected = BRACKETS[last.bracket];
  if (expected !== symbol) {
    throw new Fault(`"${symbol}" stands where "${expected}" should close "${last.bracket}"`, {
      offset: start,
    });
  }
}

function scanString(
  source: string,
  start: number,
  quote: string,
  depth: number,
): { token: Token; end: number } {
  const parts: (string | Token[])[] = [];
  let text = '';
  let from = start + 1;
  for (let at = from; at < source.length; ) {
    const character = source[at];
    if (character === quote) {
      text += source.slice(from, at);
      if (parts.length === 0) return { token: { type: 'string', value: text, start }, end: at + 1 };
      if (text !== '') parts.push(text);
      return { token: { type: 'interpolated', parts, start }, end: at + 1 };
    }
    if (character === '\\') {
      if (source[at + 1] === quote) {
        text += source.slice(from, at);
        from = at + 1;
      }
      at += 2;
    } else if (quote === '"' && character === '#' && source[at + 1] === '{') {
      if (depth >= LIMITS.nesting) throw new Fault('its strings are nested too deeply', { offset: at });
      text += source.slice(from, at);
      if (text !== '') parts.push(text);
      text = '';
      const inner = scanExpression(source, at + 2, '}', depth + 1);
      parts.push(inner.tokens);
      at = inner.end;
      from = at;
    } else {
      at++;
    }
  }
  throw new Fault('a string is never closed', { offset: start, hint: `Close it with ${quote}.` });
}

function textAt(pattern: RegExp, source: string, at: number): string {
  pattern.lastIndex = at;
  return pattern.exec(source)?.[0] ?? '';
}

function lengthAt(pattern: RegExp, source: string, at: number): number {
  return textAt(pattern, source, at).length;
}
