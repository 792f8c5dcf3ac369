import { Fault } from '../fault.js';
import { describeKind } from './kinds.js';

/** `text matches pattern`: the pattern covers the whole text, as Java's `String.matches`. */
export async function matchesWhole(text: unknown, pattern: unknown): Promise<boolean> {
  if (text === null || text === undefined) return false;
  if (typeof text !== 'string' || typeof pattern !== 'string') {
    throw new Fault(`"matches" needs two strings, not ${describeKind(text)} and ${describeKind(pattern)}`);
  }
  return (await compile(pattern)).matches(text);
}

/** A regular expression that runs in time linear in its input: RE2 has no back-references and no look-around. */
async function compile(pattern: string): Promise<{ matches(text: string): boolean }> {
  const { RE2JS } = await import('re2js');
  try {
    const compiled = RE2JS.compile(pattern);
    return { matches: (text) => compiled.matches(text) };
  } catch (error) {
    throw new Fault(
      `the regular expression is not valid: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}
