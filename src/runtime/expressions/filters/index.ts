import type { FilterDefinition } from '../arguments.js';
import { Fault } from '../fault.js';
import { nearestName } from '../nearest.js';
import { isEmpty } from '../values/compare.js';

const FILTERS: ReadonlyMap<string, FilterDefinition> = new Map<string, FilterDefinition>(
  Object.entries({
    default: {
      parameters: ['default'],
      required: 1,
      takesNull: true,
      apply: (input, args) => (isEmpty(input) ? args.value('default') : input),
    } satisfies FilterDefinition,
  }),
);

export function findFilter(name: string): FilterDefinition {
  const definition = FILTERS.get(name);
  if (definition !== undefined) return definition;
  const nearest = nearestName(name, FILTERS.keys());
  throw new Fault(`there is no filter "${name}"`, {
    ...(nearest === null ? {} : { hint: `Did you mean "${nearest}"?` }),
  });
}
