import { Fault } from './fault.js';
import { type Budget, LIMITS } from './limits.js';
import { hasDelimiter } from './syntax/scan-template.js';
import { isForbiddenKey, isMap, mapEntries } from './values/kinds.js';

/**
 * Renders every string inside `value`, keys of maps too, with `renderOnce`; with `recursive`, until a result holds
 * nothing more to render. What is not a string stays as it is.
 */
export async function renderStrings(
  value: unknown,
  recursive: boolean,
  budget: Budget,
  renderOnce: (source: string) => Promise<string>,
  depth = 0,
): Promise<unknown> {
  budget.spend();
  if (depth > LIMITS.valueDepth) throw new Fault('a value is nested too deeply to render');
  if (typeof value === 'string') return renderText(value, recursive, renderOnce);
  if (Array.isArray(value)) {
    const items: unknown[] = [];
    for (const item of value) items.push(await renderStrings(item, recursive, budget, renderOnce, depth + 1));
    return items;
  }
  if (!isMap(value)) return value;
  const map: Record<string, unknown> = {};
  for (const [key, member] of mapEntries(value)) {
    const name = await renderText(key, recursive, renderOnce);
    if (!isForbiddenKey(name))
      map[name] = await renderStrings(member, recursive, budget, renderOnce, depth + 1);
  }
  return map;
}

async function renderText(
  source: string,
  recursive: boolean,
  renderOnce: (source: string) => Promise<string>,
): Promise<string> {
  let text = source;
  for (let round = 0; hasDelimiter(text); round++) {
    if (round === LIMITS.renderRounds) {
      throw new Fault(`render() still finds expressions after ${LIMITS.renderRounds} rounds`);
    }
    const before = text;
    text = await renderOnce(text);
    if (!recursive || text === before) break;
  }
  return text;
}
