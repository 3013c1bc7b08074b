/** Entries and ids on their way between Lua and the registry. */
import {
  Failure,
  isValueMap,
  parseEntryId,
  printEntryId,
  type Value,
  type ValueMap,
} from "../../src/core/mod.ts";
import { plainMap, plainValue } from "../../src/lua/mod.ts";
import { checkEntry, checkId, type Entry, type Operation } from "../../src/registry/mod.ts";
import type { LuaValue } from "../../src/vm/mod.ts";

function invalid(message: string): Failure {
  return new Failure("Invalid", message, { retryable: false });
}

/** An entry as the table Lua gets. */
export function entryTable(entry: Entry): LuaValue {
  return { id: entry.id, kind: entry.kind, meta: entry.meta, data: entry.data } as LuaValue;
}

/** An operation as the table Lua gets. */
export function operationTable({ kind, entry }: Operation): LuaValue {
  return { kind, entry: entryTable(entry) };
}

/** An id from `namespace:name` or `{ns, name}`; fails with Invalid. */
export function idOf(value: LuaValue): string {
  const plain = typeof value === "string" ? value : plainMap(value);
  if (typeof plain === "string") {
    checkId(plain);
    return plain;
  }
  if (plain === undefined || typeof plain["name"] !== "string") throw invalid("invalid ID format");
  const { ns = "", name } = plain;
  if (typeof ns !== "string") throw invalid("invalid ID format");
  const id = printEntryId(ns, name);
  checkId(id);
  return id;
}

/** An entry from the table Lua gave; fails with Invalid. */
export function entryOf(value: LuaValue): Entry {
  const table = plainMap(value);
  if (table === undefined) throw invalid("expected an entry table {id, kind, meta, data}");
  const { id, kind, meta, data } = table;
  const entry = {
    id: idOf(id as LuaValue),
    kind: kind as string,
    meta: emptyMap(meta),
    data: emptyMap(data),
  };
  if (typeof kind !== "string" || kind === "") throw invalid(`${entry.id}: missing kind`);
  return checkEntry(entry as Entry);
}

/** A table without members is a map here: nil and `{}` mean nothing given. */
function emptyMap(value: Value): Value {
  if (value === undefined || value === null) return {};
  return Array.isArray(value) && value.length === 0 ? {} : value;
}

/** A list of entries; fails with Invalid. */
export function entriesOf(value: LuaValue): Entry[] {
  const list = plainValue(value);
  if (isValueMap(list) && Object.keys(list).length === 0) return [];
  if (!Array.isArray(list)) throw invalid("expected a list of entries");
  return list.map((item) => entryOf(item as LuaValue));
}

/** A filter; undefined when the value is no table with text keys. */
export function filterOf(value: LuaValue): ValueMap | undefined {
  return plainMap(value);
}

/** An id in parts; `ns` is empty when there is no colon. */
export function idTable(id: string): LuaValue {
  const { ns, name } = parseEntryId(id);
  return { ns, name };
}
