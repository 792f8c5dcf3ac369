import { Fault } from './fault.js';
import { listNames, nearestName } from './nearest.js';
import type { Toolbox } from './scope.js';
import { describeKind, numberOf } from './values/kinds.js';

/** What a filter, a function or a test takes: its parameters in order; the first `required` must be given. */
export interface Signature {
  readonly parameters: readonly string[];
  readonly required?: number;
  /** Takes any number of arguments beyond the named ones, as `max(1, 2, 3)`. */
  readonly variadic?: boolean;
}

export interface FilterDefinition extends Signature {
  /** Called with null too; other filters pass null through, as Kestra's do. */
  readonly takesNull?: boolean;
  apply(input: unknown, args: Arguments, tools: Toolbox): unknown;
}

export interface FunctionDefinition extends Signature {
  call(args: Arguments, tools: Toolbox): unknown;
}

/** The arguments of one call, by parameter name. A getter fails with the argument's name when its kind is wrong. */
export class Arguments {
  readonly #callee: string;
  readonly #values: ReadonlyMap<string, unknown>;
  readonly rest: readonly unknown[];

  constructor(callee: string, values: ReadonlyMap<string, unknown>, rest: readonly unknown[]) {
    this.#callee = callee;
    this.#values = values;
    this.rest = rest;
  }

  /** The value, or undefined when the argument is absent. */
  value(name: string): unknown {
    return this.#values.get(name);
  }

  /** Text; null when absent or null. */
  text(name: string): string | null {
    const value = this.#values.get(name) ?? null;
    if (value === null || typeof value === 'string') return value;
    throw this.#wrongKind(name, 'a string', value);
  }

  requiredText(name: string): string {
    const value = this.text(name);
    if (value === null) throw this.#wrongKind(name, 'a string', null);
    return value;
  }

  /** A whole number within what JavaScript counts exactly; null when absent or null. Digits in a string will do. */
  integer(name: string): number | null {
    const value = this.#values.get(name) ?? null;
    if (value === null) return null;
    const isDigits = typeof value === 'string' && /^[-+]?\d+$/.test(value.trim());
    const number = isDigits ? Number(value) : Number(numberOf(value) ?? Number.NaN);
    if (Number.isSafeInteger(number)) return number;
    throw this.#wrongKind(name, 'a whole number', value);
  }

  requiredInteger(name: string): number {
    const value = this.integer(name);
    if (value === null) throw this.#wrongKind(name, 'a whole number', null);
    return value;
  }

  flag(name: string): boolean | null {
    const value = this.#values.get(name) ?? null;
    if (value === null || typeof value === 'boolean') return value;
    throw this.#wrongKind(name, 'true or false', value);
  }

  #wrongKind(name: string, wanted: string, value: unknown): Fault {
    return new Fault(
      `the argument "${name}" of "${this.#callee}" must be ${wanted}, not ${describeKind(value)}`,
    );
  }
}

/** Matches positional and named values to a signature's parameters. */
export function bindArguments(
  callee: string,
  signature: Signature,
  positional: readonly unknown[],
  named: readonly { readonly name: string; readonly value: unknown; readonly start: number }[],
): Arguments {
  const { parameters, required = 0, variadic = false } = signature;
  if (positional.length > parameters.length && !variadic) {
    const takes =
      parameters.length === 0 ? 'no arguments' : `at most ${parameters.length} (${parameters.join(', ')})`;
    throw new Fault(`"${callee}" takes ${takes}, not ${positional.length}`);
  }
  const values = new Map<string, unknown>();
  parameters.slice(0, positional.length).forEach((name, index) => {
    values.set(name, positional[index]);
  });
  for (const { name, value, start } of named) {
    if (!parameters.includes(name)) throw unknownArgument(callee, name, parameters).at(start);
    if (values.has(name)) throw new Fault(`the argument "${name}" of "${callee}" is given twice`).at(start);
    values.set(name, value);
  }
  for (const name of parameters.slice(0, required)) {
    if (!values.has(name)) throw new Fault(`"${callee}" needs the argument "${name}"`);
  }
  return new Arguments(callee, values, positional.slice(parameters.length));
}

function unknownArgument(callee: string, name: string, parameters: readonly string[]): Fault {
  const nearest = nearestName(name, parameters);
  const takes = parameters.length === 0 ? 'it takes none' : `it takes: ${listNames(parameters)}`;
  return new Fault(`"${callee}" has no argument "${name}" (${takes})`, {
    ...(nearest === null ? {} : { hint: `Did you mean "${nearest}"?` }),
  });
}
