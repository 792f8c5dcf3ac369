import type { FunctionDefinition } from '../arguments.js';
import { Fault } from '../fault.js';
import { nearestName } from '../nearest.js';
import { DATA_FUNCTIONS } from './data.js';
import { DATE_FUNCTIONS } from './dates.js';
import { IDENTIFIER_FUNCTIONS } from './identifiers.js';
import { PROVIDED_FUNCTIONS } from './provided.js';
import { range } from './range.js';

const FUNCTIONS: ReadonlyMap<string, FunctionDefinition> = new Map(
  Object.entries({
    ...DATA_FUNCTIONS,
    ...DATE_FUNCTIONS,
    ...IDENTIFIER_FUNCTIONS,
    ...PROVIDED_FUNCTIONS,
    range,
  }),
);

/** Functions that Kestra has and flowgit does not, with why or what to write instead. */
const ABSENT: ReadonlyMap<string, string | null> = new Map([
  ['appLink', 'There are no apps.'],
  ['block', null],
  ['credential', 'Use secret.'],
  ['decrypt', 'Use secret.'],
  ['encrypt', 'Use secret.'],
  ['fromIon', 'Store JSON and use fromJson.'],
  ['http', 'An expression cannot reach the network; use a task.'],
  ['isLastWorkingDay', 'There is no holiday calendar.'],
  ['isPublicHoliday', 'There is no holiday calendar.'],
  ['iterationOutput', 'Use currentEachOutput.'],
  ['iterationOutputs', 'Use currentEachOutput.'],
  ['parent', null],
  ['parentOutput', 'Use currentEachOutput.'],
  ['randomPort', 'Use randomInt.'],
]);

/** The function of that name, or a fault with the nearest one. */
export function findFunction(name: string): FunctionDefinition {
  const definition = FUNCTIONS.get(name);
  if (definition !== undefined) return definition;
  const instead = ABSENT.get(name);
  if (instead !== undefined) {
    throw new Fault(
      `the function "${name}" is not supported by flowgit`,
      instead === null ? {} : { hint: instead },
    );
  }
  const nearest = nearestName(name, FUNCTIONS.keys());
  throw new Fault(`there is no function "${name}"`, {
    ...(nearest === null ? {} : { hint: `Did you mean "${nearest}(…)"?` }),
  });
}
