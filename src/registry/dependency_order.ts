/**
 * The order of a change set: deletes first, dependents before what they depend on; then creates and updates, what is
 * depended on first.
 *
 * DO1. Order follows references through unchanged entries as well. DO2. A cycle that a changed entry is part of fails with
 * Invalid and names its ids. DO3. A reference to something that does not exist orders nothing. DO4. Operations without an order
 * between them keep the order in which they were given. DO5. Linear in entries and references reached; no recursion.
 */
import { Failure } from "../core/mod.ts";
import type { EntryReader, Operation } from "./change_set.ts";
import type { Entry } from "./entry.ts";

/** Ids of the entries that an entry needs first; some may not exist. */
export type ReferencesOf = (entry: Entry) => readonly string[];

/** Sorts `operations`, which lead from `before` to `after`. */
export function orderOperations(
  operations: readonly Operation[],
  before: EntryReader,
  after: EntryReader,
  references: ReferencesOf,
): Operation[] {
  const deletes: Operation[] = [];
  const changes: Operation[] = [];
  for (const operation of operations) (operation.kind === "entry.delete" ? deletes : changes).push(operation);
  return [
    ...sorted(deletes, before, references, true).reverse(),
    ...sorted(changes, after, references, false),
  ];
}

/** All `entries`, what is depended on first. */
export function orderEntries(
  entries: Iterable<Entry>,
  reader: EntryReader,
  references: ReferencesOf,
): Entry[] {
  const operations = [...entries].map((entry): Operation => ({ kind: "entry.create", entry }));
  return sorted(operations, reader, references, false).map((operation) => operation.entry);
}

interface Frame {
  readonly id: string;
  readonly references: readonly string[];
  next: number;
}

/** Dependencies first. With `backwards` the input is walked from its end, so that a later reversal restores its order. */
function sorted(
  operations: readonly Operation[],
  reader: EntryReader,
  references: ReferencesOf,
  backwards: boolean,
): Operation[] {
  const wanted = new Map(operations.map((operation) => [operation.entry.id, operation]));
  const result: Operation[] = [];
  const done = new Set<string>();
  const open = new Set<string>();
  const stack: Frame[] = [];
  const enter = (id: string) => {
    const entry = reader.get(id);
    if (entry === undefined) return;
    open.add(id);
    stack.push({ id, references: references(entry), next: 0 });
  };
  const roots = backwards ? operations.toReversed() : operations;
  for (const { entry: { id: root } } of roots) {
    if (done.has(root)) continue;
    enter(root);
    while (stack.length > 0) {
      const frame = stack[stack.length - 1]!;
      if (frame.next < frame.references.length) {
        const id = frame.references[frame.next++]!;
        if (open.has(id)) throw cycle(stack, id);
        if (!done.has(id)) enter(id);
        continue;
      }
      stack.pop();
      open.delete(frame.id);
      done.add(frame.id);
      const operation = wanted.get(frame.id);
      if (operation !== undefined) result.push(operation);
    }
  }
  return result;
}

function cycle(stack: readonly Frame[], id: string): Failure {
  const ids = stack.slice(stack.findIndex((frame) => frame.id === id)).map((frame) => frame.id);
  const path = [...ids, id].join(" -> ");
  return new Failure("Invalid", `dependency cycle: ${path}; remove one of these references`, {
    retryable: false,
    details: { ids },
  });
}
