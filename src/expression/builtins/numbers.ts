/** Functions of numbers and of bits. */
import { float, integer, LuaFloat, type LuaValue } from "../../vm/mod.ts";
import { add, compare, negate } from "../operators.ts";
import { Problem } from "../problem.ts";
import type { Run } from "../run.ts";
import { isArray, sizeOf } from "../values.ts";
import { arrayIn, type Builtin, integerIn, numberIn, plain } from "./builtin.ts";

/** The numbers in arguments, which are numbers or arrays of them. */
function numbersIn(run: Run, args: readonly LuaValue[]): (number | bigint | LuaFloat)[] {
  return args.flatMap((arg) => isArray(arg) ? numbersIn(run, arrayIn(run, arg)) : [numberIn(arg)]);
}

function extreme(wanted: -1 | 1): Builtin {
  return plain(1, Infinity, (run, args) => {
    const numbers = numbersIn(run, args);
    if (numbers.length === 0) throw new Problem("needs at least one number");
    return numbers.reduce((best, number) => compare(number, best, "<", -1) === wanted ? number : best);
  });
}

/** A function that leaves integers alone and maps floats to floats. */
function rounding(round: (value: number) => number): Builtin {
  return plain(1, 1, (_run, [value]) => float(round(sizeOf(numberIn(value)))));
}

/** The sum of numbers. */
export function sum(run: Run, numbers: readonly LuaValue[]): LuaValue {
  let total: LuaValue = 0;
  for (const number of numbers) total = add(run, total, numberIn(number), -1);
  return total;
}

function median(run: Run, args: readonly LuaValue[]): LuaValue {
  const sizes = numbersIn(run, args).map(sizeOf).sort((a, b) => a - b);
  if (sizes.length === 0) return new LuaFloat(0);
  const middle = sizes.length >> 1;
  return float(sizes.length % 2 === 1 ? sizes[middle]! : (sizes[middle - 1]! + sizes[middle]!) / 2);
}

function mean(run: Run, args: readonly LuaValue[]): LuaValue {
  const sizes = numbersIn(run, args).map(sizeOf);
  return sizes.length === 0 ? new LuaFloat(0) : float(sizes.reduce((a, b) => a + b, 0) / sizes.length);
}

function bits(apply: (a: bigint, b: bigint) => bigint): Builtin {
  return plain(2, 2, (_run, [a, b]) => integer(apply(BigInt(integerIn(a)), BigInt(integerIn(b)))));
}

function shift(apply: (value: bigint, count: bigint) => bigint): Builtin {
  return bits((value, count) => {
    if (count < 0n) throw new Problem("can't shift by a negative number of bits");
    return apply(value, count > 64n ? 64n : count);
  });
}

/** By name. */
export const NUMBERS: Readonly<Record<string, Builtin>> = {
  max: extreme(1),
  min: extreme(-1),
  abs: plain(1, 1, (_run, [value]) => {
    const number = numberIn(value);
    return sizeOf(number) < 0 ? negate(number, -1) : number;
  }),
  ceil: rounding(Math.ceil),
  floor: rounding(Math.floor),
  round: rounding((value) => Math.sign(value) * Math.round(Math.abs(value))),
  mean: plain(1, Infinity, mean),
  median: plain(1, Infinity, median),
  bitand: bits((a, b) => a & b),
  bitor: bits((a, b) => a | b),
  bitxor: bits((a, b) => a ^ b),
  bitnand: bits((a, b) => a & ~b),
  bitnot: plain(1, 1, (_run, [value]) => integer(~BigInt(integerIn(value)))),
  bitshl: shift((value, count) => value << count),
  bitshr: shift((value, count) => value >> count),
  bitushr: shift((value, count) => BigInt.asUintN(64, value) >> count),
};
