/** The `os` module: the time functions of Lua's `os`, nothing else of it. */
import {
  civilOfSeconds,
  Failure,
  secondsOfCivil,
  utcOfLocalSeconds,
  zoneAbbreviation,
} from "../../src/core/mod.ts";
import { type Call, defineModule } from "../../src/lua/mod.ts";
import type { Clock } from "../../src/ports/mod.ts";
import { ArgumentError, LuaError, LuaFloat, type LuaValue, RaisedFailure } from "../../src/vm/mod.ts";
import { tableArgument } from "../process/arguments.ts";
import { formatDate, showTime } from "./date.ts";
import types from "./os.d.lua" with { type: "text" };

/** Seconds that a calendar can show: years -9999 to 9999, as JavaScript's own dates need them too. */
const SECONDS_MAX = 253_402_300_799;

function nowSeconds(clock: Clock): number {
  return Math.floor(clock.nowMs() / 1000);
}

/** A field of `os.time`'s table as a whole number; `absent` when it is missing. */
function field(fields: Record<string, unknown>, name: string, absent: number): number {
  const value = fields[name];
  if (value === undefined || value === null) return absent;
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  if (typeof number !== "number" || !Number.isInteger(number) || Math.abs(number) > 2 ** 40) {
    throw raised(`field '${name}' is not an integer`);
  }
  return number;
}

function raised(message: string): RaisedFailure {
  return new RaisedFailure(new LuaError(message, "Invalid", false));
}

function time(call: Call): LuaValue {
  const { clock } = call.services.ports;
  if (call.count === 0 || call.type(1) === "nil") return new LuaFloat(nowSeconds(clock));
  if (call.type(1) !== "table") throw new ArgumentError(1, "table", call.type(1));
  const fields = fieldsOf(call);
  const offsetAt = (seconds: number): number => clock.zoneOffsetMinutes("", seconds * 1000) * 60;
  const now = nowSeconds(clock);
  const today = civilOfSeconds(now + offsetAt(now));
  const local = secondsOfCivil({
    year: field(fields, "year", today.year),
    month: field(fields, "month", today.month),
    day: field(fields, "day", today.day),
    hour: field(fields, "hour", 0),
    minute: field(fields, "min", 0),
    second: field(fields, "sec", 0),
  });
  if (Math.abs(local) > SECONDS_MAX) throw raised("time out of range");
  return new LuaFloat(utcOfLocalSeconds(local, offsetAt));
}

function fieldsOf(call: Call): Record<string, unknown> {
  try {
    return tableArgument(call, 1, "time");
  } catch (error) {
    if (error instanceof Failure) throw raised(error.message);
    throw error;
  }
}

function date(call: Call): LuaValue {
  const { clock } = call.services.ports;
  const written = call.count < 1 || call.type(1) === "nil" ? "%c" : call.string(1);
  const seconds = call.count < 2 || call.type(2) === "nil" ? nowSeconds(clock) : Math.floor(call.number(2));
  if (!(Math.abs(seconds) <= SECONDS_MAX)) throw raised("time out of range");
  const isUtc = written.startsWith("!");
  const format = isUtc ? written.slice(1) : written;
  const offset = isUtc ? 0 : clock.zoneOffsetMinutes("", seconds * 1000);
  const zone = isUtc ? "UTC" : zoneAbbreviation(clock.localZone ?? "UTC", offset);
  const shown = showTime(seconds, offset, zone);
  if (!format.startsWith("*t")) return formatDate(format, shown);
  const { civil } = shown;
  return {
    year: civil.year,
    month: civil.month,
    day: civil.day,
    hour: civil.hour,
    min: civil.minute,
    sec: civil.second,
    wday: Number(formatDate("%w", shown)) + 1,
    yday: Number(formatDate("%j", shown)),
    isdst: offset !== 0,
  };
}

export default defineModule({
  name: "os",
  types,
  classes: ["time", "deterministic", "workflow"],
  portable: true,
  constants: { platform: "wippy" },
  functions: {
    time,
    date,
    clock: (call) => new LuaFloat(call.services.ports.clock.monotonicMs() / 1000),
    difftime: (call) => new LuaFloat(call.number(1) - (call.count < 2 ? 0 : call.number(2))),
  },
});
