import type { Session } from './session.js';

/** One option of the command line, as help shows it and the parser reads it. */
export interface Option {
  /** Long name, without the dashes. */
  readonly name: string;
  readonly short?: string;
  /** What its value is called in help; an option without one is a switch. */
  readonly value?: string;
  /** May be given more than once. */
  readonly multiple?: boolean;
  readonly description: string;
}

/** A subcommand: what help says of it, and what it does. */
export interface Command {
  readonly name: string;
  /** Its positional arguments as usage shows them: `FLOW.yml`, `[TYPE]`, `PATH…`. */
  readonly arguments: string;
  /** How many positional arguments it takes. */
  readonly arity: { readonly min: number; readonly max: number };
  /** One line for the list of commands. */
  readonly summary: string;
  readonly description?: string;
  /** Options of its own, beside the common ones. */
  readonly options: readonly Option[];
  /** Names of common options that would promise what it does not do: refused, and not in its help. */
  readonly refuses?: readonly string[];
  readonly examples: readonly string[];
  /** Resolves to the exit code. Loads what it needs itself, so that the others start without it. */
  run(session: Session, args: Arguments): Promise<number>;
}

/** A command line taken apart: values by option name, in the order they were given. */
export interface Arguments {
  readonly positionals: readonly string[];
  readonly values: ReadonlyMap<string, readonly string[]>;
  readonly switches: ReadonlySet<string>;
}

/** The last value of an option; an option that is given twice is corrected by its later one. */
export function lastValue(args: Arguments, name: string): string | undefined {
  return args.values.get(name)?.at(-1);
}
