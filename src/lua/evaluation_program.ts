/**
 * Programs of code that is given at run time.
 *
 * Owns how such code is put together with the modules, libraries and values it may see. Who may run it belongs to the
 * module that offers it, running it to `Evaluations`.
 *
 * V1. The code sees the base library, what never leaves its own process, and what it was given: never another module.
 * V2. A library sees what the code sees, and what it was granted beside that; so does all that it imports itself.
 */
import { Failure } from "../core/mod.ts";
import type { CodeRef, GlobalsRef, ModuleRef } from "../vm/mod.ts";
import type { CompiledSource } from "./compiled_source.ts";
import { type LuaDefinition, planPool } from "./definition.ts";
import type { Program } from "./program_table.ts";
import type { LuaRuntime } from "./runtime.ts";
import type { ProgramUnit } from "./type_units.ts";

/** Id under which evaluated code runs, and its name in messages. */
export const EVALUATION_ID = "eval";

/** Modules that evaluated code has without being given them. */
export const EVALUATION_MODULES: readonly string[] = ["channel", "payload", "errors", "os", "ctx"];

/** A library that evaluated code may require. */
export interface EvaluationImport {
  readonly id: string;
  /** Modules that it sees beside those of the code. */
  readonly modules: readonly string[];
}

/** What evaluated code may see. */
export interface EvaluationAccess {
  readonly modules: readonly string[];
  /** Libraries by the name that the code requires them under. */
  readonly imports: ReadonlyMap<string, EvaluationImport>;
}

/** Before and after the code: it becomes a function, and its environment can be filled. */
const FRAME = { before: "return { function(...) ", after: "end, _ENV }" };

/** Name under which the main unit finds the code; no identifier is written so. */
const CODE_ALIAS = "@code";

const MAIN = `
local code, environment = _ENV["${CODE_ALIAS}"][1], _ENV["${CODE_ALIAS}"][2]
return { main = function(values, method, ...)
  for name, value in pairs(values) do environment[name] = value end
  if method == "" then return code(...) end
  local exports = code()
  local exported = type(exports) == "table" and exports[method]
  if type(exported) ~= "function" then error('method "' .. method .. '" not found', 0) end
  return exported(...)
end }`;

/** Puts programs together. */
export class EvaluationPrograms {
  readonly #runtime: LuaRuntime;
  readonly #moduleCode = new Map<string, { code: CodeRef; globals: GlobalsRef }>();
  #main: CodeRef | undefined;
  #globals: GlobalsRef | undefined;
  #none: GlobalsRef | undefined;

  constructor(runtime: LuaRuntime) {
    this.#runtime = runtime;
  }

  /** Compiles a source. Fails with Internal `parse error`. */
  compile(source: string): CompiledSource {
    try {
      return this.#runtime.programs.compiler.compile(source, EVALUATION_ID, FRAME);
    } catch (error) {
      if (!(error instanceof Failure) || error.kind !== "Invalid") throw error;
      throw new Failure("Internal", `parse error: ${error.message}`, {
        retryable: false,
        details: error.details,
      });
    }
  }

  /** A program that calls `main(values, method, ...)`. Fails with Internal when a library can't be had. */
  build(compiled: CompiledSource, access: EvaluationAccess): Program {
    const { code } = this.#runtime.universe;
    const build = new Build(this.#runtime, this.#base(), (name) => this.#moduleUnit(name));
    const imports: ProgramUnit["imports"] = access.modules.map((name) => ({
      alias: name,
      unit: build.module(name),
    }));
    for (const [alias, library] of access.imports) {
      const allowed = new Set([...access.modules, ...library.modules]);
      try {
        imports.push({ alias, unit: build.library(library.id, allowed) });
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        throw importFailure(alias, library.id, error.message);
      }
    }
    const unit = build.source(compiled, imports);
    this.#main ??= code.compile(MAIN, EVALUATION_ID);
    this.#none ??= code.defineGlobals({});
    build.units.push({ code: this.#main, globals: this.#none, imports: [{ alias: CODE_ALIAS, unit }] });
    const ref = code.defineProgram({ units: build.units, method: "main" });
    return { ref, definition: DEFINITION, sources: new Set([EVALUATION_ID, ...build.sources]) };
  }

  /** Globals of code: what it has without being given it. */
  #base(): GlobalsRef {
    if (this.#globals !== undefined) return this.#globals;
    const modules: Record<string, ModuleRef> = { print: this.#runtime.modules.print() };
    for (const name of EVALUATION_MODULES) {
      const ref = this.#runtime.modules.module(name);
      if (ref !== undefined) modules[name] = ref;
    }
    return this.#globals = this.#runtime.universe.code.defineGlobals(modules);
  }

  /** A unit that is a module. Lists of modules are without number, modules are not: so no list has globals of its own. */
  #moduleUnit(name: string): ProgramUnit {
    const { modules, universe } = this.#runtime;
    let parts = this.#moduleCode.get(name);
    if (parts === undefined) {
      parts = {
        code: universe.code.compile(`return _ENV[${JSON.stringify(name)}]`, EVALUATION_ID),
        globals: universe.code.defineGlobals({ [name]: modules.module(name)! }),
      };
      this.#moduleCode.set(name, parts);
    }
    return { ...parts, imports: [] };
  }
}

const DEFINITION: LuaDefinition = {
  id: EVALUATION_ID,
  module: "",
  kind: "function.lua",
  source: "",
  method: "main",
  modules: new Map(),
  imports: new Map(),
  pool: planPool(undefined),
  options: {},
  defaultHost: "",
};

/** The failure of an import. */
export function importFailure(alias: string, id: string, reason: string): Failure {
  return new Failure("Internal", `failed to import "${alias}" (${id}): ${reason}`, { retryable: false });
}

/** One program being put together. */
class Build {
  readonly units: ProgramUnit[] = [];
  readonly sources = new Set<string>();
  readonly #runtime: LuaRuntime;
  readonly #globals: GlobalsRef;
  readonly #moduleUnit: (name: string) => ProgramUnit;
  readonly #modules = new Map<string, number>();

  constructor(runtime: LuaRuntime, globals: GlobalsRef, moduleUnit: (name: string) => ProgramUnit) {
    this.#runtime = runtime;
    this.#globals = globals;
    this.#moduleUnit = moduleUnit;
  }

  /** The unit of a module. */
  module(name: string): number {
    let unit = this.#modules.get(name);
    if (unit === undefined) {
      unit = this.units.push(this.#moduleUnit(name)) - 1;
      this.#modules.set(name, unit);
    }
    return unit;
  }

  /** The unit of a source, after those it needs for its types. */
  source({ code, types }: CompiledSource, imports: ProgramUnit["imports"]): number {
    const names = new Set(imports.map(({ alias }) => alias));
    const gained = types === undefined ? [] : this.#runtime.programs.types.add(this.units, {
      types: types.values,
      code: types.code,
      imports,
      taken: (name) => names.has(name),
    });
    return this.units.push({ code, globals: this.#globals, imports: [...imports, ...gained] }) - 1;
  }

  /** The unit of a library that may see `allowed`. */
  library(id: string, allowed: ReadonlySet<string>): number {
    return this.#library(id, allowed, [], new Map());
  }

  #library(
    id: string,
    allowed: ReadonlySet<string>,
    path: readonly string[],
    known: Map<string, number>,
  ): number {
    const unit = known.get(id);
    if (unit !== undefined) return unit;
    const { programs } = this.#runtime;
    const definition = programs.definition(id);
    if (definition === undefined) throw new Failure("Internal", `${id} is not a Lua entry`);
    if (path.includes(id)) throw new Failure("Internal", `import cycle: ${[...path, id].join(" -> ")}`);
    const imports: ProgramUnit["imports"] = [];
    for (const [alias, name] of definition.modules) {
      if (allowed.has(name)) imports.push({ alias, unit: this.module(name) });
      else if (!EVALUATION_MODULES.includes(name)) {
        throw new Failure("Internal", `module "${name}" is not available to ${id}`);
      }
    }
    for (const name of allowed) {
      if (!imports.some(({ alias }) => alias === name)) {
        imports.push({ alias: name, unit: this.module(name) });
      }
    }
    for (const [alias, target] of definition.imports) {
      imports.push({ alias, unit: this.#library(target, allowed, [...path, id], known) });
    }
    this.sources.add(id);
    const index = this.source(programs.codeOf(definition), imports);
    known.set(id, index);
    return index;
  }
}
