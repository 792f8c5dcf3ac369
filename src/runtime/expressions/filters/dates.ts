import type { Arguments, FilterDefinition } from '../arguments.js';
import { addToMoment } from '../dates/add.js';
import type { Moment } from '../dates/moment.js';
import { readDate } from '../dates/read-date.js';
import { readLocale, writeDate } from '../dates/write-date.js';
import { findZone } from '../dates/zone.js';
import type { Toolbox } from '../scope.js';

/** Reads a date with the arguments all date filters share. */
export function readDateArgument(value: unknown, args: Arguments, tools: Toolbox): Moment {
  return readDate(value, zoneOf(args, tools), args.text('existingFormat'), readLocale(args.text('locale')));
}

/** Prints a moment in the zone and the format that the arguments name: by default Kestra's `iso`. */
export function printDate(moment: Moment, args: Arguments, tools: Toolbox): string {
  const shown = { ...moment, zone: zoneOf(args, tools) };
  return writeDate(shown, args.text('format') ?? 'iso', readLocale(args.text('locale')));
}

function zoneOf(args: Arguments, tools: Toolbox) {
  return findZone(args.text('timeZone') ?? tools.scope.timeZone ?? 'UTC');
}

const date: FilterDefinition = {
  parameters: ['format', 'timeZone', 'existingFormat', 'locale'],
  apply: (input, args, tools) => printDate(readDateArgument(input, args, tools), args, tools),
};

const dateAdd: FilterDefinition = {
  parameters: ['amount', 'unit', 'format', 'timeZone', 'existingFormat', 'locale'],
  required: 2,
  apply: (input, args, tools) => {
    const moment = readDateArgument(input, args, tools);
    return printDate(
      addToMoment(moment, args.requiredInteger('amount'), args.requiredText('unit')),
      args,
      tools,
    );
  },
};

/** Time since 1970, as a whole number of `unitsPerSecond`. */
function timestamp(unitsPerSecond: number): FilterDefinition {
  return {
    parameters: ['timeZone', 'existingFormat'],
    apply: (input, args, tools) => {
      const { epochSeconds, nanos } = readDateArgument(input, args, tools);
      const units = Math.floor(nanos / (1_000_000_000 / unitsPerSecond));
      return BigInt(epochSeconds) * BigInt(unitsPerSecond) + BigInt(units);
    },
  };
}

/** Filters of dates. Kestra's dates are text between filters, and so are these. */
export const DATE_FILTERS: Readonly<Record<string, FilterDefinition>> = {
  date,
  dateFormat: date,
  dateAdd,
  timestamp: timestamp(1),
  timestampMilli: timestamp(1_000),
  timestampMicro: timestamp(1_000_000),
  timestampNano: timestamp(1_000_000_000),
};
