import { Fault } from '../fault.js';
import { assertBuiltin } from './builtins.js';
import type { JqFilter } from './nodes.js';
import type { JqReader } from './parse.js';
import type { JqToken } from './scan.js';

/** The ways back into the parser of whole programs. */
interface Descent {
  parsePipe(reader: JqReader, withComma: boolean): JqFilter;
  parseText(parts: readonly (string | readonly JqToken[])[], format: string | null): JqFilter;
}

const IDENTITY: JqFilter = { kind: 'identity' };
const CONSTANTS: ReadonlyMap<string, boolean | null> = new Map<string, boolean | null>([
  ['true', true],
  ['false', false],
  ['null', null],
]);

/** A value with the `.name`, `[…]` and `?` behind it. */
export function parseTerm(reader: JqReader, descent: Descent): JqFilter {
  let term = parsePrimary(reader, descent);
  for (;;) {
    const token = reader.peek();
    if (token.type === 'field') {
      reader.next();
      term = { kind: 'index', target: term, key: { kind: 'literal', value: token.value } };
    } else if (reader.take('[')) {
      term = parseBracket(reader, term, descent);
    } else if (reader.take('?')) {
      term = { kind: 'try', body: term, handler: null };
    } else if (reader.take('.')) {
      term = parseAfterDot(reader, term, descent);
    } else {
      return term;
    }
  }
}

function parsePrimary(reader: JqReader, descent: Descent): JqFilter {
  const token = reader.next();
  switch (token.type) {
    case 'number':
      return { kind: 'literal', value: token.value };
    case 'text':
      return descent.parseText(token.parts, null);
    case 'field':
      return { kind: 'index', target: IDENTITY, key: { kind: 'literal', value: token.value } };
    case 'variable':
      return { kind: 'variable', name: token.value };
    case 'format': {
      const text = reader.peek();
      if (text.type !== 'text') return { kind: 'format', name: token.value };
      reader.next();
      return descent.parseText(text.parts, token.value);
    }
    case 'name':
      return parseName(reader, token.value, descent);
    case 'symbol':
      return parseSymbol(reader, token.value, descent);
    default:
      throw new Fault('the jq program ends too early');
  }
}

function parseSymbol(reader: JqReader, symbol: string, descent: Descent): JqFilter {
  if (symbol === '..') return { kind: 'recurse' };
  if (symbol === '.') {
    const next = reader.peek();
    return next.type === 'text' ? parseAfterDot(reader, IDENTITY, descent) : IDENTITY;
  }
  if (symbol === '(') {
    const inner = descent.parsePipe(reader, true);
    reader.expect(')');
    return inner;
  }
  if (symbol === '[') {
    if (reader.take(']')) return { kind: 'array', body: null };
    const body = descent.parsePipe(reader, true);
    reader.expect(']');
    return { kind: 'array', body };
  }
  if (symbol === '{') return parseObject(reader, descent);
  throw new Fault(`the jq program cannot be read at "${symbol}"`);
}

/** Behind `.`: a name in quotes, or a bracket. */
function parseAfterDot(reader: JqReader, target: JqFilter, descent: Descent): JqFilter {
  const token = reader.peek();
  if (token.type === 'text') {
    reader.next();
    return { kind: 'index', target, key: descent.parseText(token.parts, null) };
  }
  reader.expect('[');
  return parseBracket(reader, target, descent);
}

function parseBracket(reader: JqReader, target: JqFilter, descent: Descent): JqFilter {
  if (reader.take(']')) return { kind: 'iterate', target };
  if (reader.take(':')) {
    const to = descent.parsePipe(reader, true);
    reader.expect(']');
    return { kind: 'slice', target, from: null, to };
  }
  const key = descent.parsePipe(reader, true);
  if (reader.take(']')) return { kind: 'index', target, key };
  reader.expect(':');
  if (reader.take(']')) return { kind: 'slice', target, from: key, to: null };
  const to = descent.parsePipe(reader, true);
  reader.expect(']');
  return { kind: 'slice', target, from: key, to };
}

function parseObject(reader: JqReader, descent: Descent): JqFilter {
  const entries: { key: JqFilter; value: JqFilter }[] = [];
  while (!reader.take('}')) {
    if (entries.length > 0) reader.expect(',');
    const token = reader.next();
    const key = parseKey(reader, token, descent);
    if (reader.take(':')) {
      entries.push({ key, value: descent.parsePipe(reader, false) });
    } else if (token.type === 'variable') {
      entries.push({ key, value: { kind: 'variable', name: token.value } });
    } else {
      entries.push({ key, value: { kind: 'index', target: IDENTITY, key } });
    }
  }
  return { kind: 'object', entries };
}

function parseKey(reader: JqReader, token: JqToken, descent: Descent): JqFilter {
  if (token.type === 'name' || token.type === 'variable') return { kind: 'literal', value: token.value };
  if (token.type === 'text') return descent.parseText(token.parts, null);
  if (token.type === 'symbol' && token.value === '(') {
    const key = descent.parsePipe(reader, true);
    reader.expect(')');
    return key;
  }
  throw new Fault('the jq program has an object with a key that cannot be read');
}

function parseName(reader: JqReader, name: string, descent: Descent): JqFilter {
  const constant = CONSTANTS.get(name);
  if (constant !== undefined) return { kind: 'literal', value: constant };
  if (name === 'if') return parseIf(reader, descent);
  if (name === 'try') {
    const body = parseTerm(reader, descent);
    return { kind: 'try', body, handler: reader.takeName('catch') ? parseTerm(reader, descent) : null };
  }
  if (name === 'reduce' || name === 'foreach') return parseFold(reader, name, descent);
  const args: JqFilter[] = [];
  if (reader.take('(')) {
    do args.push(descent.parsePipe(reader, true));
    while (reader.take(';'));
    reader.expect(')');
  }
  assertBuiltin(name, args.length);
  return { kind: 'call', name, args };
}

function parseIf(reader: JqReader, descent: Descent): JqFilter {
  const condition = descent.parsePipe(reader, true);
  reader.expectName('then');
  const yes = descent.parsePipe(reader, true);
  if (reader.takeName('elif')) return { kind: 'if', condition, yes, otherwise: parseIf(reader, descent) };
  const otherwise = reader.takeName('else') ? descent.parsePipe(reader, true) : IDENTITY;
  reader.expectName('end');
  return { kind: 'if', condition, yes, otherwise };
}

function parseFold(reader: JqReader, kind: 'reduce' | 'foreach', descent: Descent): JqFilter {
  const source = parseTerm(reader, descent);
  reader.expectName('as');
  const variable = reader.expectVariable();
  reader.expect('(');
  const start = descent.parsePipe(reader, true);
  reader.expect(';');
  const update = descent.parsePipe(reader, true);
  const extract = kind === 'foreach' && reader.take(';') ? descent.parsePipe(reader, true) : IDENTITY;
  reader.expect(')');
  return kind === 'reduce'
    ? { kind, source, variable, start, update }
    : { kind, source, variable, start, update, extract };
}
