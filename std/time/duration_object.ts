/** The `time.Duration` class. */
import { type Call, defineObject, type ObjectDefinition } from "../../src/lua/mod.ts";
import { ArgumentError, LuaFloat } from "../../src/vm/mod.ts";
import { clampDuration, durationIn, printDuration, SECOND_NS } from "../../src/time/mod.ts";

/** Argument `i`, which has to be a Duration. */
export function durationOperand(call: Call, i: number): bigint {
  const ns = call.object(i, durationObject);
  if (ns === undefined) throw new ArgumentError(i, "time.Duration", call.type(i));
  return ns;
}

/** A duration in nanoseconds. */
export const durationObject: ObjectDefinition<bigint> = defineObject<bigint>({
  name: "time.Duration",
  methods: {
    hours: (call) => new LuaFloat(durationIn(call.self(durationObject), 3600n * SECOND_NS)),
    minutes: (call) => new LuaFloat(durationIn(call.self(durationObject), 60n * SECOND_NS)),
    seconds: (call) => new LuaFloat(durationIn(call.self(durationObject), SECOND_NS)),
    milliseconds: (call) => call.self(durationObject) / 1_000_000n,
    microseconds: (call) => call.self(durationObject) / 1000n,
    nanoseconds: (call) => call.self(durationObject),
    string: (call) => printDuration(call.self(durationObject)),
  },
  tostring: printDuration,
  operators: {
    eq: (call) => durationOperand(call, 1) === durationOperand(call, 2),
    lt: (call) => durationOperand(call, 1) < durationOperand(call, 2),
    le: (call) => durationOperand(call, 1) <= durationOperand(call, 2),
    add: (call) =>
      call.create(durationObject, clampDuration(durationOperand(call, 1) + durationOperand(call, 2))),
    sub: (call) =>
      call.create(durationObject, clampDuration(durationOperand(call, 1) - durationOperand(call, 2))),
  },
});
