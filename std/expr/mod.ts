/** The `expr` module: expressions evaluated on values of Lua. */
import { EXPRESSIONS_CACHED_MAX, Failure, RecentTable } from "../../src/core/mod.ts";
import {
  compileExpression,
  type ExpressionHost,
  type ExpressionProgram,
  type Regex,
} from "../../src/expression/mod.ts";
import { type Call, defineModule, defineObject, type ObjectDefinition } from "../../src/lua/mod.ts";
import type { LuaValue, NativeResult } from "../../src/vm/mod.ts";
import { durationObject } from "../time/duration_object.ts";
import { timeObject } from "../time/time_object.ts";
import types from "./expr.d.lua" with { type: "text" };

/** Programs by source. Programs keep nothing between two runs, so all runtimes may share them. */
const programs = new RecentTable<string, ExpressionProgram>(EXPRESSIONS_CACHED_MAX);

let compileRegex: ((pattern: string) => Regex) | undefined;

/** Loaded when first used: that takes longer than all of a short run. */
async function loadRegex(): Promise<void> {
  const { RE2JS } = await import("re2js");
  compileRegex = (pattern) => {
    const compiled = RE2JS.compile(pattern);
    return (text) => compiled.matcher(text).find();
  };
}

function hostOf(call: Call): ExpressionHost {
  return {
    clock: call.services.ports.clock,
    regex: compileRegex,
    native: (object) => call.unwrap(object, timeObject) ?? call.unwrap(object, durationObject),
  };
}

function sourceArgument(call: Call, i: number): string {
  if (call.count >= i && call.type(i) === "string") return call.string(i);
  throw new Failure("Invalid", "expression must be a string", { retryable: false });
}

/** The variables at argument `i`; an empty map without it. */
function envArgument(call: Call, i: number): LuaValue {
  if (call.count < i || call.type(i) === "nil") return {};
  if (call.type(i) === "table") return call.value(i, true);
  throw new Failure("Invalid", "env must be a table", { retryable: false });
}

/** Names of the variables at argument `i`; undefined when it names none. */
function namesArgument(call: Call, i: number): ReadonlySet<string> | undefined {
  const env = envArgument(call, i);
  const keys = env instanceof Map ? [...env.keys()] : Object.keys(env as object);
  const names = keys.filter((key) => typeof key === "string");
  return names.length === 0 || Array.isArray(env) ? undefined : new Set(names);
}

function run(call: Call, program: ExpressionProgram, env: LuaValue): NativeResult | Promise<NativeResult> {
  if (!program.usesRegex || compileRegex !== undefined) return program.run(env, hostOf(call));
  return loadRegex().then(() => program.run(env, hostOf(call)));
}

function programOf(source: string): ExpressionProgram {
  let program = programs.get(source);
  if (program === undefined) {
    program = compileExpression(source);
    programs.set(source, program);
  }
  return program;
}

const programObject: ObjectDefinition<ExpressionProgram> = defineObject<ExpressionProgram>({
  name: "expr.Program",
  commands: { run: (call) => run(call, call.self(programObject), envArgument(call, 2)) },
});

export default defineModule({
  name: "expr",
  types,
  classes: ["deterministic", "workflow"],
  portable: true,
  functions: {
    compile: (call) =>
      call.create(programObject, compileExpression(sourceArgument(call, 1), namesArgument(call, 2))),
  },
  commands: {
    eval: (call) => run(call, programOf(sourceArgument(call, 1)), envArgument(call, 2)),
  },
  objects: [programObject],
});
