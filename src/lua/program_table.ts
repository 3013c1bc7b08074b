/**
 * Lua entries compiled to programs: the entry with everything that it imports, in dependency order.
 *
 * Owns the compile caches, their bounds and their invalidation. Code is shared by every process of the universe; what runs it is the
 * VM's.
 *
 * G1. A program is built on first use and dropped when any entry in it changes; running processes keep theirs.
 * G2. An import cycle, an unknown import or an unknown module fails the build with the ids involved.
 * G3. What is over a bound goes, used longest ago first; what runs keeps its code. A program that a pool or a process may still be
 *     started from stays, so programs in use may be more than the bound.
 * G4. A program is given the ambient modules that its sources can come to: those they name, and all when one of them has a way
 *     to globals that it does not name. Making all of them takes longer than a short program runs. What gives values of others
 *     their methods is there, named or not, with any module, and on threads beside the main one. On that one the program of
 *     whoever made such a value has been made, too.
 */
import { Failure, nearestName } from "../core/mod.ts";
import type { GlobalsRef, ModuleRef, ProgramRef, Universe } from "../vm/mod.ts";
import { type CompiledSource, SourceCompiler } from "./compiled_source.ts";
import type { LuaDefinition } from "./definition.ts";
import type { LuaCache } from "./lua_cache.ts";
import { AMBIENT_MODULES } from "./module_catalog.ts";
import type { ModuleCatalog } from "./module_catalog.ts";
import type { ModuleTable } from "./module_table.ts";
import { type ProgramUnit, TypeUnits } from "./type_units.ts";

/** Words with which a source comes to globals that it does not name. */
const UNNAMED = ["_G", "_ENV", "require"];

/** What a program is given without naming it when it has any module: it adds to a class of values that others may hand out. */
const GIVEN = "payload";

/** The global that is a function. */
const PRINT = "print";

/** A compiled entry with its imports. */
export interface Program {
  readonly ref: ProgramRef;
  readonly definition: LuaDefinition;
  /** Ids of all entries in it, itself included. */
  readonly sources: ReadonlySet<string>;
  /** What it was made of; absent for one that is no entry's. */
  readonly parts?: readonly LuaDefinition[];
}

/** How much a table keeps, and what it knows from earlier runs. */
export interface ProgramCacheOptions {
  /** Compiled sources that are kept. */
  readonly sourcesMax: number;
  /** Programs that are kept. */
  readonly programsMax: number;
  readonly cache: LuaCache | undefined;
  /** Whether something may still be started from this program; called before programs go, for each that could. */
  readonly isHeld: (program: Program) => boolean;
  /** Called before programs go. */
  readonly beforeDrop: () => void;
}

/** Programs by entry id. */
export class ProgramTable {
  readonly #universe: Universe;
  readonly #modules: ModuleTable;
  readonly #definitions = new Map<string, LuaDefinition>();
  readonly types: TypeUnits;
  readonly compiler: SourceCompiler;
  readonly #code = new Map<string, CompiledSource>();
  readonly #globals = new Map<string, GlobalsRef>();
  #proven: ReadonlySet<string> = new Set();
  readonly #programs = new Map<string, Program>();
  /** Ids of importers by the id of what they import. */
  readonly #importers = new Map<string, Set<string>>();
  readonly #options: ProgramCacheOptions;
  /** More programs than this are too many. */
  #programsMax: number;

  constructor(universe: Universe, modules: ModuleTable, options: ProgramCacheOptions) {
    this.#universe = universe;
    this.#modules = modules;
    this.#options = options;
    this.#programsMax = options.programsMax;
    this.types = new TypeUnits(universe);
    this.compiler = new SourceCompiler(universe, this.types, options.cache);
  }

  /** The definition at `id`. */
  definition(id: string): LuaDefinition | undefined {
    return this.#definitions.get(id);
  }

  /** All definitions. */
  definitions(): Iterable<LuaDefinition> {
    return this.#definitions.values();
  }

  /** Sources of these modules are known to compile: they are compiled when they are first used. */
  trust(modules: ReadonlySet<string>): void {
    this.#proven = modules;
  }

  /**
   * Adds or replaces a definition, whose modules have been loaded, after checking that its source compiles and they exist.
   * Fails with Invalid; the previous definition then stays.
   */
  set(definition: LuaDefinition): void {
    const { id, source, compiled } = definition;
    const isProven = compiled !== undefined || this.#proven.has(definition.module) ||
      this.compiler.isKnown(source, id);
    for (const name of definition.modules.values()) {
      if (this.#modules.module(name) === undefined) {
        throw unknownModule(name, id, this.#modules.catalog);
      }
      if (definition.kind === "workflow.lua") this.#demandReplayable(name, id);
    }
    const code = isProven ? undefined : this.#compile(definition);
    this.#release(id);
    if (code !== undefined) this.#code.set(id, code);
    this.#unlink(id);
    this.#definitions.set(id, definition);
    for (const target of definition.imports.values()) {
      const importers = this.#importers.get(target);
      if (importers === undefined) this.#importers.set(target, new Set([id]));
      else importers.add(id);
    }
    this.#invalidate(id);
    this.#trimSources();
  }

  /** Forgets a definition. */
  delete(id: string): void {
    this.#release(id);
    this.#unlink(id);
    this.#definitions.delete(id);
    this.#invalidate(id);
  }

  #unlink(id: string): void {
    for (const target of this.#definitions.get(id)?.imports.values() ?? []) {
      const importers = this.#importers.get(target);
      importers?.delete(id);
      if (importers?.size === 0) this.#importers.delete(target);
    }
  }

  /** These entries and all that import them, however far. */
  affectedBy(ids: Iterable<string>): Set<string> {
    const found = new Set(ids);
    // A Set's iterator also visits what is added on the way.
    for (const id of found) for (const importer of this.#importers.get(id) ?? []) found.add(importer);
    return found;
  }

  /** Whether a start of the entry today would run this program. */
  isCurrent({ parts }: Program): boolean {
    return parts?.every((part) => this.#definitions.get(part.id) === part) ?? false;
  }

  /** The program with this reference, as long as it may be started. */
  byRef(ref: ProgramRef): Program | undefined {
    for (const program of this.#programs.values()) if (program.ref === ref) return program;
    return undefined;
  }

  /** Drops every program that holds the entry. */
  #invalidate(id: string): void {
    if (this.#programs.size === 0) return;
    for (const affected of this.affectedBy([id])) {
      const program = this.#programs.get(affected);
      if (program?.sources.has(id)) this.#drop(affected, program);
    }
  }

  #drop(id: string, { ref }: Program): void {
    this.#programs.delete(id);
    this.#universe.openProgram(id, undefined);
    this.#universe.code.releaseProgram(ref);
  }

  /** Makes room for another program; a tenth goes at a time, since looking for them takes a while. */
  #trimPrograms(): void {
    if (this.#programs.size < Math.max(1, this.#programsMax)) return;
    const { beforeDrop, isHeld, programsMax } = this.#options;
    const batch = Math.ceil(programsMax / 10);
    beforeDrop();
    for (const [id, program] of this.#programs) {
      if (this.#programs.size <= programsMax - batch) break;
      if (!isHeld(program)) this.#drop(id, program);
    }
    // While most are in use, it is not looked again for each that comes.
    this.#programsMax = Math.max(programsMax, this.#programs.size + batch);
  }

  /** Lets go what is over the bound. Never while a program is put together: its units name code. */
  #trimSources(): void {
    for (const id of this.#code.keys()) {
      if (this.#code.size <= this.#options.sourcesMax) return;
      this.#release(id);
    }
  }

  /** Values come from programs that are not made here: gives them their methods, whatever the programs here name. */
  expectForeignValues(): void {
    this.#modules.module(GIVEN);
  }

  /** How much is kept. */
  get kept(): { readonly sources: number; readonly programs: number } {
    return { sources: this.#code.size, programs: this.#programs.size };
  }

  /** The program of an entry; undefined when there is no such Lua entry. Fails when an import or module is missing. */
  program(id: string): Program | undefined {
    const known = this.#programs.get(id);
    if (known !== undefined) {
      // Used last now.
      this.#programs.delete(id);
      this.#programs.set(id, known);
      return known;
    }
    const definition = this.#definitions.get(id);
    if (definition === undefined) return undefined;
    this.#trimPrograms();
    const order = this.#orderOf(definition);
    const units = this.#unitsOf(order, ambientOf(order));
    const doubles = order.some(({ modules }) =>
      [...modules.values()].some((name) => this.#modules.copiesModules(name))
    );
    const ref = this.#universe.code.defineProgram({ units, method: definition.method, doubles });
    const sources = new Set(order.map((source) => source.id));
    const program: Program = { ref, definition, sources, parts: order };
    this.#programs.set(id, program);
    this.#trimSources();
    return program;
  }

  /**
   * The units of an entry for a program that others put together, itself last; undefined when there is no such Lua entry. Fails as
   * `program` does.
   */
  units(id: string): readonly ProgramUnit[] | undefined {
    const definition = this.#definitions.get(id);
    return definition === undefined ? undefined : this.#unitsOf(this.#orderOf(definition), AMBIENT);
  }

  #orderOf(definition: LuaDefinition): LuaDefinition[] {
    const order: LuaDefinition[] = [];
    this.#collect(definition, [], order);
    return order;
  }

  #unitsOf(order: readonly LuaDefinition[], ambient: readonly string[]): ProgramUnit[] {
    const units: ProgramUnit[] = [];
    const index = new Map<string, number>();
    for (const source of order) {
      this.#addUnit(source, ambient, units, index);
      index.set(source.id, units.length - 1);
    }
    return units;
  }

  /** Ids that `id` reaches through imports, itself included; unknown imports are left out. */
  reach(id: string): Set<string> {
    const seen = new Set<string>();
    const visit = (current: string): void => {
      if (seen.has(current)) return;
      const definition = this.#definitions.get(current);
      if (definition === undefined) return;
      seen.add(current);
      for (const target of definition.imports.values()) visit(target);
    };
    visit(id);
    return seen;
  }

  /** Refuses a module whose calls would not give the same when a workflow is replayed. */
  #demandReplayable(name: string, id: string): void {
    const classes = this.#modules.catalog.classes(name)!;
    if (classes.includes("deterministic") || classes.includes("workflow")) return;
    throw new Failure(
      "Invalid",
      `${id}: module "${name}" can't be used in workflows: it is ${
        classes.join(", ")
      }, and a workflow takes only what is ` +
        "deterministic or recorded; call a function that uses it",
      { retryable: false },
    );
  }

  #addUnit(
    source: LuaDefinition,
    ambient: readonly string[],
    units: ProgramUnit[],
    index: ReadonlyMap<string, number>,
  ): void {
    const { code, types } = this.codeOf(source);
    const imports = [...source.imports].map(([alias, target]) => ({ alias, unit: index.get(target)! }));
    if (types !== undefined) {
      const taken = (name: string) => source.imports.has(name) || source.modules.has(name);
      imports.push(...this.types.add(units, { types: types.values, code: types.code, imports, taken }));
    }
    units.push({ code, globals: this.#globalsOf(source, ambient), imports });
  }

  #collect(definition: LuaDefinition, path: string[], order: LuaDefinition[]): void {
    if (order.includes(definition)) return;
    if (path.includes(definition.id)) {
      const cycle = [...path.slice(path.indexOf(definition.id)), definition.id].join(" -> ");
      throw new Failure("Invalid", `import cycle: ${cycle}`);
    }
    path.push(definition.id);
    for (const [alias, target] of definition.imports) {
      const imported = this.#definitions.get(target);
      if (imported === undefined) {
        throw new Failure(
          "Internal",
          `failed to load dependency ${alias}: ${target} is not a Lua entry (imported by ${definition.id})`,
        );
      }
      this.#collect(imported, path, order);
    }
    path.pop();
    order.push(definition);
  }

  #release(id: string): void {
    const old = this.#code.get(id);
    if (old === undefined) return;
    this.compiler.release(old);
    this.#code.delete(id);
  }

  /** The compiled source of a definition. */
  codeOf(definition: LuaDefinition): CompiledSource {
    let code = this.#code.get(definition.id);
    if (code === undefined) {
      code = this.#compile(definition);
    }
    // Used last now.
    this.#code.delete(definition.id);
    this.#code.set(definition.id, code);
    return code;
  }

  #compile({ id, source, compiled }: LuaDefinition): CompiledSource {
    return compiled === undefined
      ? this.compiler.compileEntry(source, id)
      : this.compiler.load(compiled(), id);
  }

  #globalsOf(definition: LuaDefinition, ambient: readonly string[]): GlobalsRef {
    const listed = [...definition.modules].map(([alias, name]) => `${alias}=${name}`).sort();
    const key = [...ambient, ...listed].join("\n");
    let globals = this.#globals.get(key);
    if (globals === undefined) {
      const modules: Record<string, ModuleRef> = {};
      for (const name of ambient) {
        const ref = name === PRINT ? this.#modules.print() : this.#modules.module(name);
        if (ref !== undefined) modules[name] = ref;
      }
      for (const [alias, name] of definition.modules) {
        const ref = this.#modules.module(name);
        if (ref === undefined) throw unknownModule(name, definition.id, this.#modules.catalog);
        modules[alias] = ref;
      }
      globals = this.#universe.code.defineGlobals(modules);
      this.#globals.set(key, globals);
    }
    return globals;
  }
}

/** Globals beside those of the base library. */
const AMBIENT: readonly string[] = [PRINT, ...AMBIENT_MODULES];

/** Those of them that programs of these sources can come to. */
function ambientOf(sources: readonly LuaDefinition[]): readonly string[] {
  const canName = (word: string): boolean => sources.some(({ source }) => source.includes(word));
  // What was compiled has no source that tells.
  if (sources.some(({ compiled }) => compiled !== undefined) || UNNAMED.some(canName)) return AMBIENT;
  const named = AMBIENT.filter((name) => canName(name));
  const hasModules = named.some((name) => name !== PRINT) || sources.some(({ modules }) => modules.size > 0);
  return hasModules && !named.includes(GIVEN) ? [...named, GIVEN] : named;
}

/** An unknown module in a `modules:` list, with the nearest known name. */
function unknownModule(name: string, id: string, catalog: ModuleCatalog): Failure {
  if (catalog.isAbsent(name)) {
    return new Failure("Unavailable", `${id}: module "${name}" is not in this build`, { retryable: false });
  }
  const known = catalog.names();
  const near = nearestName(name, known);
  const hint = near === undefined ? `known modules: ${known.sort().join(", ")}` : `did you mean "${near}"?`;
  return new Failure("Invalid", `${id}: unknown module "${name}"; ${hint}`);
}
