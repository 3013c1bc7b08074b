/** The `store` module: key-value stores. */
import { Failure, STORE_PAGE_DEFAULT, STORE_PAGE_MAX, type Value } from "../../src/core/mod.ts";
import {
  type Call,
  defineModule,
  defineObject,
  type ModuleCommand,
  type ObjectDefinition,
} from "../../src/lua/mod.ts";
import { type Resources, type Store, type StoreEntry, StoreResource } from "../../src/ports/mod.ts";
import { LuaFloat, type LuaValue, type NativeResult } from "../../src/vm/mod.ts";
import types from "./store.d.lua" with { type: "text" };

/** A store in the hands of a script. */
interface StoreHandle {
  readonly id: string;
  readonly resources: Resources;
  released: boolean;
}

type PutOptions = Parameters<Store["put"]>[2];

function invalid(message: string): Failure {
  return new Failure("Invalid", message, { retryable: false });
}

function handleOf(call: Call): StoreHandle {
  const handle = call.self(storeObject);
  if (handle.released) throw invalid("store is released");
  return handle;
}

/** Looked up each time: the entry may be gone or another one by now. */
function storeOf({ id, resources }: StoreHandle): Store {
  const store = resources.find(StoreResource, id);
  if (store === undefined) throw new Failure("NotFound", `store not found: ${id}`, { retryable: false });
  return store;
}

/** The handle, its store and the key of a method on one key, once the caller may do that. */
function keyed(call: Call, action: string, verb: string, raise: boolean): { store: Store; key: string } {
  const handle = handleOf(call);
  const key = call.string(2);
  if (key === "") throw invalid("key is required");
  call.demand(`store.key.${action}`, handle.id, `not allowed to ${verb}: ${key}`, {
    raise,
    attributes: { key },
  });
  return { store: storeOf(handle), key };
}

function later<T>(
  value: T | Promise<T>,
  map: (value: T) => NativeResult,
): NativeResult | Promise<NativeResult> {
  return value instanceof Promise ? value.then(map) : map(value);
}

/** The value to store: a copy that no other process shares anything with. */
function valueArgument(call: Call): Value {
  const type = call.type(3);
  if (call.count < 3 || type === "nil") throw invalid("value is required");
  if (type === "string" || type === "number" || type === "boolean") return call.value(3, true) as Value;
  const [value] = call.runtime.universe.decode(call.raw(3), true);
  if (value === null || value === undefined) throw invalid(`a ${type} can't be stored`);
  return value as Value;
}

function seconds(value: LuaValue): number {
  if (value === null || value === undefined) return 0;
  if (typeof value !== "number" || !(value >= 0) || value === Infinity) {
    throw invalid("invalid store options");
  }
  return value;
}

function fields(call: Call, i: number): { [name: string]: LuaValue } {
  if (call.count < i || call.type(i) === "nil") return {};
  const value = call.value(i);
  const isList = Array.isArray(value);
  if (
    typeof value !== "object" || value === null || isList && value.length > 0 || value instanceof Map ||
    value instanceof LuaFloat
  ) {
    throw invalid("invalid store options");
  }
  return isList ? {} : value as { [name: string]: LuaValue };
}

function entryTable({ key, value, version }: StoreEntry): LuaValue {
  return { key, value: value as LuaValue, version };
}

const notFound = (): Failure => new Failure("NotFound", "key not found", { retryable: false });

const get: ModuleCommand = (call) => {
  const { store, key } = keyed(call, "get", "read key", true);
  return later(store.entry(key), (entry) => {
    if (entry === undefined) throw notFound();
    return entry.value as LuaValue;
  });
};

const entry: ModuleCommand = (call) => {
  const { store, key } = keyed(call, "get", "read key", false);
  return later(store.entry(key), (found) => {
    if (found === undefined) throw notFound();
    return entryTable(found);
  });
};

const set: ModuleCommand = (call) => {
  const { store, key } = keyed(call, "set", "write key", true);
  const value = valueArgument(call);
  const ttlSeconds = call.count < 4 ? 0 : seconds(call.value(4));
  return later(store.put(key, value, { ttlSeconds }), () => true);
};

function putOptions(call: Call): PutOptions {
  const { ttl, only_if_absent: absent, if_version: version } = fields(call, 4);
  if (absent !== undefined && typeof absent !== "boolean") throw invalid("invalid store options");
  if (version !== undefined && typeof version !== "string") throw invalid("invalid store options");
  if (absent && version !== undefined) throw invalid("invalid store options");
  return { ttlSeconds: seconds(ttl), onlyIfAbsent: absent === true, ifVersion: version };
}

const put: ModuleCommand = (call) => {
  const { store, key } = keyed(call, "set", "write key", false);
  const value = valueArgument(call);
  return later(store.put(key, value, putOptions(call)), entryTable);
};

const list: ModuleCommand = (call) => {
  const handle = handleOf(call);
  const { prefix = "", after = "", limit = STORE_PAGE_DEFAULT } = fields(call, 2);
  if (
    typeof prefix !== "string" || typeof after !== "string" || typeof limit !== "number" ||
    !Number.isInteger(limit) || limit < 0
  ) {
    throw invalid("invalid store options");
  }
  call.demand("store.key.list", handle.id, `not allowed to list keys: ${prefix}`, { attributes: { prefix } });
  const page = storeOf(handle).list({
    prefix,
    after,
    limit: Math.min(limit || STORE_PAGE_DEFAULT, STORE_PAGE_MAX),
  });
  return later(page, ({ items, cursor, has_more }) => ({ items: items.map(entryTable), cursor, has_more }));
};

const has: ModuleCommand = (call) => {
  const { store, key } = keyed(call, "has", "check key existence", true);
  return later(store.entry(key), (found) => found !== undefined);
};

const remove: ModuleCommand = (call) => {
  const { store, key } = keyed(call, "delete", "delete key", true);
  return later(store.delete(key), (deleted) => deleted);
};

const info: ModuleCommand = (call) => {
  const handle = handleOf(call);
  call.demand("store.info", handle.id, `not allowed to access store: ${handle.id}`);
  return { ...storeOf(handle).info() } as LuaValue;
};

const storeObject: ObjectDefinition<StoreHandle> = defineObject<StoreHandle>({
  name: "store.Store",
  methods: {
    release: (call) => {
      call.self(storeObject).released = true;
      return true;
    },
  },
  commands: { get, entry, set, put, list, has, delete: remove, info },
  tostring: (handle) => handle.released ? "store.Store{released}" : "store.Store{}",
});

function acquire(call: Call): NativeResult {
  const id = call.string(1);
  if (id === "") throw invalid("store ID is required");
  call.demand("store.get", id, `not allowed to access store: ${id}`, { raise: true });
  const { resources } = call.services;
  if (resources.find(StoreResource, id) === undefined) {
    const type = resources.typeOf(id);
    if (type !== undefined) throw invalid(`resource is not a store: ${id} is a ${type}`);
    throw new Failure("NotFound", `store not found: ${id}`, { retryable: false });
  }
  return call.create(storeObject, { id, resources, released: false });
}

export default defineModule({
  name: "store",
  types,
  classes: ["nondeterministic", "io", "storage"],
  numbers: {
    "Store:get": 120,
    "Store:set": 121,
    "Store:delete": 122,
    "Store:has": 123,
    "Store:put": 124,
    "Store:list": 125,
    "Store:entry": 126,
    "Store:info": 127,
  },
  constants: {
    backend: { MEMORY: "memory", SQL: "sql", KV_RAFT: "kv.raft", KV_CRDT: "kv.crdt", UNKNOWN: "unknown" },
    consistency: { LINEARIZABLE: "linearizable", EVENTUAL: "eventual", LOCAL: "local", UNKNOWN: "unknown" },
  },
  functions: { get: acquire },
  objects: [storeObject as never],
});
