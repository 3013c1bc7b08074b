/** The argument of `workflow.attrs`: what a workflow may be looked up by, and what is only kept with it. */
import {
  Failure,
  type Value,
  type ValueMap,
  WORKFLOW_MEMO_BYTES_MAX,
  WORKFLOW_SEARCH_BYTES_MAX,
} from "../../src/core/mod.ts";
import { type Call, plainMap, type SearchValue, type WorkflowAttributes } from "../../src/lua/mod.ts";
import type { LuaValue } from "../../src/vm/mod.ts";

function invalid(message: string): Failure {
  return new Failure("Invalid", message, { retryable: false });
}

/** The attributes that a call gives; Invalid for what can't be one. */
export function attributesArgument(call: Call): WorkflowAttributes {
  if (call.count < 1 || call.type(1) !== "table") throw invalid("attributes must be a table");
  const given = call.value(1) as Record<string, LuaValue>;
  const fields = Array.isArray(given) ? {} : given;
  for (const name of Object.keys(fields)) {
    if (name !== "search" && name !== "memo") {
      throw invalid(`unknown field of attributes: ${name}; there are search and memo`);
    }
  }
  const search = mapOf(fields["search"], "search");
  const memo = mapOf(fields["memo"], "memo");
  demandSize(search, "search", WORKFLOW_SEARCH_BYTES_MAX);
  demandSize(memo, "memo", WORKFLOW_MEMO_BYTES_MAX);
  const values = Object.keys(search).map((name) => [name, searchValue(name, search[name])] as const);
  return { search: Object.fromEntries(values), memo };
}

function mapOf(value: LuaValue | undefined, name: string): ValueMap {
  if (value === undefined || value === null) return {};
  const map = plainMap(value);
  if (map === undefined) throw invalid(`${name} must be a table with names as keys`);
  return map;
}

function searchValue(name: string, value: Value): SearchValue {
  if (typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  if (Array.isArray(value) && value.every((item) => typeof item === "string")) return value as string[];
  throw invalid(`search.${name} must be a text, a number, a boolean or a list of texts`);
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
