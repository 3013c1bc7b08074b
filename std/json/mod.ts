/** The `json` module. Encoding and decoding run inside the VM; schemas are checked here. */
import { Failure } from "../../src/core/mod.ts";
import { type Call, defineModule } from "../../src/lua/mod.ts";
import { ArgumentError, type NativeResult, Values } from "../../src/vm/mod.ts";
import type { SchemaCache } from "./schema.ts";
import types from "./json.d.lua" with { type: "text" };

const UTF8 = new TextDecoder();

let loaded: SchemaCache | undefined;

/** Loaded when first used: that takes longer than all of a short run. */
function schemas(): SchemaCache | Promise<SchemaCache> {
  return loaded ?? import("./schema.ts").then((module) => loaded ??= new module.SchemaCache());
}

/** Argument 1 as the text of a schema. */
function schemaText(call: Call): string {
  if (call.count >= 1 && call.type(1) === "string") return call.string(1);
  if (call.count >= 1 && call.type(1) === "table") return UTF8.decode(call.json(1));
  throw new ArgumentError(1, "table or string", call.count < 1 ? "none" : call.type(1));
}

function check(call: Call, document: string): NativeResult | Promise<NativeResult> {
  const schema = schemaText(call);
  const checkWith = (cache: SchemaCache): NativeResult => {
    const problem = cache.check(schema, document);
    if (problem === "") return true;
    const failure = new Failure("Invalid", `validation failed: ${problem}`, { retryable: false });
    return new Values([false, call.error(failure)]);
  };
  const cache = schemas();
  return cache instanceof Promise ? cache.then(checkWith) : checkWith(cache);
}

export default defineModule({
  name: "json",
  types,
  classes: ["encoding", "deterministic", "workflow"],
  portable: true,
  builtins: { encode: "json.encode", decode: "json.decode" },
  commands: {
    validate: (call) => check(call, UTF8.decode(call.json(2))),
    validate_string: (call) => {
      if (call.count < 2 || call.type(2) !== "string") {
        throw new Failure("Invalid", "string expected", { retryable: false });
      }
      return check(call, call.string(2));
    },
  },
});
