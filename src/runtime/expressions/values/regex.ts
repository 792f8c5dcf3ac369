import { Fault } from '../fault.js';
import type { Toolbox } from '../scope.js';
import { describeKind } from './kinds.js';

type Budget = Toolbox['budget'];

/** A compiled regular expression, with the operations that filters need. */
export interface Regex {
  matchesWhole(text: string): boolean;
  /** The first match and its groups, or null. */
  find(text: string): (string | null)[] | null;
  /** All matches replaced; `$1` and `${name}` stand for groups, and `\` makes the next character plain, as in Java. */
  replaceAll(text: string, replacement: string, budget: Budget): string;
  /** The texts between matches, at most `limit` when it is not 0. */
  split(text: string, limit: number, budget: Budget): string[];
}

const LONGEST_PATTERN = 1_000;

/**
 * Compiles with RE2, whose matching takes time linear in the text; a pattern that makes a backtracking engine hang is
 * harmless. It has no back-references and no look-around.
 */
export async function compileRegex(pattern: string): Promise<Regex> {
  if (pattern.length > LONGEST_PATTERN) throw new Fault('the regular expression is too long');
  const { RE2JS } = await import('re2js');
  let compiled: ReturnType<typeof RE2JS.compile>;
  try {
    compiled = RE2JS.compile(pattern);
  } catch (error) {
    throw new Fault(
      `the regular expression is not valid: ${error instanceof Error ? error.message : String(error)}`,
      {
        hint: 'Back-references and look-around are not supported.',
      },
    );
  }
  const eachMatch = function* (text: string, budget: Budget) {
    const matcher = compiled.matcher(text);
    while (matcher.find()) {
      budget.spend();
      yield matcher;
    }
  };
  return {
    matchesWhole: (text) => compiled.matches(text),
    find: (text) => {
      const matcher = compiled.matcher(text);
      if (!matcher.find()) return null;
      return Array.from({ length: matcher.groupCount() + 1 }, (_, group) => matcher.group(group));
    },
    replaceAll: (text, replacement, budget) => {
      const template = readReplacement(replacement);
      let result = '';
      let at = 0;
      for (const matcher of eachMatch(text, budget)) {
        const filled = template.map((part) =>
          typeof part === 'string' ? part : groupOf(matcher, part.group),
        );
        result += text.slice(at, matcher.start()) + filled.join('');
        budget.fits(result.length);
        at = matcher.end();
      }
      budget.fits(result.length + text.length - at);
      return result + text.slice(at);
    },
    split: (text, limit, budget) => {
      const pieces: string[] = [];
      let at = 0;
      for (const matcher of eachMatch(text, budget)) {
        if (limit > 0 && pieces.length === limit - 1) break;
        if (matcher.end() === 0 || (matcher.start() === matcher.end() && matcher.start() === text.length))
          continue;
        pieces.push(text.slice(at, matcher.start()));
        at = matcher.end();
      }
      pieces.push(text.slice(at));
      return pieces;
    },
  };
}

/** `text matches pattern`: the pattern covers the whole text, as with Java's `String.matches`. */
export async function matchesWhole(text: unknown, pattern: unknown): Promise<boolean> {
  if (text === null) return false;
  if (typeof text !== 'string' || typeof pattern !== 'string') {
    throw new Fault(`"matches" needs two strings, not ${describeKind(text)} and ${describeKind(pattern)}`);
  }
  return (await compileRegex(pattern)).matchesWhole(text);
}

type ReplacementPart = string | { readonly group: number | string };

function readReplacement(replacement: string): ReplacementPart[] {
  const parts: ReplacementPart[] = [];
  const pieces = replacement.matchAll(/\\(.)|\$(\d)|\$\{(\w+)\}|([^\\$]+|[\\$])/gs);
  for (const [, escaped, index, name, text] of pieces) {
    if (index !== undefined) parts.push({ group: Number(index) });
    else if (name !== undefined) parts.push({ group: name });
    else parts.push(escaped ?? text ?? '');
  }
  return parts;
}

function groupOf(matcher: { group(group: number | string): string | null }, group: number | string): string {
  try {
    return matcher.group(group) ?? '';
  } catch {
    throw new Fault(`the regular expression has no group "${group}"`);
  }
}
