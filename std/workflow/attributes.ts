/** The argument of `workflow.attrs`: what a workflow may be looked up by, and what is only kept with it. */
import { Failure, type ValueMap } from "../../src/core/mod.ts";
import { type Call, plainMap, type WorkflowAttributes, workflowAttributes } from "../../src/lua/mod.ts";
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
  return workflowAttributes(mapOf(fields["search"], "search"), mapOf(fields["memo"], "memo"));
}

function mapOf(value: LuaValue | undefined, name: string): ValueMap {
  if (value === undefined || value === null) return {};
  const map = plainMap(value);
  if (map === undefined) throw invalid(`${name} must be a table with names as keys`);
  return map;
}
