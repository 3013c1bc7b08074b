/**
 * The modules there are by name, each read when a program first lists it.
 *
 * MC1. Names and classes are known from the start; the definition is there once `load` has resolved, and stays.
 * MC2. Ambient modules are read before any program is made, and `stream` with the first module beside those: many hand out
 *      streams.
 * MC3. What was left out of the build is known by name alone: nothing else is said of it.
 */
import { Failure } from "../core/mod.ts";
import { CommandNumbers } from "./command_numbers.ts";
import type { ByteStream } from "../ports/mod.ts";
import type { ModuleClass, ModuleDefinition, ModuleSource, ObjectDefinition } from "./module.ts";

/** Modules that every Lua entry sees without listing them. */
export const AMBIENT_MODULES = ["process", "channel", "payload", "errors", "os"] as const;

const STREAMS = "stream";

/** One module, read or not. */
interface Item {
  readonly name: string;
  readonly classes: readonly ModuleClass[];
  readonly source: ModuleSource | undefined;
  definition: ModuleDefinition | undefined;
}

/** The modules that programs may list. */
export class ModuleCatalog {
  /** What is read or was asked for. */
  readonly #items = new Map<string, Item>();
  readonly #sources: ModuleSource[] = [];
  /** Numbers of the members of what was read. */
  readonly numbers: CommandNumbers;

  /** Fails with Conflict when a definition has the name of another module, or two of its members have the same. Names of sources differ. */
  constructor(modules: Iterable<ModuleDefinition | ModuleSource>, numbers = new CommandNumbers()) {
    this.numbers = numbers;
    const definitions: ModuleDefinition[] = [];
    for (const module of modules) {
      if ("load" in module) this.#sources.push(module);
      else if (module.isAbsent !== true) definitions.push(module);
    }
    for (const module of definitions) {
      const { classes, name } = module;
      if (this.#itemOf(name) !== undefined) throw collision(`module ${name}`);
      checkMembers(module);
      this.numbers.add(module);
      this.#items.set(name, { name, classes, source: undefined, definition: asOfNow(module) });
    }
  }

  /** The modules of these classes; what one of the two catalogs reads, the other has. */
  ofClass(wanted: ModuleClass): ModuleCatalog {
    const part = new ModuleCatalog([], this.numbers);
    for (const source of this.#sources) if (source.isAbsent) part.#sources.push(source);
    for (const name of this.names()) {
      const item = this.#itemOf(name)!;
      if (item.classes.includes(wanted)) part.#items.set(name, item);
    }
    return part;
  }

  /** Names of all modules. */
  names(): string[] {
    const names = new Set<string>();
    for (const { isAbsent, name } of this.#sources) if (!isAbsent) names.add(name);
    for (const name of this.#items.keys()) names.add(name);
    return [...names];
  }

  /** Whether a module was left out of this build. */
  isAbsent(name: string): boolean {
    return this.#sourceOf(name)?.isAbsent === true;
  }

  /** Classes of a module; undefined when there is no such module. */
  classes(name: string): readonly ModuleClass[] | undefined {
    return this.#itemOf(name)?.classes;
  }

  #sourceOf(name: string): ModuleSource | undefined {
    for (const source of this.#sources) if (source.name === name) return source;
    return undefined;
  }

  #itemOf(name: string): Item | undefined {
    const known = this.#items.get(name);
    if (known !== undefined) return known;
    const source = this.#sourceOf(name);
    if (source === undefined || source.isAbsent) return undefined;
    const item: Item = { name, classes: source.classes, source, definition: undefined };
    this.#items.set(name, item);
    return item;
  }

  /** Reads modules and what every program sees. Unknown names are for the caller to report; undefined when nothing is to be read. */
  load(names: Iterable<string>): Promise<void> | undefined {
    const missing: Promise<void>[] = [];
    const wanted = new Set<string>(AMBIENT_MODULES);
    for (const name of names) {
      if (!wanted.has(name)) wanted.add(STREAMS).add(name);
    }
    for (const name of wanted) {
      const item = this.#itemOf(name);
      if (item !== undefined && item.definition === undefined) missing.push(this.#read(item));
    }
    return missing.length === 0 ? undefined : Promise.all(missing).then(() => undefined);
  }

  async #read(item: Item): Promise<void> {
    const definition = await item.source!.load();
    checkMembers(definition);
    this.numbers.add(definition);
    item.definition ??= definition;
  }

  /** The definition of a module; undefined when there is no such module. It must have been loaded. */
  definition(name: string): ModuleDefinition | undefined {
    const item = this.#itemOf(name);
    if (item !== undefined && item.definition === undefined) {
      throw new Error(`module ${name} is used before it was loaded`);
    }
    return item?.definition;
  }

  /** The class of stream objects; undefined as long as no program was loaded, and where there are no streams. */
  streamObject(): ObjectDefinition<ByteStream> | undefined {
    const objects = this.#items.get(STREAMS)?.definition?.objects;
    return objects?.find(({ name }) => name === "Stream") as ObjectDefinition<ByteStream> | undefined;
  }
}

/** The definition as it is now, whatever becomes of the object that was given. */
function asOfNow(definition: ModuleDefinition): ModuleDefinition {
  const { commands, functions } = definition;
  return { ...definition, commands: { ...commands }, functions: { ...functions } };
}

function checkMembers({ name, commands, constants, functions, instances }: ModuleDefinition): void {
  const taken = new Set<string>();
  for (const members of [functions, commands, instances, constants]) {
    for (const path in members) {
      if (taken.has(path)) throw collision(`${name}.${path}`);
      taken.add(path);
    }
  }
}

function collision(what: string): Failure {
  return new Failure("Conflict", `${what} is defined twice`, { retryable: false });
}
