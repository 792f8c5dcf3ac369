import type { Arguments, FunctionDefinition } from '../arguments.js';
import { dayOfWeek, daysInMonth, type LocalDateTime, localOf } from '../dates/moment.js';
import { readDate } from '../dates/read-date.js';
import { findZone } from '../dates/zone.js';
import { Fault } from '../fault.js';
import { printDate } from '../filters/dates.js';
import type { Toolbox } from '../scope.js';

const DAYS = ['MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY', 'SUNDAY'];
const POSITIONS = ['FIRST', 'SECOND', 'THIRD', 'FOURTH'];

/** The present moment as text, in Kestra's `iso` format unless another is named. */
const now: FunctionDefinition = {
  parameters: ['format', 'timeZone', 'existingFormat', 'locale'],
  call: (args, tools) => {
    const present = tools.scope.now?.() ?? new Date();
    return printDate(readDate(present, findZone('Z'), null, 'en'), args, tools);
  },
};

/** A function of a date's own wall clock: the text's offset counts, not the scope's zone. */
function ofLocal(read: (local: LocalDateTime) => unknown): FunctionDefinition {
  return { parameters: ['date'], required: 1, call: (args, tools) => read(localDate(args, tools)) };
}

function localDate(args: Arguments, tools: Toolbox): LocalDateTime {
  return localOf(readDate(args.value('date'), findZone(tools.scope.timeZone ?? 'UTC'), null, 'en'));
}

const isDayWeekInMonth: FunctionDefinition = {
  parameters: ['date', 'dayOfWeek', 'position'],
  required: 3,
  call: (args, tools) => {
    const local = localDate(args, tools);
    const day = args.requiredText('dayOfWeek').toUpperCase();
    const position = args.requiredText('position').toUpperCase();
    if (!DAYS.includes(day)) throw new Fault(`the day must be one of ${DAYS.join(', ')}`);
    const isDay = DAYS[dayOfWeek(local) - 1] === day;
    if (position === 'LAST') return isDay && local.day + 7 > daysInMonth(local.year, local.month);
    const index = POSITIONS.indexOf(position);
    if (index < 0) throw new Fault(`the position must be one of ${POSITIONS.join(', ')}, LAST`);
    return isDay && Math.ceil(local.day / 7) === index + 1;
  },
};

/** Compares moments, whatever the zones they are written in. */
function comparison(
  parameters: readonly string[],
  holds: (nanos: readonly bigint[]) => boolean,
): FunctionDefinition {
  return {
    parameters,
    required: parameters.length,
    call: (args, tools) => {
      const zone = findZone(tools.scope.timeZone ?? 'UTC');
      const moments = parameters.map((name) => readDate(args.value(name), zone, null, 'en'));
      return holds(
        moments.map((moment) => BigInt(moment.epochSeconds) * 1_000_000_000n + BigInt(moment.nanos)),
      );
    },
  };
}

export const DATE_FUNCTIONS: Readonly<Record<string, FunctionDefinition>> = {
  now,
  dayOfMonth: ofLocal((local) => local.day),
  dayOfWeek: ofLocal((local) => DAYS[dayOfWeek(local) - 1]),
  hourOfDay: ofLocal((local) => local.hour),
  monthOfYear: ofLocal((local) => local.month),
  isWeekend: ofLocal((local) => dayOfWeek(local) > 5),
  isDayWeekInMonth,
  isDateAfter: comparison(['date', 'after'], ([date = 0n, after = 0n]) => date > after),
  isDateBefore: comparison(['date', 'before'], ([date = 0n, before = 0n]) => date < before),
  isDateBetween: comparison(
    ['date', 'after', 'before'],
    ([date = 0n, after = 0n, before = 0n]) => date > after && date < before,
  ),
};
