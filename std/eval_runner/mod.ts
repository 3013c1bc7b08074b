/** The `eval_runner` module: Lua code given at run time. */
import type { Value } from "../../src/core/mod.ts";
import {
  type Call,
  defineModule,
  defineObject,
  type Evaluation,
  evaluationsOf,
  type ObjectDefinition,
  plainMap,
} from "../../src/lua/mod.ts";
import { Encoded, type LuaValue, type NativeResult, Values } from "../../src/vm/mod.ts";
import { classesOf, demand, importsOf, modulesOf } from "./access.ts";
import { checkPortable, fieldsOf, invalid, listOf, textOf } from "./config.ts";
import types from "./eval_runner.d.lua" with { type: "text" };

/** Code that was found to compile. */
interface CompiledCode {
  readonly method: string;
  readonly modules: readonly string[];
}

function sourceOf(value: LuaValue): string {
  if (typeof value !== "string" || value === "") throw invalid("source is required");
  return value;
}

function contextOf(value: LuaValue): Record<string, Value> {
  fieldsOf(value, "context");
  checkPortable(value, "context");
  return value === null || value === undefined ? {} : plainMap(value) ?? {};
}

function customOf(value: LuaValue): Record<string, LuaValue> {
  const tables = fieldsOf(value, "custom_modules");
  for (const [name, table] of Object.entries(tables)) {
    if (typeof table !== "object" || table === null) throw invalid(`custom_modules.${name} must be a table`);
    checkPortable(table, `custom_modules.${name}`);
  }
  return tables;
}

/** What the configuration at argument 1 asks for. */
function evaluationOf(call: Call): Evaluation {
  if (call.count < 1 || call.type(1) !== "table") throw invalid("config must be a table");
  const config = fieldsOf(call.value(1, true), "config");
  const source = sourceOf(config["source"]);
  const method = textOf(config["method"], "method");
  const args = listOf(config["args"], "args");
  checkPortable(args, "args");
  const values = customOf(config["custom_modules"]);
  const context = contextOf(config["context"]);
  const classes = classesOf(call, config["allow_classes"]);
  const modules = modulesOf(call, config["modules"], classes);
  const imports = importsOf(call, config["imports"]);
  const { frame } = call.process;
  return {
    source,
    method,
    args,
    values,
    classes,
    access: { modules, imports },
    frame: { ...frame, values: { ...frame.values, ...context } },
  };
}

function run(call: Call): Promise<NativeResult> {
  demand(call, "run");
  const { process } = call;
  const evaluations = evaluationsOf(call.runtime);
  const evaluation = evaluationOf(call);
  const start = (): Promise<NativeResult> =>
    new Promise((resolve) =>
      evaluations.run(
        process,
        evaluation,
        (result) => resolve(result.ok ? new Encoded(result.results) : new Values([null, result.error])),
      )
    );
  const preparation = evaluations.prepare(evaluation.access);
  // Nobody is there to run it for when the process has ended by then.
  return preparation === undefined ? start() : preparation.then(() => process.ended ? null : start());
}

function compile(call: Call): NativeResult {
  demand(call, "compile");
  const source = sourceOf(call.count < 1 ? null : call.value(1));
  const method = textOf(call.count < 2 ? null : call.value(2), "method");
  const options = fieldsOf(call.count < 3 ? null : call.value(3), "options");
  const classes = classesOf(call, options["allow_classes"]);
  const modules = modulesOf(call, options["modules"], classes);
  evaluationsOf(call.runtime).compile({ source, method, modules, classes });
  return call.create(programObject, { method, modules });
}

const programObject: ObjectDefinition<CompiledCode> = defineObject<CompiledCode>({
  name: "eval_runner.Program",
  methods: {
    method: (call) => call.self(programObject).method,
    modules: (call) => [...call.self(programObject).modules],
  },
});

export default defineModule({
  name: "eval_runner",
  types,
  classes: ["process", "nondeterministic"],
  numbers: { compile: 170, run: 171 },
  functions: { compile },
  commands: { run },
  objects: [programObject],
});
