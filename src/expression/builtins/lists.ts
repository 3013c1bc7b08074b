/** Functions of arrays and maps that take no predicate. */
import { keyOf, type LuaValue } from "../../vm/mod.ts";
import { fetchOr } from "../access.ts";
import { compare, equal } from "../operators.ts";
import { Problem } from "../problem.ts";
import type { Run } from "../run.ts";
import { DEPTH_MAX, entriesOf, isArray, typeName } from "../values.ts";
import { arrayIn, type Builtin, entriesIn, integerIn, plain, textIn } from "./builtin.ts";

function made(run: Run, items: LuaValue[]): LuaValue {
  run.make(items.length);
  return items;
}

/** `items` in order; `desc` turns it around. Equal items keep their places. */
export function sorted<T>(run: Run, items: readonly T[], key: (item: T) => LuaValue, order: LuaValue): T[] {
  if (order !== "asc" && order !== "desc") throw new Problem(`order must be "asc" or "desc"`);
  const direction = order === "asc" ? 1 : -1;
  run.spend(items.length * Math.ceil(Math.log2(items.length + 2)));
  return [...items].sort((a, b) => direction * compare(key(a), key(b), "<", -1));
}

function flatten(run: Run, value: LuaValue, into: LuaValue[], depth = 0): LuaValue[] {
  if (depth > DEPTH_MAX) throw new Problem("value is nested too deep");
  for (const item of arrayIn(run, value)) {
    if (isArray(item)) flatten(run, item, into, depth + 1);
    else into.push(item);
  }
  return into;
}

/** Without repetitions. Texts and numbers are looked up, anything else is compared one by one. */
function uniq(run: Run, items: readonly LuaValue[]): LuaValue[] {
  const seen = new Set<LuaValue>();
  const others: LuaValue[] = [];
  const kept: LuaValue[] = [];
  for (const item of items) {
    const key = keyOf(item);
    if (typeof key === "object" && key !== null) {
      run.spend(others.length);
      if (others.some((other) => equal(run, other, key))) continue;
      others.push(key);
    } else {
      if (seen.has(key)) continue;
      seen.add(key);
    }
    kept.push(item);
  }
  return kept;
}

function lengthOf(value: LuaValue): number {
  if (typeof value === "string") {
    let count = 0;
    for (const _character of value) count++;
    return count;
  }
  if (isArray(value) || value instanceof Uint8Array) return value.length;
  const entries = entriesOf(value);
  if (entries === undefined) throw new Problem(`${typeName(value)} has no length`);
  return entries.length;
}

function fromPairs(run: Run, value: LuaValue): LuaValue {
  const map = new Map<LuaValue, LuaValue>();
  for (const pair of arrayIn(run, value)) {
    if (!isArray(pair) || pair.length !== 2) throw new Problem("needs pairs of key and value");
    map.set(keyOf(pair[0]), pair[1]);
  }
  run.make(map.size);
  return map;
}

/** By name. */
export const LISTS: Readonly<Record<string, Builtin>> = {
  len: plain(1, 1, (run, [value]) => {
    if (typeof value === "string") run.spendText(value.length);
    return lengthOf(value);
  }),
  concat: plain(1, Infinity, (run, lists) => made(run, lists.flatMap((list) => arrayIn(run, list)))),
  flatten: plain(1, 1, (run, [list]) => made(run, flatten(run, list, []))),
  uniq: plain(1, 1, (run, [list]) => made(run, uniq(run, arrayIn(run, list)))),
  first: plain(1, 1, (run, [list]) => arrayIn(run, list)[0] ?? null),
  last: plain(1, 1, (run, [list]) => arrayIn(run, list).at(-1) ?? null),
  take: plain(2, 2, (run, [list, count]) => {
    const wanted = Number(integerIn(count));
    if (wanted < 0) throw new Problem("can't take fewer than 0 elements");
    return made(run, arrayIn(run, list).slice(0, wanted));
  }),
  reverse: plain(1, 1, (run, [list]) => made(run, arrayIn(run, list).toReversed())),
  sort: plain(1, 2, (run, [list, order]) => {
    const direction = order === undefined ? "asc" : textIn(run, order);
    return made(run, sorted(run, arrayIn(run, list), (item) => item, direction));
  }),
  keys: plain(1, 1, (run, [map]) => made(run, entriesIn(run, map).map(([key]) => key))),
  values: plain(1, 1, (run, [map]) => made(run, entriesIn(run, map).map(([, item]) => item))),
  toPairs: plain(1, 1, (run, [map]) => {
    const pairs = entriesIn(run, map);
    run.make(2 * pairs.length);
    return made(run, pairs);
  }),
  fromPairs: plain(1, 1, (run, [pairs]) => fromPairs(run, pairs)),
  get: plain(2, 2, (run, [value, key]) => fetchOr(run, value, key)),
};
