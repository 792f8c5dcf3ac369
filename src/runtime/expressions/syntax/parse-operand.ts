import { Fault } from '../fault.js';
import type { CallArguments, Expression } from './nodes.js';
import { TokenReader } from './token-reader.js';

/** The two ways back into the expression parser, handed in so that the files do not import each other. */
interface Descent {
  parseExpression(reader: TokenReader): Expression;
  parseArguments(reader: TokenReader): CallArguments;
}

const CONSTANTS: ReadonlyMap<string, boolean | null> = new Map<string, boolean | null>([
  ['true', true],
  ['TRUE', true],
  ['false', false],
  ['FALSE', false],
  ['null', null],
  ['NULL', null],
  ['none', null],
  ['NONE', null],
]);

/** A value with the `.name` and `[…]` behind it: what stands on either side of an operator. */
export function parseOperand(reader: TokenReader, descent: Descent): Expression {
  let operand = parsePrimary(reader, descent);
  for (;;) {
    if (reader.takeSymbol('.')) {
      const { value, start } = reader.expectName('the name of an attribute');
      if (reader.isSymbol('(')) {
        throw new Fault(`methods such as ".${value}(…)" cannot be called`, {
          offset: start,
          hint: `Use a filter: "| ${value}".`,
        });
      }
      const key: Expression = { kind: 'literal', value, start, height: 1 };
      operand = {
        kind: 'attribute',
        target: operand,
        key,
        start: operand.start,
        height: reader.heightOver(operand),
      };
    } else if (reader.takeSymbol('[')) {
      const key = descent.parseExpression(reader);
      reader.expectSymbol(']');
      const height = reader.heightOver(operand, key);
      operand = { kind: 'attribute', target: operand, key, start: operand.start, height };
    } else {
      return operand;
    }
  }
}

function parsePrimary(reader: TokenReader, descent: Descent): Expression {
  const token = reader.peek();
  if (reader.isSymbol('(')) {
    reader.next();
    const inner = descent.parseExpression(reader);
    reader.expectSymbol(')');
    return inner;
  }
  if (reader.isSymbol('[')) return parseList(reader, descent);
  if (reader.isSymbol('{')) return parseMap(reader, descent);
  if (token.type === 'name') return parseName(reader, token, descent);
  if (token.type === 'number' || token.type === 'string') {
    reader.next();
    return { kind: 'literal', value: token.value, start: token.start, height: 1 };
  }
  if (token.type === 'interpolated') {
    reader.next();
    const parts = token.parts.map((part): Expression => {
      if (typeof part === 'string') return { kind: 'literal', value: part, start: token.start, height: 1 };
      const inside = new TokenReader(part, reader.nesting);
      const expression = descent.parseExpression(inside);
      inside.expectEnd();
      return expression;
    });
    return { kind: 'interpolation', parts, start: token.start, height: reader.heightOver(...parts) };
  }
  throw reader.unexpected('a value');
}

function parseName(
  reader: TokenReader,
  token: { value: string; start: number },
  descent: Descent,
): Expression {
  const { value: name, start } = token;
  reader.next();
  const constant = CONSTANTS.get(name);
  if (constant !== undefined) return { kind: 'literal', value: constant, start, height: 1 };
  if (!reader.isSymbol('(')) return { kind: 'variable', name, start, height: 1 };
  const args = descent.parseArguments(reader);
  const values = [...args.positional, ...args.named.map((argument) => argument.value)];
  return { kind: 'call', name, args, start, height: reader.heightOver(...values) };
}

function parseList(reader: TokenReader, descent: Descent): Expression {
  const { start } = reader.next();
  const items: Expression[] = [];
  while (!reader.takeSymbol(']')) {
    if (items.length > 0) reader.expectSymbol(',');
    items.push(descent.parseExpression(reader));
  }
  return { kind: 'list', items, start, height: reader.heightOver(...items) };
}

function parseMap(reader: TokenReader, descent: Descent): Expression {
  const { start } = reader.next();
  const entries: { key: Expression; value: Expression }[] = [];
  while (!reader.takeSymbol('}')) {
    if (entries.length > 0) reader.expectSymbol(',');
    const key = descent.parseExpression(reader);
    reader.expectSymbol(':');
    entries.push({ key, value: descent.parseExpression(reader) });
  }
  const height = reader.heightOver(...entries.flatMap((entry) => [entry.key, entry.value]));
  return { kind: 'map', entries, start, height };
}
