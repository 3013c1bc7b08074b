/** The `time` module: points in time, durations, zones and waiting. */
import { Failure } from "../../src/core/mod.ts";
import { type Call, defineModule, type ModuleInstance } from "../../src/lua/mod.ts";
import type { LuaHandle } from "../../src/vm/mod.ts";
import { durationArgument, integerArgument, smallArgument } from "./arguments.ts";
import { durationObject } from "./duration_object.ts";
import {
  fixedZone,
  instantOfCivil,
  instantOfNs,
  loadLocation,
  localZone,
  type Location,
  parseInstant,
  SECOND_NS,
  UTC,
} from "../../src/time/mod.ts";
import { locationArgument, locationObject, timeObject } from "./time_object.ts";
import { after, sleep, ticker, tickerObject, timer, timerObject } from "./timers.ts";
import types from "./time.d.lua" with { type: "text" };

const MONTHS = ["JANUARY", "FEBRUARY", "MARCH", "APRIL", "MAY", "JUNE"]
  .concat("JULY", "AUGUST", "SEPTEMBER", "OCTOBER", "NOVEMBER", "DECEMBER");
const WEEKDAYS = ["SUNDAY", "MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY"];

function optionalLocation(call: Call, i: number): Location | undefined {
  return call.count < i || call.type(i) === "nil" ? undefined : locationArgument(call, i);
}

function date(call: Call): LuaHandle {
  const civil = {
    year: smallArgument(call, 1),
    month: smallArgument(call, 2),
    day: smallArgument(call, 3),
    hour: smallArgument(call, 4),
    minute: smallArgument(call, 5),
    second: smallArgument(call, 6),
  };
  const nanoseconds = integerArgument(call, 7);
  const location = optionalLocation(call, 8) ?? localZone(call.services.ports.clock);
  return call.create(timeObject, instantOfCivil(civil, nanoseconds, location));
}

function unix(call: Call): LuaHandle {
  const seconds = integerArgument(call, 1);
  const ns = seconds * SECOND_NS + integerArgument(call, 2);
  return call.create(timeObject, instantOfNs(ns, localZone(call.services.ports.clock)));
}

function parse(call: Call): LuaHandle {
  const layout = call.string(1);
  const text = call.string(2);
  const zone = optionalLocation(call, 3);
  const known = zone ?? localZone(call.services.ports.clock);
  return call.create(timeObject, parseInstant(layout, text, { zone: zone ?? UTC, known }));
}

function location(call: Call): LuaHandle {
  const name = call.string(1);
  if (name === "") throw new Failure("Invalid", "location name cannot be empty", { retryable: false });
  return call.create(locationObject, loadLocation(call.services.ports.clock, name));
}

function instance(create: ModuleInstance["create"]): ModuleInstance {
  return { definition: locationObject as never, create };
}

export default defineModule({
  name: "time",
  types,
  classes: ["time", "deterministic", "workflow"],
  portable: true,
  numbers: { sleep: 10, ticker: 11, timer: 12, after: 13 },
  constants: {
    NANOSECOND: 1,
    MICROSECOND: 1000,
    MILLISECOND: 1_000_000,
    SECOND: 1_000_000_000,
    MINUTE: 60_000_000_000,
    HOUR: 3_600_000_000_000,
    RFC3339: "2006-01-02T15:04:05Z07:00",
    RFC3339NANO: "2006-01-02T15:04:05.999999999Z07:00",
    RFC822: "02 Jan 06 15:04 MST",
    RFC822Z: "02 Jan 06 15:04 -0700",
    RFC850: "Monday, 02-Jan-06 15:04:05 MST",
    RFC1123: "Mon, 02 Jan 2006 15:04:05 MST",
    RFC1123Z: "Mon, 02 Jan 2006 15:04:05 -0700",
    DATE_TIME: "2006-01-02 15:04:05",
    DATE_ONLY: "2006-01-02",
    TIME_ONLY: "15:04:05",
    KITCHEN: "3:04PM",
    STAMP: "Jan _2 15:04:05",
    STAMP_MILLI: "Jan _2 15:04:05.000",
    STAMP_MICRO: "Jan _2 15:04:05.000000",
    STAMP_NANO: "Jan _2 15:04:05.000000000",
    ...Object.fromEntries(MONTHS.map((name, i) => [name, i + 1])),
    ...Object.fromEntries(WEEKDAYS.map((name, i) => [name, i])),
  },
  instances: {
    utc: instance(() => UTC),
    localtz: instance(({ ports }) => localZone(ports.clock)),
  },
  functions: {
    now: (call) => {
      const { clock } = call.services.ports;
      return call.create(timeObject, instantOfNs(clock.nowNs(), localZone(clock)));
    },
    date,
    unix,
    parse,
    parse_duration: (call) => call.create(durationObject, durationArgument(call, 1)),
    load_location: location,
    fixed_zone: (call) => call.create(locationObject, fixedZone(call.string(1), smallArgument(call, 2))),
    after,
    timer,
    ticker,
  },
  commands: { sleep },
  objects: [
    timeObject as never,
    durationObject as never,
    locationObject as never,
    timerObject as never,
    tickerObject as never,
  ],
});
