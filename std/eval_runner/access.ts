/**
 * What evaluated code may see, and the right of its caller to let it.
 *
 * A1. A module needs a class that is harmless, or one that was allowed, and none that is forbidden and was not allowed.
 * A2. Every module, library and class that is given needs a right of the caller; nothing can be passed on beyond that.
 */
import { Failure } from "../../src/core/mod.ts";
import type { Call, EvaluationImport } from "../../src/lua/mod.ts";
import type { LuaValue } from "../../src/vm/mod.ts";
import { fieldsOf, invalid, textsOf } from "./config.ts";

const HARMLESS: ReadonlySet<string> = new Set(["deterministic", "encoding", "time", "nondeterministic"]);
const FORBIDDEN: ReadonlySet<string> = new Set(["process", "storage", "network"]);
const CLASSES: ReadonlySet<string> = new Set([...HARMLESS, ...FORBIDDEN, "security", "io", "workflow"]);

/** Demands a right of evaluations. */
export function demand(call: Call, action: string, resource = ""): void {
  const message = `permission denied: eval.${action}${resource === "" ? "" : ` ${resource}`}`;
  call.demand(`eval.${action}`, resource, message);
}

/** Classes that are allowed beside the harmless ones. */
export function classesOf(call: Call, value: LuaValue): string[] {
  const classes = textsOf(value, "allow_classes");
  for (const name of classes) {
    if (!CLASSES.has(name)) throw invalid(`allow_classes: unknown class "${name}"`);
    demand(call, "class", name);
  }
  return classes;
}

/** Modules that the code may require. */
export function modulesOf(call: Call, value: LuaValue, classes: readonly string[]): string[] {
  const modules = [...new Set(textsOf(value, "modules"))];
  for (const name of modules) {
    demand(call, "module", name);
    checkClass(call, name, classes);
  }
  return modules;
}

function unavailable(message: string): Failure {
  return new Failure("Internal", message, { retryable: false });
}

function checkClass(call: Call, name: string, allowed: readonly string[]): void {
  const classes = call.runtime.modules.catalog.classes(name);
  if (classes === undefined) throw unavailable(`module "${name}" is not available`);
  const forbidden = classes.find((item) => FORBIDDEN.has(item) && !allowed.includes(item)) ??
    (classes.some((item) => HARMLESS.has(item) || allowed.includes(item)) ? undefined : classes[0] ?? "none");
  if (forbidden !== undefined) throw unavailable(`module "${name}" has forbidden class "${forbidden}"`);
}

/** Libraries that the code may require, by alias. */
export function importsOf(call: Call, value: LuaValue): Map<string, EvaluationImport> {
  const imports = new Map<string, EvaluationImport>();
  for (const [alias, item] of Object.entries(fieldsOf(value, "imports"))) {
    const what = `imports.${alias}`;
    const fields: Record<string, LuaValue> = typeof item === "string" ? { id: item } : fieldsOf(item, what);
    const { id } = fields;
    if (typeof id !== "string" || id === "") {
      throw invalid(`${what}: expected the id of an entry, or {id, modules}`);
    }
    demand(call, "import", id);
    const modules = textsOf(fields["modules"], `${what}.modules`);
    for (const name of modules) {
      demand(call, "module", name);
      if (call.runtime.modules.catalog.classes(name) === undefined) {
        throw unavailable(`failed to import "${alias}" (${id}): module "${name}" is not available`);
      }
    }
    imports.set(alias, { id, modules });
  }
  return imports;
}
