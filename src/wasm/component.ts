/**
 * Components: what they export, and which core modules have to be instantiated in which order for it.
 *
 * A component is a program for a linker. It is run here once, when its entry is opened, with references in the place of instances; what
 * comes of it is a flat plan that a thread carries out without knowing of components.
 *
 * CO1. Nothing of a component is trusted: an index that names nothing is Invalid, and so is whatever it takes that is not supported.
 * CO2. A function that it imports fails when it is called, with a message that names it: many import what they never call.
 */
import type { Failure } from "../core/mod.ts";
import { BinaryReader, unreadable } from "./binary_reader.ts";
import { type ComponentType, readExternalType, readType, type TypeNames } from "./component_types.ts";
import type { CoreRef, InstancePlan } from "./guest_plan.ts";
import { hasLuaValues, type WitFunction } from "./wit_type.ts";

/** A function of a component, over functions of core modules. */
export interface LiftedFunction {
  readonly signature: WitFunction;
  readonly target: CoreRef;
  readonly memory: CoreRef | undefined;
  readonly realloc: CoreRef | undefined;
  readonly after: CoreRef | undefined;
}

/** What a component comes to. */
export interface ComponentPlan {
  readonly modules: readonly Uint8Array<ArrayBuffer>[];
  readonly instances: readonly InstancePlan[];
  /** Exported functions by name; those of interfaces as `interface#function`. */
  readonly functions: ReadonlyMap<string, LiftedFunction>;
}

type Exports = Map<string, Item>;

/** A function that somebody else has to provide. */
interface Imported {
  readonly name: string;
  readonly signature: WitFunction | undefined;
}

/** Says of an import whether the host provides it, as something that gives nothing or not at all, and then how a call of it fails. */
type Provide = (name: string) => Failure | "host" | "empty";

/** Whatever has an index. */
type Item =
  | { readonly kind: "func"; readonly lifted: LiftedFunction | undefined; readonly imported?: Imported }
  | { readonly kind: "type"; readonly type: ComponentType }
  | { readonly kind: "component"; readonly body: Uint8Array<ArrayBuffer>; readonly outer: Scope }
  | { readonly kind: "instance"; readonly exports: Exports };
type ItemKind = Item["kind"];

const SORTS: Readonly<Record<number, ItemKind>> = { 1: "func", 3: "type", 4: "component", 5: "instance" };

/** The index spaces of one component. */
class Scope {
  readonly items: Record<ItemKind, Item[]> = { func: [], type: [], component: [], instance: [] };
  readonly coreModules: number[] = [];
  readonly coreInstances: number[] = [];
  /** By core sort. */
  readonly core: Record<number, CoreRef[]> = { 0: [], 1: [], 2: [], 3: [] };
  readonly exports: Exports = new Map();
  readonly parent: Scope | undefined;

  constructor(parent: Scope | undefined) {
    this.parent = parent;
  }
}

function at<T>(list: readonly (T | undefined)[] | undefined, index: number): T {
  const item = list?.[index];
  if (item === undefined) throw unreadable(`there is nothing with the index ${index}`);
  return item;
}

/** Components within components past this are refused before they fill the stack. */
const DEPTH_MAX = 32;
/** Instances that a component may come to; nested ones can multiply. */
const INSTANCES_MAX = 1000;

class Linker {
  readonly modules: Uint8Array<ArrayBuffer>[] = [];
  readonly instances: InstancePlan[] = [];
  readonly #provide: Provide;
  #depth = 0;

  constructor(provide: Provide) {
    this.#provide = provide;
  }

  /** Runs a component with what it is given; its exports. */
  run(body: Uint8Array<ArrayBuffer>, given: Exports | undefined, parent: Scope | undefined): Exports {
    if (++this.#depth > DEPTH_MAX) throw unreadable(`components are nested more than ${DEPTH_MAX} deep`);
    const scope = new Scope(parent);
    const reader = new BinaryReader(body);
    reader.at = 8;
    while (!reader.isAtEnd) {
      const id = reader.byte();
      const end = reader.number() + reader.at;
      if (end > body.length) throw unreadable("it ends too early");
      this.#section(id, reader, end, scope, given);
      reader.at = end;
    }
    this.#depth--;
    return scope.exports;
  }

  #section(id: number, reader: BinaryReader, end: number, scope: Scope, given: Exports | undefined): void {
    switch (id) {
      case 1:
        scope.coreModules.push(this.modules.push(reader.slice(end)) - 1);
        return;
      case 2:
        return reader.each(() => this.#coreInstance(reader, scope));
      case 4:
        scope.items.component.push({ kind: "component", body: reader.slice(end), outer: scope });
        return;
      case 5:
        return reader.each(() => this.#instance(reader, scope));
      case 6:
        return reader.each(() => this.#alias(reader, scope));
      case 7:
        return reader.each(() => {
          scope.items.type.push({ kind: "type", type: readType(reader, namesOf(scope)) });
        });
      case 8:
        return reader.each(() => this.#canon(reader, scope));
      case 10:
        return reader.each(() => this.#import(reader, scope, given));
      case 11:
        return reader.each(() => exported(reader, scope));
    }
  }

  #demandRoom(): void {
    if (this.instances.length >= INSTANCES_MAX) {
      throw unreadable(`it has more than ${INSTANCES_MAX} instances`);
    }
  }

  #add(instance: InstancePlan, scope: Scope): void {
    this.#demandRoom();
    scope.coreInstances.push(this.instances.push(instance) - 1);
  }

  #coreInstance(reader: BinaryReader, scope: Scope): void {
    if (reader.byte() === 0) {
      const module = at(scope.coreModules, reader.number());
      const imports = reader.list(() => {
        const name = reader.name();
        reader.byte();
        return { name, instance: at(scope.coreInstances, reader.number()) };
      });
      this.#add({ kind: "module", module, imports, initializes: false }, scope);
      return;
    }
    const exports = reader.list(() => {
      const name = reader.name();
      return { name, ref: at(scope.core[reader.byte()], reader.number()) };
    });
    this.#add({ kind: "bundle", exports }, scope);
  }

  #instance(reader: BinaryReader, scope: Scope): void {
    const isInline = reader.byte() === 1;
    const component = isInline ? undefined : at(scope.items.component, reader.number());
    const named: Exports = new Map();
    reader.each(() => {
      const name = isInline ? reader.externalName() : reader.name();
      const item = itemOf(reader, scope);
      if (item !== undefined) named.set(name, item);
    });
    const exports = component?.kind === "component"
      ? this.run(component.body, named, component.outer)
      : named;
    scope.items.instance.push({ kind: "instance", exports });
  }

  #alias(reader: BinaryReader, scope: Scope): void {
    const sort = reader.byte();
    const coreSort = sort === 0 ? reader.byte() : -1;
    const target = reader.byte();
    if (target === 0) {
      const instance = at(scope.items.instance, reader.number());
      const name = reader.name();
      const item = instance.kind === "instance" ? instance.exports.get(name) : undefined;
      if (item === undefined) throw unreadable(`an instance has no export "${name}"`);
      scope.items[item.kind].push(item);
    } else if (target === 1) {
      const instance = at(scope.coreInstances, reader.number());
      const ref = { instance, name: reader.name() };
      (scope.core[coreSort] ?? []).push(ref);
    } else {
      let from: Scope | undefined = scope;
      for (let count = reader.number(); count > 0; count--) from = from?.parent;
      const index = reader.number();
      const kind = SORTS[sort];
      if (from === undefined) throw unreadable("an alias leads out of the component");
      if (coreSort === 0x11) scope.coreModules.push(at(from.coreModules, index));
      else if (kind !== undefined) scope.items[kind].push(at(from.items[kind], index));
    }
  }

  /** Functions that are made of others. */
  #canon(reader: BinaryReader, scope: Scope): void {
    const form = reader.byte();
    if (form === 0) {
      reader.byte();
      const target = at(scope.core[0], reader.number());
      const chosen = options(reader, scope);
      const type = typeOf(scope.items.type, reader.number());
      // One whose types are not supported may be there, as long as nobody calls it.
      const lifted = type.kind === "func" && isForLua(type.signature)
        ? { signature: type.signature, target, ...chosen }
        : undefined;
      scope.items.func.push({ kind: "func", lifted });
    } else if (form === 1) {
      reader.byte();
      const item = at(scope.items.func, reader.number());
      const { memory, realloc } = options(reader, scope);
      const imported = item.kind === "func" ? item.imported : undefined;
      if (imported === undefined) {
        throw unreadable("it calls itself through its own exports, which is not supported");
      }
      scope.core[0]!.push(this.#imported(imported, memory, realloc));
    } else if (form === 3) {
      // Resources are all of the host: a component that defines its own is not read.
      reader.number();
      this.#demandRoom();
      scope.core[0]!.push({ instance: this.instances.push({ kind: "drop" }) - 1, name: "call" });
    } else throw unreadable("it is asynchronous or has threads, which is not supported");
  }

  /** A core function in the place of an import. */
  #imported(
    { name, signature }: Imported,
    memory: CoreRef | undefined,
    realloc: CoreRef | undefined,
  ): CoreRef {
    this.#demandRoom();
    const provided = this.#provide(name);
    const plan: InstancePlan = provided !== "host" && provided !== "empty"
      ? { kind: "missing", failure: { kind: provided.kind, message: provided.message } }
      : signature === undefined
      ? { kind: "missing", failure: { kind: "Invalid", message: `it called ${name} with types of its own` } }
      : { kind: "host", name, isDeclared: provided === "host", signature, memory, realloc };
    return { instance: this.instances.push(plan) - 1, name: "call" };
  }

  #import(reader: BinaryReader, scope: Scope, given: Exports | undefined): void {
    const name = reader.externalName();
    const { index, sort } = readExternalType(reader, namesOf(scope));
    const item = given?.get(name) ?? suppliedFor(name, SORTS[sort], index, scope);
    if (item === undefined) throw unreadable(`it imports "${name}", which is no function`);
    scope.items[item.kind].push(item);
  }
}

/** What an import is when nobody gives anything for it: types need nobody, and functions fail when they are called. */
function suppliedFor(
  name: string,
  kind: ItemKind | undefined,
  index: number | undefined,
  scope: Scope,
): Item | undefined {
  if (index === undefined) return undefined;
  if (kind === "func") {
    const type = typeOf(scope.items.type, index);
    const signature = type.kind === "func" ? type.signature : undefined;
    return { kind, lifted: undefined, imported: { name, signature } };
  }
  if (kind === "type") return at(scope.items.type, index);
  const type = kind === "instance" ? typeOf(scope.items.type, index) : undefined;
  if (type?.kind !== "instance") return undefined;
  const exports: Exports = new Map();
  for (const [inner, one] of type.exports) exports.set(inner, { kind: "type", type: one });
  for (const [inner, signature] of type.functions) {
    exports.set(inner, {
      kind: "func",
      lifted: undefined,
      imported: { name: `${name}#${inner}`, signature },
    });
  }
  return { kind: "instance", exports };
}

/** Whether a function can be called from Lua. */
function isForLua({ params, result }: WitFunction): boolean {
  return params.every(({ type }) => hasLuaValues(type)) && (result === undefined || hasLuaValues(result));
}

/** The types of a component by index. */
function namesOf(scope: Scope): TypeNames {
  return {
    local: (index) => typeOf(scope.items.type, index),
    outer(count, index) {
      let from: Scope | undefined = scope;
      for (; count > 0; count--) from = from?.parent;
      return typeOf(from?.items.type ?? [], index);
    },
  };
}

function typeOf(types: readonly Item[], index: number): ComponentType {
  const item = at(types, index);
  return item.kind === "type" ? item.type : { kind: "other", what: "no type" };
}

/** Reads what an index names; undefined for what nobody asks for here. */
function itemOf(reader: BinaryReader, scope: Scope): Item | undefined {
  const sort = reader.byte();
  if (sort === 0) reader.byte();
  const index = reader.number();
  const kind = SORTS[sort];
  return kind === undefined ? undefined : at(scope.items[kind], index);
}

function exported(reader: BinaryReader, scope: Scope): void {
  const name = reader.externalName();
  const item = itemOf(reader, scope);
  if (reader.byte() === 1) readExternalType(reader, namesOf(scope));
  if (item === undefined) return;
  scope.exports.set(name, item);
  // An export is an index of its own.
  scope.items[item.kind].push(item);
}

function options(
  reader: BinaryReader,
  scope: Scope,
): { memory: CoreRef | undefined; realloc: CoreRef | undefined; after: CoreRef | undefined } {
  const found: { memory: CoreRef | undefined; realloc: CoreRef | undefined; after: CoreRef | undefined } = {
    memory: undefined,
    realloc: undefined,
    after: undefined,
  };
  reader.each(() => {
    const option = reader.byte();
    if (option === 3) found.memory = at(scope.core[2], reader.number());
    else if (option === 4) found.realloc = at(scope.core[0], reader.number());
    else if (option === 5) found.after = at(scope.core[0], reader.number());
    else if (option !== 0) {
      throw unreadable("it has texts that are no UTF-8, or is asynchronous, which is not supported");
    }
  });
  return found;
}

/** Reads a component. `provide` says what becomes of its imports. Fails with Invalid. */
export function readComponent(
  bytes: Uint8Array<ArrayBuffer>,
  provide: Provide,
): ComponentPlan {
  const linker = new Linker(provide);
  const functions = new Map<string, LiftedFunction>();
  for (const [name, item] of linker.run(bytes, undefined, undefined)) {
    if (item.kind === "func" && item.lifted !== undefined) functions.set(name, item.lifted);
    if (item.kind !== "instance") continue;
    for (const [inner, one] of item.exports) {
      if (one.kind === "func" && one.lifted !== undefined) functions.set(`${name}#${inner}`, one.lifted);
    }
  }
  return { modules: linker.modules, instances: linker.instances, functions };
}
