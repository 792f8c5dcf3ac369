/**
 * Kestra's Pebble expressions: `{{ value }}`, `{% tag %}`, `{# comment #}`. Semantics follow Pebble's and Kestra's own
 * sources; these are the points where a reader may expect something else:
 *
 * - `|` binds tighter than arithmetic and looser than `??` and `~`. `not` binds tightest: `not x is defined` is
 *   `(not x) is defined`; write `x is not defined`.
 * - In a string a backslash escapes only the quote around it: `'\n'` is two characters, as in Pebble. A newline comes
 *   from YAML, or from `\n` in a regular expression. Only `replace('from', 'to')`, which Kestra does not have,
 *   understands `\n`, `\t`, `\"` and `\\`.
 * - A missing name is an error, except before `??`, `???` and `default`, and in `is null`, `is empty`, `is defined`.
 *   An existing null is null: false in conditions, nothing in text.
 * - Whole numbers divide to whole numbers: `7 / 2` is 3 and `7 / 2.0` is 3.5.
 * - Dates are text between filters. They are read and printed in UTC unless the scope or `timeZone=` says otherwise.
 * - A newline behind a tag stays; `-` beside a delimiter trims.
 * - Regular expressions are RE2's: no look-around and no back-references.
 *
 * Not supported, each with an error that says so: the functions `appLink`, `block`, `credential`, `decrypt`, `encrypt`,
 * `fromIon`, `http`, `isLastWorkingDay`, `isPublicHoliday`, `iterationOutput(s)`, `parent`, `parentOutput` and
 * `randomPort`; the filters `escape`, `format`, `nl2br`, `numberformat`, `raw`, `sh` and `toIon`; the tags `block`,
 * `cache`, `embed`, `extends`, `flush`, `from`, `import`, `include`, `macro` and `parallel`; calling methods of values.
 *
 * Nothing but the scope is reachable. Work is bounded by steps, text length and depth; see `limits.ts`.
 */
import { parseOrReport } from './parse-or-report.js';
import type { ExpressionScope } from './scope.js';
import type { Template } from './syntax/nodes.js';
import { hasDelimiter } from './syntax/scan-template.js';

export type { ExpressionFunctions, ExpressionScope } from './scope.js';
export type { Template } from './syntax/nodes.js';

export interface EvaluateOptions {
  /** The name of the property, for errors. */
  readonly property?: string;
}

/** Parses a property once, for many evaluations. Throws `ExpressionError` with `data: {expression, line, column}`. */
export function parseTemplate(source: string): Template {
  return parseOrReport(source);
}

/** Whether `source` holds `{{ … }}`, `{% … %}` or `{# … #}`; a property without them needs no evaluation. */
export function hasExpression(source: string): boolean {
  return hasDelimiter(source);
}

/**
 * The value of a property. A text that is exactly one `{{ … }}` gives the typed value; anything else gives a string.
 * White space around the single expression, as YAML block scalars leave it, is kept around a string and dropped
 * around any other value.
 */
export async function evaluateTemplate(
  template: Template | string,
  scope: ExpressionScope,
  options: EvaluateOptions = {},
): Promise<unknown> {
  const { evaluateParsed } = await evaluator();
  return evaluateParsed(parsed(template, options), { scope, property: options.property, asText: false });
}

/** The property as text, whatever it holds: lists and maps as JSON, null as nothing. */
export async function renderString(
  template: Template | string,
  scope: ExpressionScope,
  options: EvaluateOptions = {},
): Promise<string> {
  const { evaluateParsed } = await evaluator();
  return String(
    await evaluateParsed(parsed(template, options), { scope, property: options.property, asText: true }),
  );
}

/** Filters and functions are many small files; a run without an expression starts without them. */
function evaluator() {
  return import('./evaluate-template.js');
}

function parsed(template: Template | string, options: EvaluateOptions): Template {
  return typeof template === 'string' ? parseOrReport(template, options.property) : template;
}
