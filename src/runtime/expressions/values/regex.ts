import type { Matcher } from 're2js';
import { Fault } from '../fault.js';
import type { Toolbox } from '../scope.js';
import { describeKind } from './kinds.js';

type Budget = Toolbox['budget'];

export interface RegexMatch {
  readonly offset: number;
  readonly text: string;
  /** The groups from the first on; no text and the offset -1 where a group took no part. */
  readonly groups: readonly {
    readonly name: string | null;
    readonly text: string | null;
    readonly offset: number;
  }[];
}

/** A compiled regular expression. Each use is paid for by the length of the text. */
export interface Regex {
  matchesWhole(text: string, budget: Budget): boolean;
  /** The matches from left to right. */
  find(text: string, budget: Budget): Generator<RegexMatch>;
}

export interface RegexFlags {
  readonly ignoreCase?: boolean;
  /** `.` matches a line end too. */
  readonly dotAll?: boolean;
}

const LONGEST_PATTERN = 1_000;

/**
 * Loads RE2, whose matching takes time linear in the text; a pattern that makes a backtracking engine hang is harmless.
 * It has no back-references and no look-around.
 */
export async function loadRegex(): Promise<(pattern: string, flags?: RegexFlags) => Regex> {
  const { RE2JS } = await import('re2js');
  return (pattern, flags = {}) => {
    if (pattern.length > LONGEST_PATTERN) throw new Fault('the regular expression is too long');
    const bits =
      (flags.ignoreCase === true ? RE2JS.CASE_INSENSITIVE : 0) + (flags.dotAll === true ? RE2JS.DOTALL : 0);
    let compiled: ReturnType<typeof RE2JS.compile>;
    try {
      compiled = RE2JS.compile(pattern, bits);
    } catch (error) {
      throw new Fault(
        `the regular expression is not valid: ${error instanceof Error ? error.message : String(error)}`,
        {
          hint: 'Back-references and look-around are not supported.',
        },
      );
    }
    const names = new Map(Object.entries(compiled.namedGroups()).map(([name, group]) => [group, name]));
    const size = compiled.programSize();
    const pay = (text: string, budget: Budget) => budget.spend(Math.ceil((text.length * size) / 200));
    return {
      matchesWhole: (text, budget) => {
        pay(text, budget);
        return compiled.matches(text);
      },
      find: function* (text, budget) {
        pay(text, budget);
        const matcher = compiled.matcher(text);
        while (matcher.find()) {
          budget.spend();
          yield readMatch(matcher, names);
        }
      },
    };
  };
}

export async function compileRegex(pattern: string): Promise<Regex> {
  return (await loadRegex())(pattern);
}

/** `text matches pattern`: the pattern covers the whole text, as with Java's `String.matches`. */
export async function matchesWhole(text: unknown, pattern: unknown, budget: Budget): Promise<boolean> {
  if (text === null) return false;
  if (typeof text !== 'string' || typeof pattern !== 'string') {
    throw new Fault(`"matches" needs two strings, not ${describeKind(text)} and ${describeKind(pattern)}`);
  }
  return (await compileRegex(pattern)).matchesWhole(text, budget);
}

function readMatch(matcher: Matcher, names: ReadonlyMap<number, string>): RegexMatch {
  const groups = Array.from({ length: matcher.groupCount() }, (_, index) => ({
    name: names.get(index + 1) ?? null,
    text: matcher.group(index + 1),
    offset: matcher.start(index + 1),
  }));
  return { offset: matcher.start(), text: matcher.group() ?? '', groups };
}
