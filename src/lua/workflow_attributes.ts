/** What a workflow may be looked up by, and what is only kept with it: checked where it is given. */
import {
  Failure,
  type Value,
  type ValueMap,
  WORKFLOW_MEMO_BYTES_MAX,
  WORKFLOW_SEARCH_BYTES_MAX,
} from "../core/mod.ts";
import type { SearchValue, WorkflowAttributes } from "./outside.ts";

/** The attributes in plain data; Invalid for what can't be one. `names` are what the two maps are called in messages. */
export function workflowAttributes(
  search: ValueMap,
  memo: ValueMap,
  names: { search: string; memo: string } = { search: "search", memo: "memo" },
): WorkflowAttributes {
  demandSize(search, names.search, WORKFLOW_SEARCH_BYTES_MAX);
  demandSize(memo, names.memo, WORKFLOW_MEMO_BYTES_MAX);
  const values = Object.keys(search).map((name) =>
    [name, searchValue(`${names.search}.${name}`, search[name])] as const
  );
  return { search: Object.fromEntries(values), memo };
}

function invalid(message: string): Failure {
  return new Failure("Invalid", message, { retryable: false });
}

function searchValue(path: string, value: Value): SearchValue {
  if (typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  if (Array.isArray(value) && value.every((item) => typeof item === "string")) return value as string[];
  throw invalid(`${path} must be a text, a number, a boolean or a list of texts`);
}

/** Journals keep texts: bytes have no place in them, and integers beyond those of JSON become texts. */
function demandSize(map: ValueMap, name: string, bytesMax: number): void {
  const text = JSON.stringify(map, (key, value: unknown) => {
    if (value instanceof Uint8Array) throw invalid(`${name}: ${key} holds binary data`);
    return typeof value === "bigint" ? String(value) : value;
  });
  const bytes = new TextEncoder().encode(text).length;
  if (bytes > bytesMax) throw invalid(`${name} takes ${bytes} bytes; at most ${bytesMax} are kept`);
}
