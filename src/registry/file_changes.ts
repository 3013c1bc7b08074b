/** What definition files say, compared with what they said before. */
import { entriesEqual, type Operation, operationOf } from "./change_set.ts";
import { digestOf } from "./digest.ts";
import type { Entry } from "./entry.ts";
import type { FileDigests } from "./history.ts";
import type { RegistryState } from "./state.ts";

/** The digests of entries as files say them now. */
export function digestsOf(entries: readonly Entry[]): FileDigests {
  return new Map(entries.map((entry) => [entry.id, digestOf(entry)]));
}

/** What changed in the files since `known` was taken, as operations on `state`. */
export function fileChanges(
  entries: readonly Entry[],
  digests: FileDigests,
  known: FileDigests,
  state: RegistryState,
): Operation[] {
  const operations: Operation[] = [];
  for (const entry of entries) {
    if (known.get(entry.id) === digests.get(entry.id)) continue;
    const before = state.get(entry.id);
    if (before === undefined || !entriesEqual(before, entry)) operations.push(operationOf(before, entry)!);
  }
  for (const id of known.keys()) {
    if (digests.has(id)) continue;
    const operation = operationOf(state.get(id), undefined);
    if (operation !== undefined) operations.push(operation);
  }
  return operations;
}
