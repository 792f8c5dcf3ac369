import { evaluateParsed, parseOrReport } from './evaluate-template.js';
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
  return evaluateParsed(parsed(template, options), { scope, property: options.property, asText: false });
}

/** The property as text, whatever it holds: lists and maps as JSON, null as nothing. */
export async function renderString(
  template: Template | string,
  scope: ExpressionScope,
  options: EvaluateOptions = {},
): Promise<string> {
  return String(
    await evaluateParsed(parsed(template, options), { scope, property: options.property, asText: true }),
  );
}

function parsed(template: Template | string, options: EvaluateOptions): Template {
  return typeof template === 'string' ? parseOrReport(template, options.property) : template;
}
