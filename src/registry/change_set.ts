/**
 * Change sets: what differs between two states of the registry, as operations that can be reversed.
 *
 * CS1. A squashed set has one operation per id, and every operation changes something or was asked for explicitly.
 * CS2. An update carries the value before it, a delete the removed entry: reversing needs no other state.
 */
import { Failure, isValueMap, parseEntryId, type Value, valuesEqual } from "../core/mod.ts";
import type { Entry } from "./entry.ts";

/** What an operation does; also the kind of its bus event. */
export type OperationKind = "entry.create" | "entry.update" | "entry.delete";

/** One step of a change set. */
export interface Operation {
  readonly kind: OperationKind;
  /** The new entry; the removed one for a delete. */
  readonly entry: Entry;
  /** The entry before an update or a delete. */
  readonly original?: Entry;
}

/** A change as somebody asks for it. */
export type Change =
  | { readonly kind: "entry.create" | "entry.update"; readonly entry: Entry }
  | { readonly kind: "entry.delete"; readonly id: string };

/** Reads entries by id. */
export interface EntryReader {
  get(id: string): Entry | undefined;
}

/** Whether two entries say the same. */
export function entriesEqual(a: Entry, b: Entry): boolean {
  return a === b ||
    (a.id === b.id && a.kind === b.kind && valuesEqual(a.meta, b.meta) && valuesEqual(a.data, b.data));
}

/** `value` as an entry; fails with Invalid naming what is wrong. */
export function checkEntry(entry: Entry): Entry {
  checkId(entry.id);
  if (typeof entry.kind !== "string" || entry.kind === "") {
    throw new Failure("Invalid", `${entry.id}: missing kind`, { retryable: false });
  }
  if (!isValueMap(entry.meta)) {
    throw new Failure("Invalid", `${entry.id}: meta must be a map`, { retryable: false });
  }
  return entry;
}

/** Fails with Invalid unless `id` has a namespace and a name. */
export function checkId(id: string): void {
  const { ns, name } = parseEntryId(id);
  if (ns === "" || name === "") {
    throw new Failure("Invalid", `invalid ID format: "${id}" (namespace:name required)`, {
      retryable: false,
    });
  }
}

/**
 * The operations that `changes`, made one after the other to `base`, amount to: create and update are a create, create
 * and delete nothing, update and delete a delete, delete and create an update.
 *
 * Fails with AlreadyExists on a create of what exists at that point, with NotFound on an update or delete of what doesn't.
 */
export function squash(changes: Iterable<Change>, base: EntryReader): Operation[] {
  const final = new Map<string, Entry | undefined>();
  for (const change of changes) {
    const id = change.kind === "entry.delete" ? change.id : change.entry.id;
    const before = final.has(id) ? final.get(id) : base.get(id);
    if (change.kind === "entry.create") {
      checkEntry(change.entry);
      if (before !== undefined) {
        throw new Failure("AlreadyExists", `entry already exists: ${id}`, { retryable: false });
      }
    } else {
      if (change.kind === "entry.update") checkEntry(change.entry);
      if (before === undefined) throw new Failure("NotFound", `entry not found: ${id}`, { retryable: false });
    }
    final.set(id, change.kind === "entry.delete" ? undefined : change.entry);
  }
  const operations: Operation[] = [];
  for (const [id, entry] of final) {
    const operation = operationOf(base.get(id), entry);
    if (operation !== undefined) operations.push(operation);
  }
  return operations;
}

/** The one operation that leads from `before` to `after`; undefined when neither exists. */
export function operationOf(before: Entry | undefined, after: Entry | undefined): Operation | undefined {
  if (after !== undefined) {
    return before === undefined
      ? { kind: "entry.create", entry: after }
      : { kind: "entry.update", entry: after, original: before };
  }
  return before === undefined ? undefined : { kind: "entry.delete", entry: before, original: before };
}

/** The fewest operations, unordered, that lead from one set of entries to another. */
export function difference(from: Iterable<Entry>, to: Iterable<Entry>): Operation[] {
  const before = new Map<string, Entry>();
  for (const entry of from) before.set(entry.id, entry);
  const operations: Operation[] = [];
  const kept = new Set<string>();
  for (const entry of to) {
    if (kept.has(entry.id)) {
      throw new Failure("Invalid", `${entry.id} stands twice in the list`, { retryable: false });
    }
    kept.add(entry.id);
    const original = before.get(entry.id);
    if (original === undefined || !entriesEqual(original, entry)) {
      operations.push(operationOf(original, entry)!);
    }
  }
  for (const entry of before.values()) {
    if (!kept.has(entry.id)) operations.push(operationOf(entry, undefined)!);
  }
  return operations;
}

/** The operations that take back `operations`, last one first. */
export function inverse(operations: readonly Operation[]): Operation[] {
  const reversed: Operation[] = [];
  for (let i = operations.length - 1; i >= 0; i--) reversed.push(inverseOf(operations[i]!));
  return reversed;
}

/** The operation that takes back `operation`. */
export function inverseOf(operation: Operation): Operation {
  if (operation.kind === "entry.create") {
    return { kind: "entry.delete", entry: operation.entry, original: operation.entry };
  }
  if (operation.kind === "entry.delete") return { kind: "entry.create", entry: operation.entry };
  return { kind: "entry.update", entry: operation.original!, original: operation.entry };
}

/** An entry as plain data, as bus events and Lua see it. */
export function entryValue(entry: Entry): Value {
  return { id: entry.id, kind: entry.kind, meta: entry.meta, data: entry.data };
}
