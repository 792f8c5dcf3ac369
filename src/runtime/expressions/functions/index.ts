import type { FunctionDefinition } from '../arguments.js';
import { Fault } from '../fault.js';
import { nearestName } from '../nearest.js';
import { range } from './range.js';

const FUNCTIONS: ReadonlyMap<string, FunctionDefinition> = new Map<string, FunctionDefinition>(
  Object.entries({ range }),
);

export function findFunction(name: string): FunctionDefinition {
  const definition = FUNCTIONS.get(name);
  if (definition !== undefined) return definition;
  const nearest = nearestName(name, FUNCTIONS.keys());
  throw new Fault(`there is no function "${name}"`, {
    ...(nearest === null ? {} : { hint: `Did you mean "${nearest}(…)"?` }),
  });
}
