/**
 * Functions that run an expression for each element.
 *
 * Q1. Element, index and accumulator of an outer predicate are back when an inner function returns.
 */
import { isInteger, keyOf, type LuaValue } from "../../vm/mod.ts";
import { Problem } from "../problem.ts";
import type { Evaluate, Run } from "../run.ts";
import { typeName } from "../values.ts";
import { arrayIn, type Builtin, textIn } from "./builtin.ts";
import { sorted } from "./lists.ts";
import { sum } from "./numbers.ts";

const SECOND: ReadonlySet<number> = new Set([1]);

/** Runs `visit` for each element, as a predicate sees it; stops when that returns true. */
function each(run: Run, items: readonly LuaValue[], visit: (item: LuaValue, i: number) => boolean): void {
  const { element, index } = run;
  for (let i = 0; i < items.length; i++) {
    run.spend(1);
    run.element = items[i]!;
    run.index = i;
    if (visit(items[i]!, i)) break;
  }
  run.element = element;
  run.index = index;
}

function holds(run: Run, predicate: Evaluate): boolean {
  const value = predicate(run);
  if (typeof value === "boolean") return value;
  throw new Problem(`a predicate gives a bool, got ${typeName(value)}`);
}

type Over = (run: Run, items: readonly LuaValue[], predicate: Evaluate) => LuaValue;

/** A function of an array and a predicate. */
function over(apply: Over): Builtin {
  return {
    min: 2,
    max: 2,
    predicates: SECOND,
    call: (run, [list, predicate]) => apply(run, arrayIn(run, list!(run)), predicate!),
  };
}

/** How many elements fit; no more than `most` are looked for. */
function count(run: Run, items: readonly LuaValue[], predicate: Evaluate, most = Infinity): number {
  let found = 0;
  each(run, items, () => holds(run, predicate) && ++found >= most);
  return found;
}

function mapped(run: Run, items: readonly LuaValue[], predicate: Evaluate): LuaValue[] {
  run.make(items.length);
  const results: LuaValue[] = [];
  each(run, items, () => {
    results.push(predicate(run));
    return false;
  });
  return results;
}

function filtered(run: Run, items: readonly LuaValue[], predicate: Evaluate): LuaValue {
  const kept: LuaValue[] = [];
  each(run, items, (item) => {
    if (holds(run, predicate)) {
      run.make(1);
      kept.push(item);
    }
    return false;
  });
  return kept;
}

/** Index of the first (or last) element that fits, -1 when none does. */
function place(run: Run, items: readonly LuaValue[], predicate: Evaluate, isLast = false): number {
  const { element, index } = run;
  let found = -1;
  for (let n = 0; n < items.length && found < 0; n++) {
    const i = isLast ? items.length - 1 - n : n;
    run.spend(1);
    run.element = items[i]!;
    run.index = i;
    if (holds(run, predicate)) found = i;
  }
  run.element = element;
  run.index = index;
  return found;
}

function grouped(run: Run, items: readonly LuaValue[], predicate: Evaluate): LuaValue {
  const groups = new Map<LuaValue, LuaValue>();
  each(run, items, (item) => {
    const key = keyOf(predicate(run));
    if (typeof key !== "string" && typeof key !== "boolean" && !isInteger(key) && typeof key !== "number") {
      throw new Problem(`can't group by ${typeName(key)}`);
    }
    run.make(1);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else (group as LuaValue[]).push(item);
    return false;
  });
  return groups;
}

function reduced(run: Run, args: readonly Evaluate[]): LuaValue {
  const items = arrayIn(run, args[0]!(run));
  const initial = args[2] === undefined ? undefined : args[2](run);
  if (initial === undefined && items.length === 0) {
    throw new Problem("can't reduce an empty array without an initial value");
  }
  const { accumulator, element, index } = run;
  let result: LuaValue = initial === undefined ? items[0]! : initial;
  for (let i = initial === undefined ? 1 : 0; i < items.length; i++) {
    run.spend(1);
    run.accumulator = result;
    run.element = items[i]!;
    run.index = i;
    result = args[1]!(run);
  }
  run.accumulator = accumulator;
  run.element = element;
  run.index = index;
  return result;
}

function sortedBy(run: Run, args: readonly Evaluate[]): LuaValue {
  const items = arrayIn(run, args[0]!(run));
  const keys = mapped(run, items, args[1]!);
  const order = args[2] === undefined ? "asc" : textIn(run, args[2](run));
  return sorted(run, items.map((item, i) => ({ item, key: keys[i]! })), ({ key }) => key, order)
    .map(({ item }) => item);
}

/** Elements that `predicate` gives, or the elements themselves. */
function given(run: Run, args: readonly Evaluate[]): LuaValue[] {
  const items = arrayIn(run, args[0]!(run));
  return args[1] === undefined ? items : mapped(run, items, args[1]);
}

const itself: Evaluate = (run) => run.element;

/** By name. */
export const PREDICATES: Readonly<Record<string, Builtin>> = {
  all: over((run, items, predicate) => {
    let every = true;
    each(run, items, () => !(every = holds(run, predicate)));
    return every;
  }),
  any: over((run, items, predicate) => count(run, items, predicate, 1) > 0),
  none: over((run, items, predicate) => count(run, items, predicate, 1) === 0),
  one: over((run, items, predicate) => count(run, items, predicate, 2) === 1),
  map: over(mapped),
  filter: over(filtered),
  find: over((run, items, predicate) => items[place(run, items, predicate)] ?? null),
  findIndex: over((run, items, predicate) => place(run, items, predicate)),
  findLast: over((run, items, predicate) => items[place(run, items, predicate, true)] ?? null),
  findLastIndex: over((run, items, predicate) => place(run, items, predicate, true)),
  groupBy: over(grouped),
  count: {
    min: 1,
    max: 2,
    predicates: SECOND,
    call: (run, args) => count(run, arrayIn(run, args[0]!(run)), args[1] ?? itself),
  },
  sum: { min: 1, max: 2, predicates: SECOND, call: (run, args) => sum(run, given(run, args)) },
  reduce: { min: 2, max: 3, predicates: SECOND, call: reduced },
  sortBy: { min: 2, max: 3, predicates: SECOND, call: sortedBy },
};
