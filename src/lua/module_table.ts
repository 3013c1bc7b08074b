/**
 * Module definitions turned into frozen tables and classes of one universe.
 *
 * Owns the wrapping of module functions: finding the calling process, turning promises into suspended fibers, and mapping
 * objects to handles. What a function does belongs to its module.
 *
 * T1. A handle names an object of this universe only; `release` runs once, when Lua has dropped it or its process ended.
 *     A released handle names nothing ever after, also when its place has been given to another object; its methods
 *     fail with Invalid `<type> released`.
 * T2. A module is made once, from its definition as it was when it was loaded.
 * T3. A command's promise completes its fiber once; a fiber that is gone by then is not an error.
 */
import { Failure } from "../core/mod.ts";
import type { ByteStream } from "../ports/mod.ts";
import {
  LuaHandle,
  type LuaValue,
  type ModuleMember,
  type ModuleRef,
  type NativeCall,
  type NativeResult,
  PENDING,
  type Universe,
  Values,
} from "../vm/mod.ts";
import type { LuaCall } from "./call.ts";
import { completeCommand, failCommand } from "./command_completion.ts";
import type {
  ModuleCommand,
  ModuleConstants,
  ModuleDefinition,
  ModuleFunction,
  ObjectDefinition,
} from "./module.ts";
import type { ModuleCatalog } from "./module_catalog.ts";
import type { LuaRuntime } from "./runtime.ts";

/** Places for live objects; an id is the place plus its generation times this. */
const PLACES_MAX = 2 ** 24;
/** Uses of one place; ids stay below 2^43, so that the VM can pair them with a class. A worn-out place is left empty. */
const GENERATIONS_MAX = 2 ** 19;

/** One class of userdata in this universe. */
interface ObjectClass {
  readonly definition: ObjectDefinition<unknown>;
  readonly classId: number;
}

/** The modules of one universe. */
export class ModuleTable {
  readonly #universe: Universe;
  readonly #runtime: LuaRuntime;
  readonly catalog: ModuleCatalog;
  readonly #modules = new Map<string, ModuleRef>();
  readonly #classes = new Map<ObjectDefinition<never>, ObjectClass>();
  readonly #byClassId: (ObjectClass | undefined)[] = [];
  readonly #objects: unknown[] = [undefined];
  /** Id of the object at each place; 0 while it is empty. */
  readonly #ids: number[] = [0];
  readonly #generations: number[] = [0];
  readonly #freePlaces: number[] = [];
  /** Objects that somebody here has taken over from Lua. */
  readonly #taken = new WeakSet<object>();
  /** The command that was last begun at each slot. */
  readonly #waits: (string | undefined)[] = [];
  #print: ModuleRef | undefined;

  constructor(runtime: LuaRuntime, universe: Universe, catalog: ModuleCatalog) {
    this.#universe = universe;
    this.#runtime = runtime;
    this.catalog = catalog;
  }

  /** The global `print`: joins its arguments in the VM and logs the text with the place it comes from. */
  print(): ModuleRef {
    return this.#print ??= this.#universe.code.defineModule({
      name: "print",
      members: {
        kind: "builtin",
        name: "base.print",
        fallback: this.#function((call) => {
          const { source, line } = call.location();
          const { pid } = call.process;
          call.services.log.named("lua").info(call.string(1), { pid, location: `${source}:${line}` });
          return new Values([]);
        }),
      },
    });
  }

  /** The frozen table of a module, made on first use; undefined when there is no such module. It must have been loaded. */
  module(name: string): ModuleRef | undefined {
    const known = this.#modules.get(name);
    if (known !== undefined) return known;
    const definition = this.catalog.definition(name);
    if (definition === undefined) return undefined;
    for (const object of definition.objects ?? []) this.#classOf(object);
    const ref = this.#universe.code.defineModule({
      name,
      members: { kind: "table", members: this.#members(definition) },
    });
    this.#modules.set(name, ref);
    return ref;
  }

  /** The command that a process which is blocked began last: what it waits for, unless that is a channel. */
  waitsFor(slot: number): string {
    return this.#waits[slot] ?? "";
  }

  /** Whether programs that list the module get copies of all module tables. */
  copiesModules(name: string): boolean {
    return this.catalog.definition(name)?.copiesModules === true;
  }

  /** A new Lua object holding `value`. */
  create<T>(definition: ObjectDefinition<T>, value: T): LuaHandle {
    const objectClass = this.#classOf(definition as ObjectDefinition<never>);
    const place = this.#freePlaces.pop() ?? this.#objects.length;
    if (place >= PLACES_MAX) throw new Failure("LimitExceeded", "too many live objects", { retryable: true });
    const generation = this.#generations[place] ?? 0;
    const id = generation * PLACES_MAX + place;
    this.#objects[place] = value;
    this.#ids[place] = id;
    this.#generations[place] = generation;
    return this.#universe.handle(objectClass.classId, id);
  }

  /** The bytes behind a handle: a stream, or an object whose class says what it reads as. */
  streamOf(value: LuaValue): ByteStream | undefined {
    if (!(value instanceof LuaHandle)) return undefined;
    const definition = this.#byClassId[value.classId]?.definition;
    const object = this.#at(value.id);
    if (definition === undefined || object === undefined) return undefined;
    return definition === this.catalog.streamObject() ? object as ByteStream : definition.reader?.(object);
  }

  /** As `streamOf`; Lua dropping the object no longer closes it, for whoever takes it does. */
  takeStream(value: LuaValue): ByteStream | undefined {
    const stream = this.streamOf(value);
    if (stream !== undefined) this.#taken.add(this.#at((value as LuaHandle).id) as object);
    return stream;
  }

  /** A Lua stream object. */
  createStream(stream: ByteStream): LuaHandle {
    const definition = this.catalog.streamObject();
    if (definition === undefined) throw new Failure("Unavailable", "streams are not part of this build");
    return this.create(definition, stream);
  }

  /** The object behind argument `i`, if it is of that class. */
  object<T>(call: NativeCall, i: number, definition: ObjectDefinition<T>): T | undefined {
    if (call.type(i) !== "handle") return undefined;
    const objectClass = this.#classes.get(definition as ObjectDefinition<never>);
    if (objectClass === undefined) return undefined;
    const id = call.handleOf(i, objectClass.classId);
    return id === 0 ? undefined : this.#at(id) as T | undefined;
  }

  /** The object behind a handle, if it is of that class. */
  unwrap<T>(value: LuaValue, definition: ObjectDefinition<T>): T | undefined {
    if (!(value instanceof LuaHandle)) return undefined;
    const objectClass = this.#classes.get(definition as ObjectDefinition<never>);
    return objectClass?.classId === value.classId ? this.#at(value.id) as T | undefined : undefined;
  }

  /** What `tostring` says of an object that has a text form of its own. */
  textOf(handle: LuaHandle): string | undefined {
    const object = this.#at(handle.id);
    return object === undefined ? undefined : this.#byClassId[handle.classId]?.definition.tostring?.(object);
  }

  /** The object behind argument `i`; raises an argument error when it is something else. */
  self<T>(call: NativeCall, i: number, definition: ObjectDefinition<T>): T {
    const isSelf = i === 1 && this.#byClassId[call.selfClass]?.definition === definition;
    const value = this.#at(
      isSelf ? call.selfId : call.handle(i, this.#classOf(definition as ObjectDefinition<never>).classId),
    );
    if (value === undefined) {
      throw new Failure("Invalid", `${definition.name} released`, { retryable: false });
    }
    return value as T;
  }

  #at(id: number): unknown {
    const place = id & (PLACES_MAX - 1);
    return this.#ids[place] === id ? this.#objects[place] : undefined;
  }

  /** Forgets a dropped object. */
  released(classId: number, id: number): void {
    const place = id & (PLACES_MAX - 1);
    if (this.#ids[place] !== id) return;
    const value = this.#objects[place];
    this.#objects[place] = undefined;
    this.#ids[place] = 0;
    const generation = this.#generations[place]! + 1;
    this.#generations[place] = generation;
    if (generation < GENERATIONS_MAX) this.#freePlaces.push(place);
    if (typeof value === "object" && value !== null && this.#taken.has(value)) return;
    this.#byClassId[classId]?.definition.release?.(value);
  }

  #members(definition: ModuleDefinition): Record<string, ModuleMember> {
    const root: Record<string, ModuleMember> = {};
    addConstants(root, definition.constants ?? {});
    const place = (path: string, member: ModuleMember): void => {
      if (!path.includes(".")) {
        root[path] = member;
        return;
      }
      const parts = path.split(".");
      let table = root;
      for (const part of parts.slice(0, -1)) {
        const inner = table[part];
        if (inner?.kind === "table") table = inner.members;
        else {
          const members: Record<string, ModuleMember> = {};
          table[part] = { kind: "table", members };
          table = members;
        }
      }
      table[parts[parts.length - 1]!] = member;
    };
    for (const [path, fn] of Object.entries(definition.functions ?? {})) {
      place(path, { kind: "native", index: this.#function(fn) });
    }
    for (const [path, fn] of Object.entries(definition.commands ?? {})) {
      place(path, { kind: "native", index: this.#command(fn, `${definition.name}.${path}`) });
    }
    for (const [path, instance] of Object.entries(definition.instances ?? {})) {
      const value = instance.create(this.#runtime.services) as never;
      place(path, { kind: "value", value: this.create(instance.definition, value) });
    }
    for (const [path, name] of Object.entries(definition.builtins ?? {})) {
      const fn = definition.functions?.[path];
      const command = definition.commands?.[path];
      const fallback = fn !== undefined
        ? this.#function(fn)
        : command !== undefined
        ? this.#command(command, `${definition.name}.${path}`)
        : undefined;
      place(path, { kind: "builtin", name, fallback });
    }
    return root;
  }

  #classOf(definition: ObjectDefinition<never>): ObjectClass {
    const known = this.#classes.get(definition);
    if (known !== undefined) return known;
    const methods: Record<string, number> = {};
    for (const [name, fn] of Object.entries(definition.methods ?? {})) methods[name] = this.#function(fn);
    for (const [name, fn] of Object.entries(definition.commands ?? {})) {
      methods[name] = this.#command(fn, `${definition.name}:${name}`);
    }
    const shared = definition as unknown as ObjectDefinition<unknown>;
    const text = shared.tostring;
    const operators: Record<string, number> = {};
    for (const [name, fn] of Object.entries(definition.operators ?? {})) {
      operators[name] = this.#function(fn as ModuleFunction);
    }
    if (definition.invoke !== undefined) {
      operators["call"] = this.#command(definition.invoke, `${definition.name}:call`);
    }
    const classId = this.#universe.code.defineClass({
      name: definition.name,
      methods,
      wrapped: definition.wrapped,
      tostring: text === undefined ? undefined : this.#function((call) => {
        const value = this.object(call, 1, shared);
        return value === undefined ? `${shared.name}{released}` : text(value);
      }),
      ...operators,
    });
    const created: ObjectClass = { definition: shared, classId };
    this.#classes.set(definition, created);
    this.#byClassId[classId] = created;
    return created;
  }

  #function(fn: ModuleFunction): number {
    // What functions of this universe are called with are `LuaCall`s.
    return this.#universe.natives.add(fn as (call: NativeCall) => NativeResult);
  }

  /** `label` is what people are told while a process waits for it. */
  #command(fn: ModuleCommand, label: string): number {
    const { outside } = this.#runtime;
    const command = (native: NativeCall): NativeResult => {
      const call = fn.isBrief ? native as LuaCall : (native as LuaCall).own();
      const asked = outside?.asked;
      const result = fn(call);
      if (result === PENDING) this.#waits[native.slot] = label;
      if (!(result instanceof Promise)) return result;
      this.#waits[native.slot] = label;
      if (outside?.asked === asked) outside?.works(result);
      this.#settle(native, result);
      return PENDING;
    };
    return this.#universe.natives.add(command);
  }

  #settle({ slot, tag }: NativeCall, promise: Promise<NativeResult>): void {
    const runtime = this.#runtime;
    const serial = runtime.book.serialOf(slot);
    promise.then(
      (result) => completeCommand(runtime, slot, serial, tag, result),
      (error: unknown) => failCommand(runtime, slot, serial, tag, error),
    );
  }
}

/** Refuses a module that gives one name to two members; a builtin shares the name of its fallback. */
function addConstants(into: Record<string, ModuleMember>, constants: ModuleConstants): void {
  for (const [name, value] of Object.entries(constants)) {
    if (isNested(value)) {
      const members: Record<string, ModuleMember> = {};
      addConstants(members, value);
      into[name] = { kind: "table", members };
    } else {
      into[name] = { kind: "value", value };
    }
  }
}

function isNested(value: LuaValue | ModuleConstants): value is ModuleConstants {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
