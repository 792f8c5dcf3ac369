import { Fault } from '../fault.js';
import { loadRegex } from '../values/regex.js';
import { type JqRun, made } from './machine.js';
import { parseJq } from './parse.js';
import { REGEX_FUNCTIONS } from './regex-functions.js';
import { runFilter } from './run.js';
import { type JqBudget, JqError, type Json } from './values.js';

/**
 * All results of a jq program for a JSON value. The language is jq 1.6's without `def`, `label`, `import`, `input`, `env`
 * and a few functions, each of which is an error by name. Programs see nothing but their input and the clock, and
 * pay for every step from `budget`.
 */
export async function runJq(
  program: string,
  input: Json,
  budget: JqBudget,
  clock: () => Date,
): Promise<Json[]> {
  const filter = parseJq(program);
  const usesRegex = REGEX_FUNCTIONS.some(([id]) => program.includes(id.slice(0, id.indexOf('/'))));
  const run: JqRun = {
    variables: new Map(),
    budget,
    clock,
    evaluate: runFilter,
    regex: usesRegex ? await loadRegex() : null,
  };
  try {
    return Array.from(runFilter(filter, made(input), run), (item) => item.value);
  } catch (error) {
    if (error instanceof JqError) throw new Fault(`the jq program fails: ${error.message}`);
    if (error instanceof RangeError) throw new Fault('the jq program goes too deep');
    throw error;
  }
}
