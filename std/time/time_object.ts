/** The classes `time.Time` and `time.Location`. */
import { weekdayOfDays, yearDayOfDays } from "../../src/core/mod.ts";
import { type Call, defineObject, type ModuleFunction, type ObjectDefinition } from "../../src/lua/mod.ts";
import { ArgumentError, type LuaValue, Values } from "../../src/vm/mod.ts";
import { durationArgument, smallArgument } from "./arguments.ts";
import { durationObject, durationOperand } from "./duration_object.ts";
import {
  addDate,
  addNs,
  civilOf,
  compareInstants,
  dayOf,
  difference,
  formatInstant,
  type Instant,
  localZone,
  type Location,
  nsOf,
  roundTo,
  TEXT_LAYOUT,
  truncateTo,
  UTC,
  ZERO_SECONDS,
} from "../../src/time/mod.ts";

/** A time zone. */
export const locationObject: ObjectDefinition<Location> = defineObject<Location>({
  name: "time.Location",
  methods: { string: (call) => call.self(locationObject).name },
  tostring: (location) => location.name,
  operators: {
    eq: (call) => locationArgument(call, 1).name === locationArgument(call, 2).name,
  },
});

/** The location at argument `i`; anything else is an argument error. */
export function locationArgument(call: Call, i: number): Location {
  const location = call.object(i, locationObject);
  if (location === undefined) throw new ArgumentError(i, "time.Location", call.type(i));
  return location;
}

function timeArgument(call: Call, i: number): Instant {
  const instant = call.object(i, timeObject);
  if (instant === undefined) throw new ArgumentError(i, "time.Time", call.type(i));
  return instant;
}

/** A method that reads its time. */
function reading(read: (instant: Instant) => LuaValue): ModuleFunction {
  return (call) => read(call.self(timeObject));
}

/** A method that gives another time. */
function moving(move: (instant: Instant, call: Call) => Instant): ModuleFunction {
  return (call) => call.create(timeObject, move(call.self(timeObject), call));
}

/** A method that compares its time with another one. */
function comparing(holds: (order: number) => boolean): ModuleFunction {
  return (call) => holds(compareInstants(call.self(timeObject), timeArgument(call, 2)));
}

/** A point in time. */
export const timeObject: ObjectDefinition<Instant> = defineObject<Instant>({
  name: "time.Time",
  methods: {
    add: moving((instant, call) => addNs(instant, durationArgument(call, 2))),
    sub: (call) => call.create(durationObject, difference(call.self(timeObject), timeArgument(call, 2))),
    add_date: moving((instant, call) =>
      addDate(instant, smallArgument(call, 2), smallArgument(call, 3), smallArgument(call, 4))
    ),
    before: comparing((order) => order < 0),
    after: comparing((order) => order > 0),
    equal: comparing((order) => order === 0),
    format: (call) => formatInstant(call.self(timeObject), call.string(2)),
    format_rfc3339: reading((instant) => formatInstant(instant, "2006-01-02T15:04:05Z07:00")),
    unix: reading((instant) => instant.seconds),
    unix_nano: reading((instant) => BigInt.asIntN(64, nsOf(instant))),
    date: (call) => {
      const { year, month, day } = civilOf(call.self(timeObject));
      return new Values([year, month, day]);
    },
    clock: (call) => {
      const { hour, minute, second } = civilOf(call.self(timeObject));
      return new Values([hour, minute, second]);
    },
    year: reading((instant) => civilOf(instant).year),
    month: reading((instant) => civilOf(instant).month),
    day: reading((instant) => civilOf(instant).day),
    hour: reading((instant) => civilOf(instant).hour),
    minute: reading((instant) => civilOf(instant).minute),
    second: reading((instant) => civilOf(instant).second),
    nanosecond: reading((instant) => instant.nanoseconds),
    weekday: reading((instant) => weekdayOfDays(dayOf(instant))),
    year_day: reading((instant) => yearDayOfDays(dayOf(instant))),
    is_zero: reading((instant) => instant.seconds === ZERO_SECONDS && instant.nanoseconds === 0),
    utc: moving((instant) => ({ ...instant, location: UTC })),
    in_local: moving((instant, call) => ({ ...instant, location: localZone(call.services.ports.clock) })),
    in_location: moving((instant, call) => ({ ...instant, location: locationArgument(call, 2) })),
    location: (call) => call.create(locationObject, call.self(timeObject).location),
    round: moving((instant, call) => roundTo(instant, durationOperand(call, 2))),
    truncate: moving((instant, call) => truncateTo(instant, durationOperand(call, 2))),
    string: reading((instant) => formatInstant(instant, TEXT_LAYOUT)),
  },
  tostring: (instant) => formatInstant(instant, TEXT_LAYOUT),
  operators: {
    eq: (call) => compareInstants(timeArgument(call, 1), timeArgument(call, 2)) === 0,
    lt: (call) => compareInstants(timeArgument(call, 1), timeArgument(call, 2)) < 0,
    le: (call) => compareInstants(timeArgument(call, 1), timeArgument(call, 2)) <= 0,
    add: (call) => {
      const isFirst = call.object(1, timeObject) !== undefined;
      const instant = timeArgument(call, isFirst ? 1 : 2);
      return call.create(timeObject, addNs(instant, durationArgument(call, isFirst ? 2 : 1)));
    },
    sub: (call) => {
      const instant = timeArgument(call, 1);
      const other = call.object(2, timeObject);
      if (other !== undefined) return call.create(durationObject, difference(instant, other));
      return call.create(timeObject, addNs(instant, -durationArgument(call, 2)));
    },
  },
});
