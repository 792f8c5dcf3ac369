import { nearestName } from '../src/runtime/expressions/nearest.js';
import type { Arguments, Command } from './command.js';
import { commonOptionsOf } from './options.js';
import { UsageError } from './usage-error.js';

/** What a command line asks for; `args` without the command's name. */
export interface Selection {
  command: Command;
  args: Arguments;
}

/**
 * Finds the command that a command line names, and checks that its arguments and options fit it.
 * Null when it names none. `help run` is `run --help`.
 * @throws UsageError
 */
export function selectCommand(args: Arguments, commands: readonly Command[]): Selection | null {
  const [name, ...positionals] = args.positionals;
  if (name === undefined) return null;
  if (name === 'help') {
    const switches = new Set([...args.switches, 'help']);
    return selectCommand({ positionals, values: args.values, switches }, commands);
  }
  const command = findCommand(name, commands);
  const selection = { command, args: { ...args, positionals } };
  if (!args.switches.has('help')) checkFit(selection);
  return selection;
}

function findCommand(name: string, commands: readonly Command[]): Command {
  const found = commands.find((command) => command.name === name);
  if (found !== undefined) return found;
  const nearest = nearestName(
    name,
    commands.map((command) => command.name),
  );
  throw new UsageError(
    `There is no command "${name}".`,
    nearest === null ? '"flowgit --help" lists the commands.' : `Did you mean "flowgit ${nearest}"?`,
  );
}

function checkFit({ command, args }: Selection): void {
  const allowed = new Set([...commonOptionsOf(command), ...command.options].map((option) => option.name));
  for (const name of [...args.values.keys(), ...args.switches]) {
    if (!allowed.has(name))
      throw new UsageError(`"flowgit ${command.name}" has no option --${name}.`, helpOf(command));
  }
  const { min, max } = command.arity;
  if (args.positionals.length < min) {
    throw new UsageError(`"flowgit ${command.name}" needs ${command.arguments}.`, helpOf(command));
  }
  if (args.positionals.length > max) {
    throw new UsageError(
      `"flowgit ${command.name}" takes ${max === 0 ? 'no arguments' : `only ${command.arguments}`}.`,
      helpOf(command),
    );
  }
}

function helpOf(command: Command): string {
  return `"flowgit ${command.name} --help" shows its use.`;
}
