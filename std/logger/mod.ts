/** The `logger` module: structured log records. */
import { Failure, type Value } from "../../src/core/mod.ts";
import {
  type Call,
  defineModule,
  defineObject,
  type ObjectDefinition,
  plainValue,
} from "../../src/lua/mod.ts";
import { ArgumentError, type LuaHandle, type LuaValue, Values } from "../../src/vm/mod.ts";
import types from "./logger.d.lua" with { type: "text" };

/** A logger with a name and fields of its own. */
interface ChildLogger {
  /** Below the name of the entry, `""` for none. */
  readonly name: string;
  readonly fields: Record<string, Value>;
}

type Level = "debug" | "info" | "warn" | "error";

const ROOT: ChildLogger = { name: "", fields: {} };

/** The table at argument `i` as fields by name, since a table has no order; keys that are no text are left out. */
function fieldsArgument(call: Call, i: number): Record<string, Value> {
  if (call.count < i || call.type(i) === "nil") return {};
  if (call.type(i) !== "table") throw new ArgumentError(i, "table", call.type(i));
  const { modules } = call.runtime;
  const table = call.value(i);
  if (Array.isArray(table)) return {};
  const entries: [LuaValue, LuaValue][] = table instanceof Map
    ? [...table]
    : Object.entries(table as { [key: string]: LuaValue });
  const fields: Record<string, Value> = {};
  const named = entries.filter((entry): entry is [string, LuaValue] => typeof entry[0] === "string");
  for (const [key, item] of named.sort(([a], [b]) => a < b ? -1 : 1)) {
    const value = plainValue(item, (handle) => modules.textOf(handle));
    if (value !== undefined) fields[key] = value;
  }
  return fields;
}

function write(call: Call, logger: ChildLogger, level: Level): Values {
  const { entryId, pid } = call.process;
  const message = call.string(2);
  const { source, line } = call.location();
  const fields = { pid, location: `${source}:${line}`, ...logger.fields, ...fieldsArgument(call, 3) };
  const name = logger.name === "" ? entryId : `${entryId}.${logger.name}`;
  call.services.log.named(name)[level](message, fields);
  return new Values([]);
}

function withFields(call: Call, logger: ChildLogger): LuaHandle {
  if (call.type(2) !== "table") throw new ArgumentError(2, "table", call.type(2));
  return call.create(loggerObject, {
    name: logger.name,
    fields: { ...logger.fields, ...fieldsArgument(call, 2) },
  });
}

function named(call: Call, logger: ChildLogger): LuaHandle {
  const name = call.string(2);
  if (name === "") throw new Failure("Invalid", "logger name cannot be empty", { retryable: false });
  return call.create(loggerObject, {
    name: logger.name === "" ? name : `${logger.name}.${name}`,
    fields: logger.fields,
  });
}

/** The members of a logger; `logger` finds the one that a call is made on. */
function members(logger: (call: Call) => ChildLogger): NonNullable<ObjectDefinition<ChildLogger>["methods"]> {
  return {
    debug: (call) => write(call, logger(call), "debug"),
    info: (call) => write(call, logger(call), "info"),
    warn: (call) => write(call, logger(call), "warn"),
    error: (call) => write(call, logger(call), "error"),
    with: (call) => withFields(call, logger(call)),
    named: (call) => named(call, logger(call)),
  };
}

const loggerObject: ObjectDefinition<ChildLogger> = defineObject<ChildLogger>({
  name: "logger.Logger",
  methods: members((call) => call.self(loggerObject)),
});

export default defineModule({
  name: "logger",
  types,
  classes: ["io", "workflow"],
  portable: true,
  functions: members(() => ROOT),
  objects: [loggerObject as never],
});
