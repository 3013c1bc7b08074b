/**
 * Trees of expressions as closures.
 *
 * A hot file: `tests/bench/rules.bench.ts` compares it with the same rule in Lua. What is common (small integers, maps of texts) is decided inside
 * the closure, the rest in `operators.ts`.
 *
 * K1. `SKIPPED` passes through members and method calls, from a `?.` on nil to the end of its chain, where it becomes nil.
 */
import { isInteger, isMap, itemOf, keyOf, type LuaValue } from "../vm/mod.ts";
import { fetch, slice } from "./access.ts";
import { builtinNamed, builtinNames, methodOf } from "./builtins/mod.ts";
import * as operators from "./operators.ts";
import { Problem } from "./problem.ts";
import type { Evaluate, Regex, Run } from "./run.ts";
import type { BinaryOperator, Node } from "./syntax.ts";
import { typeName } from "./values.ts";
import { nearestName } from "../core/mod.ts";

const SKIPPED = Symbol("skipped") as unknown as LuaValue;

/** The closure of a tree. Throws a Problem for unknown functions and wrong numbers of arguments. */
export function compile(node: Node): Evaluate {
  switch (node.kind) {
    case "literal": {
      const { value } = node;
      return () => value;
    }
    case "name":
      return compileName(node.name);
    case "local": {
      const { slot } = node;
      return (run) => run.locals[slot]!;
    }
    case "env":
      return (run) => run.env;
    case "pointer":
      if (node.name === "#acc") return (run) => run.accumulator;
      return node.name === "#index" ? (run) => run.index : (run) => run.native(run.element);
    case "unary":
      return compileUnary(node);
    case "binary":
      return compileBinary(node);
    case "conditional":
      return compileConditional(node);
    case "member":
      return compileMember(node);
    case "slice":
      return compileSlice(node);
    case "chain": {
      const inner = compile(node.node);
      return (run) => {
        const value = inner(run);
        return value === SKIPPED ? null : value;
      };
    }
    case "call":
      return compileCall(node);
    case "method":
      return compileMethod(node);
    case "predicate":
      return compile(node.body);
    case "array":
      return compileArray(node.items);
    case "map":
      return compileMap(node);
    case "let": {
      const { slot } = node;
      const value = compile(node.value);
      const body = compile(node.body);
      return (run) => {
        run.locals[slot] = value(run);
        return body(run);
      };
    }
    case "sequence": {
      const items = node.items.map(compile);
      return (run) => {
        let last: LuaValue = null;
        for (const item of items) last = item(run);
        return last;
      };
    }
  }
}

function compileName(name: string): Evaluate {
  return (run) => isMap(run.env) ? run.native(itemOf(run.env, name) ?? null) : null;
}

function truth(value: LuaValue, what: string, at: number): boolean {
  if (typeof value === "boolean") return value;
  throw new Problem(`${what} needs a bool, got ${typeName(value)}`, at);
}

function compileUnary({ operator, operand, at }: Node & { kind: "unary" }): Evaluate {
  const value = compile(operand);
  if (operator === "not") return (run) => !truth(value(run), "not", at);
  if (operator === "-") return (run) => operators.negate(value(run), at);
  return (run) => {
    const number = value(run);
    operators.negate(number, at);
    return number;
  };
}

function compileConditional({ test, then, otherwise, at }: Node & { kind: "conditional" }): Evaluate {
  const condition = compile(test);
  const no = compile(otherwise);
  if (then === undefined) {
    return (run) => {
      const value = condition(run);
      return truth(value, "a condition", at) ? value : no(run);
    };
  }
  const yes = compile(then);
  return (run) => truth(condition(run), "a condition", at) ? yes(run) : no(run);
}

type Binary = (left: Evaluate, right: Evaluate, at: number) => Evaluate;

/** An ordering; `holds` gets what `compare` says. */
function ordering(operator: "<" | ">" | "<=" | ">=", holds: (order: number) => boolean): Binary {
  return (left, right, at) => (run) => holds(operators.compare(left(run), right(run), operator, at));
}

function textual(operator: string, holds: (left: string, right: string) => boolean): Binary {
  return (left, right, at) => (run) => {
    const pair = operators.texts(run, left(run), operator, right(run), at);
    return pair !== undefined && holds(pair.left, pair.right);
  };
}

const BINARY: Readonly<Record<BinaryOperator, Binary>> = {
  or: (left, right, at) => (run) => truth(left(run), "or", at) || truth(right(run), "or", at),
  and: (left, right, at) => (run) => truth(left(run), "and", at) && truth(right(run), "and", at),
  "??": (left, right) => (run) => left(run) ?? right(run),
  "==": (left, right) => (run) => operators.equal(run, left(run), right(run)),
  "!=": (left, right) => (run) => !operators.equal(run, left(run), right(run)),
  "<": ordering("<", (order) => order < 0),
  ">": ordering(">", (order) => order > 0),
  "<=": ordering("<=", (order) => order <= 0),
  ">=": ordering(">=", (order) => order >= 0),
  in: (left, right, at) => (run) => operators.isIn(run, left(run), right(run), at),
  contains: textual("contains", (left, right) => left.includes(right)),
  startsWith: textual("startsWith", (left, right) => left.startsWith(right)),
  endsWith: textual("endsWith", (left, right) => left.endsWith(right)),
  matches: compileMatches,
  "..": (left, right, at) => (run) => operators.range(run, left(run), right(run), at),
  "+": (left, right, at) => (run) => {
    const a = left(run);
    const b = right(run);
    if (Number.isInteger(a) && Number.isInteger(b)) {
      const sum = (a as number) + (b as number);
      if (Number.isSafeInteger(sum)) return sum;
    }
    return operators.add(run, a, b, at);
  },
  "-": (left, right, at) => (run) => {
    const a = left(run);
    const b = right(run);
    if (Number.isInteger(a) && Number.isInteger(b)) {
      const rest = (a as number) - (b as number);
      if (Number.isSafeInteger(rest)) return rest;
    }
    return operators.subtract(a, b, at);
  },
  "*": (left, right, at) => (run) => {
    const a = left(run);
    const b = right(run);
    if (Number.isInteger(a) && Number.isInteger(b)) {
      const product = (a as number) * (b as number);
      if (Number.isSafeInteger(product)) return product + 0;
    }
    return operators.multiply(a, b, at);
  },
  "/": (left, right, at) => (run) => operators.divide(left(run), right(run), at),
  "%": (left, right, at) => (run) => operators.modulo(left(run), right(run), at),
  "**": (left, right, at) => (run) => operators.power(left(run), right(run), at),
};

function compileBinary({ operator, left, right, at }: Node & { kind: "binary" }): Evaluate {
  return BINARY[operator](compile(left), compile(right), at);
}

function compileMatches(left: Evaluate, right: Evaluate, at: number): Evaluate {
  let known: string | undefined;
  let regex: Regex | undefined;
  return (run) => {
    const pair = operators.texts(run, left(run), "matches", right(run), at);
    if (pair === undefined) return false;
    if (pair.right !== known) {
      regex = regexOf(run, pair.right, at);
      known = pair.right;
    }
    run.spend(pair.left.length);
    return regex!(pair.left);
  };
}

function regexOf(run: Run, pattern: string, at: number): Regex {
  try {
    return run.host.regex!(pattern);
  } catch (error) {
    throw new Problem(`invalid regular expression "${pattern}": ${(error as Error).message}`, at);
  }
}

function compileMember({ object, key, isOptional, at }: Node & { kind: "member" }): Evaluate {
  const target = compile(object);
  const name = compile(key);
  return (run) => {
    const value = target(run);
    if (value === SKIPPED) return value;
    if (isOptional && (value === null || value === undefined)) return SKIPPED;
    return run.native(fetch(run, value, name(run), at));
  };
}

function compileSlice({ object, from, to, at }: Node & { kind: "slice" }): Evaluate {
  const target = compile(object);
  const start = from === undefined ? () => null : compile(from);
  const end = to === undefined ? () => null : compile(to);
  return (run) => {
    const value = target(run);
    if (value === SKIPPED) return value;
    const part = slice(run, value, { from: start(run), to: end(run), at });
    if (typeof part === "string") run.makeText(part.length);
    else run.make((part as LuaValue[]).length);
    return part;
  };
}

function compileCall({ name, args, at }: Node & { kind: "call" }): Evaluate {
  const builtin = builtinNamed(name);
  if (builtin === undefined) {
    const near = nearestName(name, builtinNames());
    throw new Problem(
      `unknown function "${name}"${near === undefined ? "" : `; did you mean "${near}"?`}`,
      at,
    );
  }
  const { min, max, call } = builtin;
  if (args.length < min || args.length > max) {
    const wanted = min === max ? String(min) : max === Infinity ? `at least ${min}` : `${min} to ${max}`;
    const noun = wanted === "1" ? "argument" : "arguments";
    throw new Problem(`${name} takes ${wanted} ${noun}, got ${args.length}`, at);
  }
  const compiled = args.map(compile);
  return (run) => {
    run.spend(1);
    try {
      return call(run, compiled);
    } catch (error) {
      if (error instanceof Problem && error.at < 0) throw new Problem(`${name}: ${error.message}`, at);
      throw error;
    }
  };
}

function compileMethod({ object, name, isOptional, args, at }: Node & { kind: "method" }): Evaluate {
  const target = compile(object);
  const compiled = args.map(compile);
  return (run) => {
    const value = target(run);
    if (value === SKIPPED) return value;
    if (isOptional && (value === null || value === undefined)) return SKIPPED;
    const method = methodOf(value, name);
    if (method === undefined) throw new Problem(`${typeName(value)} has no method "${name}"`, at);
    try {
      return method(value, compiled.map((arg) => arg(run)));
    } catch (error) {
      if (error instanceof Problem && error.at < 0) throw new Problem(`${name}: ${error.message}`, at);
      throw error;
    }
  };
}

function compileArray(items: readonly Node[]): Evaluate {
  const compiled = items.map(compile);
  return (run) => {
    run.make(compiled.length);
    return compiled.map((item) => item(run));
  };
}

function compileMap({ pairs, at }: Node & { kind: "map" }): Evaluate {
  const compiled = pairs.map(([key, value]) => [compile(key), compile(value)] as const);
  return (run) => {
    run.make(compiled.length);
    const map = new Map<LuaValue, LuaValue>();
    for (const [key, value] of compiled) {
      const name = keyOf(key(run));
      if (typeof name !== "string" && !isInteger(name)) {
        throw new Problem(`the key of a map must be a string, got ${typeName(name)}`, at);
      }
      map.set(name, value(run));
    }
    return map;
  };
}
