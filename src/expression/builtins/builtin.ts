/** The shape of built-in functions, and reading their arguments. */
import { isInteger, type LuaFloat, type LuaValue } from "../../vm/mod.ts";
import { Problem } from "../problem.ts";
import type { Evaluate, Run } from "../run.ts";
import { entriesOf, isArray, isNumber, typeName } from "../values.ts";

/** A built-in function. */
export interface Builtin {
  readonly min: number;
  readonly max: number;
  /** Places, from 0, of arguments that run once per element. */
  readonly predicates: ReadonlySet<number>;
  readonly call: (run: Run, args: readonly Evaluate[]) => LuaValue;
}

const NONE: ReadonlySet<number> = new Set();

/** A function of values. */
export function plain(
  min: number,
  max: number,
  apply: (run: Run, args: readonly LuaValue[]) => LuaValue,
): Builtin {
  return { min, max, predicates: NONE, call: (run, args) => apply(run, args.map((arg) => arg(run))) };
}

function wrong(wanted: string, value: LuaValue): Problem {
  return new Problem(`needs ${wanted}, got ${typeName(value)}`);
}

/** `value` as a text. */
export function textIn(run: Run, value: LuaValue): string {
  if (typeof value !== "string") throw wrong("a string", value);
  run.spendText(value.length);
  return value;
}

/** `value` as a number. */
export function numberIn(value: LuaValue): number | bigint | LuaFloat {
  if (!isNumber(value)) throw wrong("a number", value);
  return value;
}

/** `value` as an integer. */
export function integerIn(value: LuaValue): number | bigint {
  if (!isInteger(value)) throw wrong("an int", value);
  return value;
}

/** `value` as an array. */
export function arrayIn(run: Run, value: LuaValue): LuaValue[] {
  if (!isArray(value)) {
    // An empty table is an empty array too.
    if (entriesOf(value)?.length === 0) return [];
    throw wrong("an array", value);
  }
  run.spend(value.length);
  return value;
}

/** The entries of a map. */
export function entriesIn(run: Run, value: LuaValue): [LuaValue, LuaValue][] {
  const entries = entriesOf(value);
  if (entries === undefined) throw wrong("a map", value);
  run.spend(entries.length);
  return entries;
}
