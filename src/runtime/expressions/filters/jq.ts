import type { FilterDefinition } from '../arguments.js';
import { Fault } from '../fault.js';

/** Kestra's `jq('.a[]')`. */
export const jq: FilterDefinition = {
  parameters: ['expression'],
  required: 1,
  apply: () => {
    throw new Fault('the filter "jq" is not supported by flowgit');
  },
};
