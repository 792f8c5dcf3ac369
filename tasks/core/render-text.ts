import type { RunContext } from '../../src/runtime/context.js';
import { expressionScope } from '../../src/runtime/expression-scope.js';
import { renderString } from '../../src/runtime/expressions/index.js';
import { renderValue } from '../../src/runtime/render-value.js';

/** A property as the text it prints: expressions rendered, lists and maps as JSON. */
export async function renderText(value: unknown, context: RunContext, property: string): Promise<string> {
  const scope = expressionScope(context);
  if (typeof value === 'string') return renderString(value, scope, { property });
  const rendered = await renderValue(value, scope, property);
  return typeof rendered === 'object' && rendered !== null ? JSON.stringify(rendered) : String(rendered);
}
