import type { FilterDefinition } from '../arguments.js';
import { Fault } from '../fault.js';
import { describeKind, numberOf } from '../values/kinds.js';
import { Real } from '../values/real.js';
import { formatNumber } from './number-format.js';

const WHOLE_TYPES: ReadonlyMap<string, bigint> = new Map([
  ['INT', 2n ** 31n],
  ['LONG', 2n ** 63n],
  ['BIGINTEGER', 2n ** 4096n],
]);
const REAL_TYPES: ReadonlySet<string> = new Set(['FLOAT', 'DOUBLE', 'BIGDECIMAL']);

const abs: FilterDefinition = {
  parameters: [],
  apply: (input) => {
    const value = numberOf(input);
    if (value === null) throw new Fault(`"abs" needs a number, not ${describeKind(input)}`);
    if (input instanceof Real) return Real.of(Math.abs(input.value));
    return value < 0 ? -value : value;
  },
};

/** Text to a number. Without a type, digits make a whole number and anything else a floating-point one. */
const number: FilterDefinition = {
  parameters: ['type'],
  apply: (input, args) => {
    if (numberOf(input) !== null) return input;
    if (typeof input !== 'string') throw new Fault(`"number" needs a string, not ${describeKind(input)}`);
    const text = input.trim();
    const type = args.text('type')?.toUpperCase() ?? null;
    if (text.length > 1_000 || !/^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/.test(text)) {
      throw new Fault('the text is not a number');
    }
    if (type !== null && !WHOLE_TYPES.has(type) && !REAL_TYPES.has(type)) {
      throw new Fault(
        `"number" has no type "${type}" (there are: ${[...WHOLE_TYPES.keys(), ...REAL_TYPES].join(', ')})`,
      );
    }
    const isWhole = /^[-+]?\d+$/.test(text);
    if (REAL_TYPES.has(type ?? '') || (type === null && !isWhole)) return toReal(text);
    if (!isWhole) throw new Fault(`the text is not a whole number, as the type ${type} needs`);
    return toWhole(text, type ?? 'BIGINTEGER');
  },
};

function toReal(text: string): number | Real {
  const value = Number(text);
  if (Number.isFinite(value)) return Real.of(value);
  throw new Fault('the number is too large');
}

function toWhole(text: string, type: string): number | bigint {
  const value = BigInt(text.replace(/^\+/, ''));
  const limit = WHOLE_TYPES.get(type) ?? 0n;
  if (value >= limit || value < -limit) throw new Fault(`the number is too large for the type ${type}`);
  const short = Number(value);
  return Number.isSafeInteger(short) ? short : value;
}

const numberFormat: FilterDefinition = {
  parameters: ['format'],
  apply: (input, args) => {
    const value = numberOf(input);
    if (value === null) throw new Fault(`"numberFormat" needs a number, not ${describeKind(input)}`);
    return formatNumber(value, args.text('format'));
  },
};

export const NUMBER_FILTERS: Readonly<Record<string, FilterDefinition>> = { abs, number, numberFormat };
