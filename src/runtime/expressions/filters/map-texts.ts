import { Fault } from '../fault.js';
import { LIMITS } from '../limits.js';
import type { Toolbox } from '../scope.js';
import { isMap, mapEntries } from '../values/kinds.js';
import { printValue } from '../values/print.js';

/** A copy of `value` with every text in its lists and maps changed; other scalars are printed first, as in Kestra. */
export function mapTexts(
  value: unknown,
  budget: Toolbox['budget'],
  change: (text: string) => string,
  depth = 0,
): unknown {
  budget.spend();
  if (depth > LIMITS.valueDepth) throw new Fault('a value is nested too deeply');
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, budget, change, depth + 1));
  if (isMap(value)) {
    return Object.fromEntries(
      mapEntries(value).map(([key, member]) => [key, mapTexts(member, budget, change, depth + 1)]),
    );
  }
  const changed = value === null || value === undefined ? null : change(printValue(value, budget));
  budget.spend(Math.ceil((changed?.length ?? 0) / 100));
  return changed;
}
