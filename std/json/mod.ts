/** The `json` module. Encoding and decoding run inside the VM; schemas are checked here. */
import { Failure } from "../../src/core/mod.ts";
import { type Call, defineModule } from "../../src/lua/mod.ts";
import { ArgumentError, type NativeResult, Values } from "../../src/vm/mod.ts";
import { describeProblems, SchemaCache } from "./schema.ts";
import types from "./json.d.lua" with { type: "text" };

const SCHEMAS = new SchemaCache();
const UTF8 = new TextDecoder();

/** Argument 1 as the text of a schema. */
function schemaText(call: Call): string {
  if (call.count >= 1 && call.type(1) === "string") return call.string(1);
  if (call.count >= 1 && call.type(1) === "table") return UTF8.decode(call.json(1));
  throw new ArgumentError(1, "table or string", call.count < 1 ? "none" : call.type(1));
}

function check(call: Call, document: string): NativeResult {
  const validate = SCHEMAS.check(schemaText(call));
  if (validate(parse(document))) return true;
  const failure = new Failure("Invalid", `validation failed: ${describeProblems(validate.errors)}`, {
    retryable: false,
  });
  return new Values([false, call.error(failure)]);
}

function parse(document: string): unknown {
  try {
    return JSON.parse(document);
  } catch (cause) {
    throw new Failure("Internal", `invalid JSON: ${(cause as Error).message}`, { retryable: false, cause });
  }
}

export default defineModule({
  name: "json",
  types,
  classes: ["encoding", "deterministic", "workflow"],
  builtins: { encode: "json.encode", decode: "json.decode" },
  functions: {
    validate: (call) => check(call, UTF8.decode(call.json(2))),
    validate_string: (call) => {
      if (call.count < 2 || call.type(2) !== "string") {
        throw new Failure("Invalid", "string expected", { retryable: false });
      }
      return check(call, call.string(2));
    },
  },
});
