import { Fault } from '../fault.js';
import type { CallArguments, Expression } from './nodes.js';
import { readInfix, UNARY_PRECEDENCE } from './operators.js';
import { parseOperand } from './parse-operand.js';
import type { TokenReader } from './token-reader.js';

const NO_ARGUMENTS: CallArguments = { positional: [], named: [] };

/** One expression, by precedence climbing. Only a whole expression may be a `? :`, as in Pebble. */
export function parseExpression(reader: TokenReader, minimum = 0): Expression {
  return reader.nested(() => {
    let left = parsePrefix(reader);
    for (;;) {
      const infix = readInfix(reader);
      if (infix === null || infix.precedence < minimum) break;
      for (let token = 0; token < infix.width; token++) reader.next();
      if (infix.kind === 'filter') {
        left = parseFilter(reader, left);
      } else if (infix.kind === 'test') {
        const { name, args } = parseInvocation(reader, 'the name of a test');
        const height = reader.heightOver(left, ...argumentValues(args));
        left = { kind: 'test', input: left, name, args, negated: infix.negated, start: left.start, height };
      } else {
        const right = parseExpression(reader, infix.precedence + 1);
        const height = reader.heightOver(left, right);
        left = { kind: 'binary', operator: infix.operator, left, right, start: left.start, height };
      }
    }
    return minimum === 0 ? parseConditional(reader, left) : left;
  });
}

/** `name` or `name(…)` behind a `|`, as a filter of `input`. */
function parseFilter(reader: TokenReader, input: Expression): Expression {
  const { name, args, start: nameStart } = parseInvocation(reader, 'the name of a filter');
  const height = reader.heightOver(input, ...argumentValues(args));
  return { kind: 'filter', input, name, nameStart, args, start: input.start, height };
}

/** A name with or without arguments: a filter, or a test. */
export function parseInvocation(
  reader: TokenReader,
  what: string,
): { name: string; args: CallArguments; start: number } {
  const { value: name, start } = reader.expectName(what);
  const args = reader.isSymbol('(') ? parseArguments(reader) : NO_ARGUMENTS;
  return { name, args, start };
}

/** `(1, 'two', three=3)`: named arguments come last. */
export function parseArguments(reader: TokenReader): CallArguments {
  const positional: Expression[] = [];
  const named: { name: string; value: Expression; start: number }[] = [];
  reader.expectSymbol('(');
  while (!reader.takeSymbol(')')) {
    if (positional.length + named.length > 0) reader.expectSymbol(',');
    const token = reader.peek();
    if (token.type === 'name' && reader.isSymbol('=', 1)) {
      reader.next();
      reader.next();
      named.push({ name: token.value, value: parseExpression(reader), start: token.start });
    } else if (named.length > 0) {
      throw new Fault('arguments without a name come before those with one', { offset: token.start });
    } else {
      positional.push(parseExpression(reader));
    }
  }
  return { positional, named };
}

export function argumentValues(args: CallArguments): Expression[] {
  return [...args.positional, ...args.named.map((argument) => argument.value)];
}

function parsePrefix(reader: TokenReader): Expression {
  const token = reader.peek();
  const isNot = token.type === 'name' && token.value === 'not';
  const isSign = token.type === 'symbol' && (token.value === '-' || token.value === '+');
  if (!isNot && !isSign) return parseOperand(reader, { parseExpression, parseArguments });
  reader.next();
  const operand = parseExpression(reader, UNARY_PRECEDENCE);
  const operator = isNot ? 'not' : token.value === '-' ? '-' : '+';
  return { kind: 'unary', operator, operand, start: token.start, height: reader.heightOver(operand) };
}

function parseConditional(reader: TokenReader, condition: Expression): Expression {
  if (!reader.takeSymbol('?')) return condition;
  const yes = parseExpression(reader);
  reader.expectSymbol(':');
  const otherwise = parseExpression(reader);
  const height = reader.heightOver(condition, yes, otherwise);
  return { kind: 'conditional', condition, yes, otherwise, start: condition.start, height };
}
