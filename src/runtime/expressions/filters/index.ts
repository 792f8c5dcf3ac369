import type { FilterDefinition } from '../arguments.js';
import { Fault } from '../fault.js';
import { nearestName } from '../nearest.js';
import { isEmpty, isTrue } from '../values/compare.js';
import { DATE_FILTERS } from './dates.js';
import { ENCODING_FILTERS } from './encodings.js';
import { jq } from './jq.js';
import { LIST_FILTERS } from './lists.js';
import { NUMBER_FILTERS } from './numbers.js';
import { REPLACE_FILTERS } from './replace.js';
import { TEXT_FILTERS } from './text.js';

/** What stands in for a value that is null, blank, empty, or not defined. */
const fallback: FilterDefinition = {
  parameters: ['default'],
  required: 1,
  takesNull: true,
  apply: (input, args) => (isEmpty(input) ? args.value('default') : input),
};

const ternary: FilterDefinition = {
  parameters: ['true', 'false'],
  required: 2,
  takesNull: true,
  apply: (input, args) => args.value(isTrue(input) ? 'true' : 'false'),
};

const FILTERS: ReadonlyMap<string, FilterDefinition> = new Map(
  Object.entries({
    ...TEXT_FILTERS,
    ...REPLACE_FILTERS,
    ...LIST_FILTERS,
    ...NUMBER_FILTERS,
    ...DATE_FILTERS,
    ...ENCODING_FILTERS,
    default: fallback,
    jq,
    ternary,
  }),
);

/** Filters that Kestra has and flowgit does not, with what to write instead. */
const ABSENT: ReadonlyMap<string, string> = new Map([
  ['toIon', 'Use toJson.'],
  ['format', 'Join text with "~".'],
  ['nl2br', 'Use replace.'],
  ['escape', 'Use escapeChar.'],
  ['raw', 'Nothing is escaped, so leave it out.'],
  ['numberformat', 'Use numberFormat.'],
  ['sh', 'Use escapeChar("shell").'],
]);

/** The filter of that name, or a fault with the nearest one. */
export function findFilter(name: string): FilterDefinition {
  const definition = FILTERS.get(name);
  if (definition !== undefined) return definition;
  const instead = ABSENT.get(name);
  if (instead !== undefined)
    throw new Fault(`the filter "${name}" is not supported by flowgit`, { hint: instead });
  const nearest = nearestName(name, FILTERS.keys());
  throw new Fault(`there is no filter "${name}"`, {
    ...(nearest === null ? {} : { hint: `Did you mean "${nearest}"?` }),
  });
}
