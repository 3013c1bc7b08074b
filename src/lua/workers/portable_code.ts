/**
 * Which code works in every worker, and how it is described to them.
 *
 * C1. A program is portable when every entry in it lists only portable modules. Anything else runs on the main worker.
 * C2. A function with a pool of its own is one per node: other workers call it on the main one.
 */
import type { CompiledChunk } from "../compiled_chunk.ts";
import { type LuaDefinition, type LuaKind, planPool } from "../definition.ts";
import type { LuaValue } from "../../vm/mod.ts";
import type { Program } from "../program_table.ts";
import type { LuaRuntime } from "../runtime.ts";
import { recordOf } from "./wire.ts";

/** The code of the main worker, as far as others can run it. */
export class PortableCode {
  readonly #runtime: LuaRuntime;
  readonly #modules: ReadonlySet<string>;
  readonly #programs = new Map<Program, boolean>();

  constructor(runtime: LuaRuntime, modules: ReadonlySet<string>) {
    this.#runtime = runtime;
    this.#modules = modules;
  }

  /** Whether a program is portable. */
  canRun(program: Program): boolean {
    let can = this.#programs.get(program);
    if (can === undefined) {
      const { programs } = this.#runtime;
      can = [...program.sources].every((id) => {
        const definition = programs.definition(id);
        return definition !== undefined && this.#isPortable(definition);
      });
      this.#programs.set(program, can);
    }
    return can;
  }

  /** Code has changed: nothing that was found out is known any more. */
  forget(): void {
    this.#programs.clear();
  }

  /** Every entry that other workers have. */
  all(): LuaValue[] {
    const all: LuaValue[] = [];
    for (const { id } of this.#runtime.programs.definitions()) {
      const definition = this.one(id);
      if (definition !== undefined) all.push(definition);
    }
    return all;
  }

  /** An entry as other workers get it; undefined when they do not have it. */
  one(id: string): LuaValue | undefined {
    const definition = this.#runtime.programs.definition(id);
    if (definition === undefined || !this.#isPortable(definition)) return undefined;
    const isFunction = definition.kind === "function.lua" || definition.kind === "module.lua";
    if (isFunction && !isPlainPool(definition)) return undefined;
    return definition.kind === "workflow.lua" ? undefined : definitionToWire(definition);
  }

  #isPortable({ modules }: LuaDefinition): boolean {
    for (const name of modules.values()) if (!this.#modules.has(name)) return false;
    return true;
  }
}

function isPlainPool({ pool }: LuaDefinition): boolean {
  const plain = planPool(undefined);
  return pool.type === plain.type && pool.workersMax === plain.workersMax && !pool.warmStart;
}

/** A definition as a value of the codec. */
function definitionToWire(definition: LuaDefinition): LuaValue {
  const { compiled, defaultHost, id, imports, kind, method, module, modules, options, source } = definition;
  return {
    id,
    module,
    kind,
    source,
    ...(compiled === undefined ? {} : { compiled: compiledToWire(compiled()) }),
    method,
    modules: [...modules],
    imports: [...imports],
    options: options as LuaValue,
    defaultHost,
  };
}

/** The definition behind such a value. Its pool is the one of an entry that names none. */
export function definitionFromWire(value: LuaValue): LuaDefinition {
  const wire = value as { [key in keyof LuaDefinition]: LuaValue };
  return {
    id: wire.id as string,
    module: wire.module as string,
    kind: wire.kind as LuaKind,
    source: wire.source as string,
    ...(wire.compiled === undefined ? {} : { compiled: () => compiledFromWire(wire.compiled) }),
    method: wire.method as string,
    modules: new Map(wire.modules as [string, string][]),
    imports: new Map(wire.imports as [string, string][]),
    pool: planPool(undefined),
    options: recordOf(wire.options),
    defaultHost: wire.defaultHost as string,
  };
}

function compiledToWire({ code, types }: CompiledChunk): LuaValue {
  if (types === undefined) return [code];
  return [code, types.code, [...types.imports], [...types.builtins]];
}

function compiledFromWire(value: LuaValue): CompiledChunk {
  const [code, types, imports, builtins] = value as LuaValue[];
  if (types === undefined) return { code: bytesOf(code) };
  return {
    code: bytesOf(code),
    types: { code: bytesOf(types), imports: textsOf(imports), builtins: textsOf(builtins) },
  };
}

/** A list; an empty one may have come as a map. */
function textsOf(value: LuaValue): string[] {
  return Array.isArray(value) ? value as string[] : [];
}

/** Bytes that may have come as a text. */
function bytesOf(value: LuaValue): Uint8Array {
  return typeof value === "string" ? new TextEncoder().encode(value) : value as Uint8Array;
}
