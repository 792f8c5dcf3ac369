import type { FilterDefinition } from '../arguments.js';
import { Fault } from '../fault.js';
import { toJsonValue } from '../values/print.js';

/** `jq('.a[]')`: always the list of results, as in Kestra. Text is read as JSON first. */
export const jq: FilterDefinition = {
  parameters: ['expression'],
  required: 1,
  apply: async (input, args, tools) => {
    const { runJq } = await import('../jq/index.js');
    const value = typeof input === 'string' ? readJson(input) : toJsonValue(input, tools.budget);
    return runJq(args.requiredText('expression'), value, tools.budget, tools.scope.now ?? (() => new Date()));
  },
};

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Fault('"jq" needs a list, a map or JSON text, and this text is not JSON');
  }
}
