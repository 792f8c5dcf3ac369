import { type ExpressionScope, evaluateTemplate, hasExpression } from './expressions/index.js';

/** A deep copy of a value as YAML gives it, with every expression in it rendered. Map keys stay as they are. */
export async function renderValue(
  value: unknown,
  scope: ExpressionScope,
  property: string,
): Promise<unknown> {
  if (typeof value === 'string') {
    return hasExpression(value) ? evaluateTemplate(value, scope, { property }) : value;
  }
  if (Array.isArray(value)) {
    return Promise.all(value.map((item, index) => renderValue(item, scope, `${property}[${index}]`)));
  }
  if (value === null || typeof value !== 'object' || Object.getPrototypeOf(value) !== Object.prototype)
    return value;
  const entries = Object.entries(value).map(
    async ([name, item]) => [name, await renderValue(item, scope, `${property}.${name}`)] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
}

/** Kestra's truth: false, 0, nothing and the texts that print as them are false; everything else is true. */
export function isTruthy(value: unknown): boolean {
  if (typeof value === 'string') return !['false', '0', '-0', ''].includes(value.trim());
  return value !== undefined && value !== null && value !== false && value !== 0 && value !== 0n;
}
