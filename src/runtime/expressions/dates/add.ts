import { Fault } from '../fault.js';
import { nearestName } from '../nearest.js';
import { daysInMonth, localOf, type Moment, momentAt, momentOf } from './moment.js';

/** Units of exact length, in nanoseconds; they move the instant. */
const TIME_UNITS: ReadonlyMap<string, bigint> = new Map([
  ['NANOS', 1n],
  ['MICROS', 1_000n],
  ['MILLIS', 1_000_000n],
  ['SECONDS', 1_000_000_000n],
  ['MINUTES', 60_000_000_000n],
  ['HOURS', 3_600_000_000_000n],
  ['HALF_DAYS', 43_200_000_000_000n],
]);
/** Units of the calendar; they move the wall clock, so that noon stays noon over a change of the clocks. */
const DAY_UNITS: ReadonlyMap<string, number> = new Map([
  ['DAYS', 1],
  ['WEEKS', 7],
]);
const MONTH_UNITS: ReadonlyMap<string, number> = new Map([
  ['MONTHS', 1],
  ['YEARS', 12],
  ['DECADES', 120],
  ['CENTURIES', 1_200],
  ['MILLENNIA', 12_000],
]);

/** Adds `amount` of a Java ChronoUnit. A day that the month lacks becomes its last. */
export function addToMoment(moment: Moment, amount: number, unit: string): Moment {
  const name = unit.toUpperCase();
  const nanos = TIME_UNITS.get(name);
  if (nanos !== undefined) return addNanos(moment, BigInt(amount) * nanos);
  const days = DAY_UNITS.get(name);
  if (days !== undefined) return addDays(moment, amount * days);
  const months = MONTH_UNITS.get(name);
  if (months !== undefined) return addMonths(moment, amount * months);
  const units = [...TIME_UNITS.keys(), ...DAY_UNITS.keys(), ...MONTH_UNITS.keys()];
  const nearest = nearestName(name, units);
  throw new Fault(`there is no unit "${unit}" (there are: ${units.join(', ')})`, {
    ...(nearest === null ? {} : { hint: `Did you mean "${nearest}"?` }),
  });
}

function addNanos(moment: Moment, nanos: bigint): Moment {
  const billion = 1_000_000_000n;
  const total = BigInt(moment.nanos) + nanos;
  const rest = ((total % billion) + billion) % billion;
  return momentAt(moment.epochSeconds + Number((total - rest) / billion), Number(rest), moment.zone);
}

function addDays(moment: Moment, days: number): Moment {
  const local = localOf(moment);
  return momentOf(
    { ...local, day: local.day + days },
    moment.zone,
    moment.zone.offsetAt(moment.epochSeconds),
  );
}

function addMonths(moment: Moment, months: number): Moment {
  const local = localOf(moment);
  const count = local.year * 12 + local.month - 1 + months;
  const year = Math.floor(count / 12);
  const month = count - year * 12 + 1;
  const day = Math.min(local.day, daysInMonth(year, month));
  return momentOf({ ...local, year, month, day }, moment.zone, moment.zone.offsetAt(moment.epochSeconds));
}
