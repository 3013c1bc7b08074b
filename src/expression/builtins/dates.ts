/** Functions of times, and the methods that times, durations and zones have. */
import { Failure, isoWeekOfDays, weekdayOfDays, yearDayOfDays } from "../../core/mod.ts";
import {
  addDate,
  addNs,
  civilOf,
  compareInstants,
  dayOf,
  difference,
  durationIn,
  formatInstant,
  type Instant,
  instantOfNs,
  loadLocation,
  localZone,
  type Location,
  nsOf,
  parseDuration,
  parseInstant,
  printDuration,
  roundTo,
  SECOND_NS,
  truncateTo,
  UTC,
  ZERO_SECONDS,
} from "../../time/mod.ts";
import { float, integer, type LuaValue } from "../../vm/mod.ts";
import { Problem } from "../problem.ts";
import type { Run } from "../run.ts";
import { DurationValue, foreign, timeText, TimeValue, typeName, ZoneValue } from "../values.ts";
import { type Builtin, integerIn, plain, textIn } from "./builtin.ts";

/** Layouts tried, in order, when a date comes without one. */
const LAYOUTS = [
  "2006-01-02",
  "15:04:05",
  "2006-01-02 15:04:05",
  "2006-01-02T15:04:05Z07:00",
  "02 Jan 06 15:04 MST",
  "Monday, 02-Jan-06 15:04:05 MST",
  "Mon, 02 Jan 2006 15:04:05 MST",
];

function zoneNamed(run: Run, name: string): Location {
  try {
    return loadLocation(run.host.clock, name);
  } catch {
    throw new Problem(`unknown time zone "${name}"`);
  }
}

function date(run: Run, [value, layout, zone]: readonly LuaValue[]): LuaValue {
  const text = textIn(run, value);
  const location = zone === undefined ? UTC : zoneNamed(run, textIn(run, zone));
  const layouts = layout === undefined ? LAYOUTS : [textIn(run, layout)];
  for (const candidate of layouts) {
    try {
      return foreign(new TimeValue(parseInstant(candidate, text, { zone: location, known: location })));
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
    }
  }
  throw new Problem(
    layout === undefined ? `invalid date "${text}"` : `date "${text}" does not fit "${layout}"`,
  );
}

function duration(run: Run, value: LuaValue): LuaValue {
  const text = textIn(run, value);
  const ns = parseDuration(text);
  if (ns === undefined) throw new Problem(`invalid duration "${text}"`);
  return foreign(new DurationValue(ns));
}

/** By name. */
export const DATES: Readonly<Record<string, Builtin>> = {
  now: plain(
    0,
    0,
    ({ host: { clock } }) => foreign(new TimeValue(instantOfNs(clock.nowNs(), localZone(clock)))),
  ),
  duration: plain(1, 1, (run, [text]) => duration(run, text)),
  date: plain(1, 3, date),
  timezone: plain(1, 1, (run, [name]) => foreign(new ZoneValue(zoneNamed(run, textIn(run, name))))),
};

/** A method of a value. */
export type Method = (value: LuaValue, args: readonly LuaValue[]) => LuaValue;

function instantIn(value: LuaValue): Instant {
  const other: unknown = value;
  if (other instanceof TimeValue) return other.instant;
  throw new Problem(`needs a time.Time, got ${typeName(value)}`);
}

function nsIn(value: LuaValue): bigint {
  const other: unknown = value;
  if (other instanceof DurationValue) return other.ns;
  throw new Problem(`needs a time.Duration, got ${typeName(value)}`);
}

function locationIn(value: LuaValue): Location {
  const other: unknown = value;
  if (other instanceof ZoneValue) return other.location;
  throw new Problem(`needs a time zone, got ${typeName(value)}`);
}

/** A method of a given number of arguments. */
function method<T>(
  count: number,
  read: (value: LuaValue) => T,
  apply: (self: T, args: readonly LuaValue[]) => LuaValue,
): Method {
  return (value, args) => {
    if (args.length !== count) throw new Problem(`takes ${count} arguments, got ${args.length}`);
    return apply(read(value), args);
  };
}

function time(count: number, apply: (instant: Instant, args: readonly LuaValue[]) => LuaValue): Method {
  return method(count, instantIn, apply);
}

function moved(count: number, move: (instant: Instant, args: readonly LuaValue[]) => Instant): Method {
  return time(count, (instant, args) => foreign(new TimeValue(move(instant, args))));
}

function span(count: number, apply: (ns: bigint, args: readonly LuaValue[]) => LuaValue): Method {
  return method(count, nsIn, apply);
}

const durationOf = (ns: bigint): LuaValue => foreign(new DurationValue(ns));

const TIME_METHODS: ReadonlyMap<string, Method> = new Map<string, Method>([
  ["Year", time(0, (instant) => civilOf(instant).year)],
  ["Month", time(0, (instant) => civilOf(instant).month)],
  ["Day", time(0, (instant) => civilOf(instant).day)],
  ["Hour", time(0, (instant) => civilOf(instant).hour)],
  ["Minute", time(0, (instant) => civilOf(instant).minute)],
  ["Second", time(0, (instant) => civilOf(instant).second)],
  ["Nanosecond", time(0, (instant) => instant.nanoseconds)],
  ["Weekday", time(0, (instant) => weekdayOfDays(dayOf(instant)))],
  ["YearDay", time(0, (instant) => yearDayOfDays(dayOf(instant)))],
  ["ISOWeek", time(0, (instant) => isoWeekOfDays(dayOf(instant)))],
  ["Unix", time(0, (instant) => instant.seconds)],
  ["UnixMilli", time(0, (instant) => integer(nsOf(instant) / 1_000_000n))],
  ["UnixMicro", time(0, (instant) => integer(nsOf(instant) / 1000n))],
  ["UnixNano", time(0, (instant) => integer(nsOf(instant)))],
  ["IsZero", time(0, (instant) => instant.seconds === ZERO_SECONDS && instant.nanoseconds === 0)],
  ["String", time(0, timeText)],
  ["Location", time(0, (instant) => foreign(new ZoneValue(instant.location)))],
  ["Format", time(1, (instant, [layout]) => formatInstant(instant, String(layout)))],
  ["Before", time(1, (instant, [other]) => compareInstants(instant, instantIn(other)) < 0)],
  ["After", time(1, (instant, [other]) => compareInstants(instant, instantIn(other)) > 0)],
  ["Equal", time(1, (instant, [other]) => compareInstants(instant, instantIn(other)) === 0)],
  ["Compare", time(1, (instant, [other]) => Math.sign(compareInstants(instant, instantIn(other))))],
  ["Sub", time(1, (instant, [other]) => durationOf(difference(instant, instantIn(other))))],
  ["Add", moved(1, (instant, [other]) => addNs(instant, nsIn(other)))],
  [
    "AddDate",
    moved(
      3,
      (instant, [years, months, days]) =>
        addDate(instant, Number(integerIn(years)), Number(integerIn(months)), Number(integerIn(days))),
    ),
  ],
  ["Truncate", moved(1, (instant, [other]) => truncateTo(instant, nsIn(other)))],
  ["Round", moved(1, (instant, [other]) => roundTo(instant, nsIn(other)))],
  ["UTC", moved(0, (instant) => ({ ...instant, location: UTC }))],
  ["In", moved(1, (instant, [zone]) => ({ ...instant, location: locationIn(zone) }))],
]);

const DURATION_METHODS: ReadonlyMap<string, Method> = new Map<string, Method>([
  ["Hours", span(0, (ns) => float(durationIn(ns, 3600n * SECOND_NS)))],
  ["Minutes", span(0, (ns) => float(durationIn(ns, 60n * SECOND_NS)))],
  ["Seconds", span(0, (ns) => float(durationIn(ns, SECOND_NS)))],
  ["Milliseconds", span(0, (ns) => integer(ns / 1_000_000n))],
  ["Microseconds", span(0, (ns) => integer(ns / 1000n))],
  ["Nanoseconds", span(0, (ns) => integer(ns))],
  ["String", span(0, printDuration)],
  ["Abs", span(0, (ns) => durationOf(ns < 0n ? -ns : ns))],
]);

const ZONE_METHODS: ReadonlyMap<string, Method> = new Map<string, Method>([
  ["String", method(0, locationIn, (location) => location.name)],
]);

/** The method `name` of a value. */
export function methodOf(value: LuaValue, name: string): Method | undefined {
  const other: unknown = value;
  if (other instanceof TimeValue) return TIME_METHODS.get(name);
  if (other instanceof DurationValue) return DURATION_METHODS.get(name);
  return other instanceof ZoneValue ? ZONE_METHODS.get(name) : undefined;
}
