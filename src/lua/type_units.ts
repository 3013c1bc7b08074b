/**
 * The units that a program gains when its sources use types as values.
 *
 * Owns the compiled type runtime and what each source needs of it. The runtime runs once per process, before everything
 * else; the types of a source run right before it, in an environment that sees the imports they come from.
 */
import type { CodeRef, GlobalsRef, Universe } from "../vm/mod.ts";
import type { TypeSource } from "./lua_cache.ts";
import REGEX from "./type_regex.lua" with { type: "text" };
import RUNTIME from "./type_runtime.lua" with { type: "text" };

/** One unit of a program, as the VM takes it. */
export interface ProgramUnit {
  code: CodeRef;
  globals: GlobalsRef;
  imports: { alias: string; unit: number }[];
}

/** What the types of a source are linked with. */
export type TypeNeeds = Pick<TypeSource, "imports" | "builtins">;

/** Names under which the units find each other; no identifier is written so. */
const RUNTIME_ALIAS = "@type-runtime";
const TYPES_ALIAS = "@types";

/** The units of types in one universe. */
export class TypeUnits {
  readonly #universe: Universe;
  readonly #builtins = new Map<string, CodeRef>();
  #runtime: CodeRef | undefined;
  #globals: GlobalsRef | undefined;

  constructor(universe: Universe) {
    this.#universe = universe;
  }

  /** Compiles the types of a source. */
  compile(types: TypeSource, chunkName: string): CodeRef {
    return this.#universe.code.compile(types.source, `${chunkName}:types`);
  }

  /**
   * Adds to `units` what a source with `types` needs and returns the imports that its own unit gains. `imports` are
   * those the entry declares: they come first, and none of their names is taken over. Declared names are in `taken`.
   */
  add(
    units: ProgramUnit[],
    source: {
      types: TypeNeeds;
      code: CodeRef;
      imports: ProgramUnit["imports"];
      taken: (name: string) => boolean;
    },
  ): ProgramUnit["imports"] {
    const runtime = this.#runtimeUnit(units);
    const gained: ProgramUnit["imports"] = [];
    const imports = source.imports.filter(({ alias }) => source.types.imports.includes(alias));
    units.push({
      code: source.code,
      globals: this.#globals!,
      imports: [...imports, { alias: RUNTIME_ALIAS, unit: runtime }],
    });
    gained.push({ alias: TYPES_ALIAS, unit: units.length - 1 });
    for (const name of source.types.builtins) {
      if (source.taken(name)) continue;
      gained.push({ alias: name, unit: this.#builtinUnit(units, name, runtime) });
    }
    return gained;
  }

  #runtimeUnit(units: ProgramUnit[]): number {
    this.#runtime ??= this.#universe.code.compile(`${RUNTIME}\n${REGEX}\nreturn R`, "types");
    this.#globals ??= this.#universe.code.defineGlobals({});
    const known = units.findIndex((unit) => unit.code === this.#runtime);
    if (known >= 0) return known;
    units.push({ code: this.#runtime, globals: this.#globals, imports: [] });
    return units.length - 1;
  }

  #builtinUnit(units: ProgramUnit[], name: string, runtime: number): number {
    let code = this.#builtins.get(name);
    if (code === undefined) {
      code = this.#universe.code.compile(`return _ENV["${RUNTIME_ALIAS}"]["${name}"]`, "types");
      this.#builtins.set(name, code);
    }
    const known = units.findIndex((unit) => unit.code === code);
    if (known >= 0) return known;
    units.push({ code, globals: this.#globals!, imports: [{ alias: RUNTIME_ALIAS, unit: runtime }] });
    return units.length - 1;
  }
}
