import { parseArgs } from 'node:util';
import { nearestName } from '../src/runtime/expressions/nearest.js';
import type { Arguments, Command, Option } from './command.js';
import { commonOptions } from './options.js';
import { UsageError } from './usage-error.js';

/**
 * Takes a command line apart without looking at what its command is: options may stand before and after it.
 * Values never appear in messages, because they may be secrets.
 * @throws UsageError
 */
export function parseArguments(argv: readonly string[], commands: readonly Command[]): Arguments {
  const known = new Map([...commonOptions, ...commands.flatMap((c) => c.options)].map((o) => [o.name, o]));
  const { tokens } = parseArgs({
    args: [...argv],
    options: Object.fromEntries([...known].map(([name, option]) => [name, parserOption(option)])),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const positionals: string[] = [];
  const values = new Map<string, string[]>();
  const switches = new Set<string>();
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value);
    if (token.kind !== 'option') continue;
    const option = known.get(token.name);
    if (option === undefined) throw unknownOption(token.rawName, [...known.keys()]);
    if (option.value === undefined) {
      if (token.value !== undefined) throw new UsageError(`--${option.name} takes no value.`);
      switches.add(option.name);
    } else {
      values.set(option.name, [...(values.get(option.name) ?? []), requireValue(option, token)]);
    }
  }
  return { positionals, values, switches };
}

function parserOption(option: Option): { type: 'string' | 'boolean'; multiple: true; short?: string } {
  const type = option.value === undefined ? 'boolean' : 'string';
  return { type, multiple: true, ...(option.short !== undefined && { short: option.short }) };
}

function requireValue(
  option: Option,
  token: { value?: string | undefined; inlineValue?: boolean | undefined },
): string {
  if (token.value === undefined) throw new UsageError(`--${option.name} needs a value: ${option.value}.`);
  // `--secret --json` forgot the value; one that really begins with a dash is written with "=".
  if (token.inlineValue !== true && /^--?[a-z]/i.test(token.value)) {
    throw new UsageError(
      `--${option.name} needs a value: ${option.value}.`,
      `Write --${option.name}=VALUE when the value begins with a dash.`,
    );
  }
  return token.value;
}

function unknownOption(rawName: string, names: readonly string[]): UsageError {
  const nearest = nearestName(rawName.replace(/^-+/, ''), names);
  return new UsageError(
    `There is no option ${rawName}.`,
    nearest === null ? '"flowgit --help" lists the options.' : `Did you mean --${nearest}?`,
  );
}
