/** The built-in functions of expressions. */
import type { Builtin } from "./builtin.ts";
import { CONVERSIONS } from "./conversions.ts";
import { DATES } from "./dates.ts";
import { LISTS } from "./lists.ts";
import { NUMBERS } from "./numbers.ts";
import { PREDICATES } from "./predicates.ts";
import { TEXTS } from "./texts.ts";

export { methodOf } from "./dates.ts";

const BUILTINS: ReadonlyMap<string, Builtin> = new Map(
  [TEXTS, NUMBERS, LISTS, PREDICATES, CONVERSIONS, DATES].flatMap((group) => Object.entries(group)),
);
const NONE: ReadonlySet<number> = new Set();

/** The function `name`. */
export function builtinNamed(name: string): Builtin | undefined {
  return BUILTINS.get(name);
}

/** All names. */
export function builtinNames(): string[] {
  return [...BUILTINS.keys()];
}

/** Places of the arguments of `name` that run once per element. */
export function predicateArguments(name: string): ReadonlySet<number> {
  return BUILTINS.get(name)?.predicates ?? NONE;
}
