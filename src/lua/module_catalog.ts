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
  readonly #items = new Map<string, Item>();
  /** Numbers of the members of what was read. */
  readonly numbers: CommandNumbers;
  readonly #absent = new Set<string>();

  /** Fails with Conflict when two modules, or two members of one, have the same name. */
  constructor(modules: Iterable<ModuleDefinition | ModuleSource>, numbers = new CommandNumbers()) {
    this.numbers = numbers;
    for (const module of modules) {
      const { classes, isAbsent, name } = module;
      if (isAbsent === true) {
        this.#absent.add(name);
        continue;
      }
      if (this.#items.has(name)) throw collision(`module ${name}`);
      if (!("load" in module)) {
        checkMembers(module);
        this.numbers.add(module);
      }
      const [source, definition] = "load" in module ? [module, undefined] : [undefined, asOfNow(module)];
      this.#items.set(name, { name, classes, source, definition });
    }
  }

  /** The modules of these classes; what one of the two catalogs reads, the other has. */
  ofClass(wanted: ModuleClass): ModuleCatalog {
    const part = new ModuleCatalog([], this.numbers);
    for (const name of this.#absent) part.#absent.add(name);
    for (const item of this.#items.values()) {
      if (item.classes.includes(wanted)) part.#items.set(item.name, item);
    }
    return part;
  }

  /** Names of all modules. */
  names(): string[] {
    return [...this.#items.keys()];
  }

  /** Whether a module was left out of this build. */
  isAbsent(name: string): boolean {
    return this.#absent.has(name);
  }

  /** Classes of a module; undefined when there is no such module. */
  classes(name: string): readonly ModuleClass[] | undefined {
    return this.#items.get(name)?.classes;
  }

  /** Reads modules and what every program sees. Unknown names are for the caller to report; undefined when nothing is to be read. */
  load(names: Iterable<string>): Promise<void> | undefined {
    const missing: Promise<void>[] = [];
    const wanted = new Set<string>(AMBIENT_MODULES);
    for (const name of names) {
      if (!wanted.has(name)) wanted.add(STREAMS).add(name);
    }
    for (const name of wanted) {
      const item = this.#items.get(name);
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
    const item = this.#items.get(name);
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
