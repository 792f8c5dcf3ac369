import { Fault } from '../fault.js';
import { LIMITS } from '../limits.js';
import type { JqFilter, JqOperator } from './nodes.js';
import { parseTerm } from './parse-term.js';
import { type JqToken, scanJq } from './scan.js';

/** Operators by how tightly they bind; `//` and the pipe group to the right. */
const PRECEDENCE: ReadonlyMap<string, number> = new Map([
  ['//', 3],
  ['=', 4],
  ['|=', 4],
  ['+=', 4],
  ['-=', 4],
  ['*=', 4],
  ['/=', 4],
  ['%=', 4],
  ['//=', 4],
  ['or', 5],
  ['and', 6],
  ['==', 7],
  ['!=', 7],
  ['<', 7],
  ['<=', 7],
  ['>', 7],
  ['>=', 7],
  ['+', 8],
  ['-', 8],
  ['*', 9],
  ['/', 9],
  ['%', 9],
]);
const IDENTITY: JqFilter = { kind: 'identity' };

/** Parses a jq program. */
export function parseJq(program: string): JqFilter {
  const reader = new JqReader(scanJq(program));
  if (reader.peek().type === 'end') return IDENTITY;
  const filter = parsePipe(reader, true);
  if (reader.peek().type !== 'end') throw reader.unexpected();
  return filter;
}

/** `a | b`, and `term as $x | body`, which reaches as far as it can. */
export function parsePipe(reader: JqReader, withComma: boolean): JqFilter {
  return reader.nested(() => {
    if (reader.takeName('def')) throw new Fault('"def" is not supported in jq programs');
    const left = withComma ? parseComma(reader) : parseOperators(reader, 0);
    if (reader.takeName('as')) {
      const variable = reader.expectVariable();
      reader.expect('|');
      return { kind: 'bind', source: left, variable, body: parsePipe(reader, withComma) };
    }
    if (!reader.take('|')) return left;
    return { kind: 'pipe', left, right: parsePipe(reader, withComma) };
  });
}

function parseComma(reader: JqReader): JqFilter {
  let left = parseOperators(reader, 0);
  while (reader.take(',')) left = { kind: 'comma', left, right: parseOperators(reader, 0) };
  return left;
}

function parseOperators(reader: JqReader, minimum: number): JqFilter {
  return reader.nested(() => {
    let left = parseOperand(reader);
    for (let length = 0; ; length++) {
      if (length > LIMITS.treeHeight) throw new Fault('the jq program is too long a chain of operators');
      const token = reader.peek();
      const operator = token.type === 'symbol' || token.type === 'name' ? token.value : '';
      const precedence = PRECEDENCE.get(operator);
      if (precedence === undefined || precedence < minimum) return left;
      reader.next();
      const right = parseOperators(reader, operator === '//' ? precedence : precedence + 1);
      left = combine(operator, precedence, left, right);
    }
  });
}

function combine(operator: string, precedence: number, left: JqFilter, right: JqFilter): JqFilter {
  if (operator === '//') return { kind: 'alternative', left, right };
  if (operator === 'and' || operator === 'or') return { kind: operator, left, right };
  if (precedence === 4) return { kind: 'assign', operator, left, right };
  return { kind: 'operate', operator: operator as JqOperator, left, right };
}

function parseOperand(reader: JqReader): JqFilter {
  if (reader.take('-')) return { kind: 'negate', operand: parseOperand(reader) };
  const term = parseTerm(reader, { parsePipe, parseText });
  return term;
}

/** The parts of a string; with a format, interpolated values are written by it. */
export function parseText(parts: readonly (string | readonly JqToken[])[], format: string | null): JqFilter {
  const read = parts.map((part) => {
    if (typeof part === 'string') return part;
    const reader = new JqReader(part);
    const filter = parsePipe(reader, true);
    if (reader.peek().type !== 'end') throw reader.unexpected();
    return filter;
  });
  const [only] = read;
  if (read.length === 1 && typeof only === 'string') return { kind: 'literal', value: only };
  return { kind: 'text', parts: read, format };
}

/** Reads a program's tokens from left to right. */
export class JqReader {
  readonly #tokens: readonly JqToken[];
  #index = 0;
  #nesting = 0;

  constructor(tokens: readonly JqToken[]) {
    this.#tokens = tokens;
  }

  peek(): JqToken {
    return this.#tokens[this.#index] ?? { type: 'end' };
  }

  next(): JqToken {
    const token = this.peek();
    this.#index++;
    return token;
  }

  take(symbol: string): boolean {
    const token = this.peek();
    if (token.type !== 'symbol' || token.value !== symbol) return false;
    this.#index++;
    return true;
  }

  takeName(name: string): boolean {
    const token = this.peek();
    if (token.type !== 'name' || token.value !== name) return false;
    this.#index++;
    return true;
  }

  expect(symbol: string): void {
    if (!this.take(symbol)) throw this.unexpected(`"${symbol}"`);
  }

  expectName(name: string): void {
    if (!this.takeName(name)) throw this.unexpected(`"${name}"`);
  }

  expectVariable(): string {
    const token = this.next();
    if (token.type === 'variable') return token.value;
    throw new Fault('the jq program binds something that is not a plain $variable');
  }

  unexpected(expected?: string): Fault {
    const token = this.peek();
    const found = token.type === 'end' ? 'its end' : 'value' in token ? `"${token.value}"` : 'a string';
    return new Fault(
      `the jq program cannot be read at ${found}${expected === undefined ? '' : `; ${expected} is expected`}`,
    );
  }

  nested<T>(parse: () => T): T {
    if (++this.#nesting > LIMITS.nesting * 2) throw new Fault('the jq program is nested too deeply');
    const result = parse();
    this.#nesting--;
    return result;
  }
}
