/** The `cdc` module: changes of rows in databases, as they happen. */
import { CDC_BUFFER, CDC_BUFFER_MAX, Failure, parseEntryId, resolveEntryId } from "../../src/core/mod.ts";
import {
  type Call,
  defineModule,
  defineObject,
  type ModuleCommand,
  type ObjectDefinition,
  optionsArgument,
} from "../../src/lua/mod.ts";
import { CDC_OPERATIONS, type CdcOperation, CdcResource, type CdcSource } from "../../src/ports/mod.ts";
import type { LuaHandle, LuaValue, NativeResult } from "../../src/vm/mod.ts";
import types from "./cdc.d.lua" with { type: "text" };
import { ChangeStream } from "./change_stream.ts";

function invalid(message: string): Failure {
  return new Failure("Invalid", message, { retryable: false });
}

/** Argument 1 as the id of a source. */
function idArgument(call: Call): string {
  const text = call.count < 1 || call.type(1) === "nil" ? "" : call.string(1);
  if (text === "") throw invalid("source name required");
  return resolveEntryId(text, parseEntryId(call.process.entryId).ns);
}

function infoOf({ info }: CdcSource): LuaValue {
  return { ...info, tables: [...info.tables] };
}

function listSources(call: Call): LuaValue {
  return call.services.resources.all(CdcResource).map(([, source]) => infoOf(source));
}

function source(call: Call): LuaValue {
  const found = call.services.resources.find(CdcResource, idArgument(call));
  return found === undefined ? null : infoOf(found);
}

/** An option that is a list of texts; undefined without it. */
function textsOption(value: LuaValue, name: string): readonly string[] | undefined {
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value) || value.some((item) => typeof item !== "string" || item === "")) {
    throw invalid(`${name} must be a list of strings`);
  }
  return value as string[];
}

function operationsOption(value: LuaValue): ReadonlySet<CdcOperation> | undefined {
  const names = textsOption(value, "ops");
  if (names === undefined) return undefined;
  const known: readonly string[] = CDC_OPERATIONS;
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw invalid(`unknown operation in ops: ${unknown} (${CDC_OPERATIONS.join(", ")})`);
  }
  return new Set(names as CdcOperation[]);
}

function tablesOption(value: LuaValue): ReadonlySet<string> | undefined {
  const names = textsOption(value, "tables");
  const short = names?.find((name) => !name.includes("."));
  if (short !== undefined) throw invalid(`tables must be named schema.table, not ${short}`);
  return names === undefined ? undefined : new Set(names);
}

function bufferOption(value: LuaValue): number {
  if (value === undefined || value === null) return CDC_BUFFER;
  if (typeof value !== "number" || !Number.isInteger(value) || value < 1 || value > CDC_BUFFER_MAX) {
    throw invalid(`invalid buffer size: from 1 to ${CDC_BUFFER_MAX}`);
  }
  return value;
}

function stream(call: Call): LuaHandle {
  const id = idArgument(call);
  const options = optionsArgument(call, 2);
  const operations = operationsOption(options["ops"]);
  const tables = tablesOption(options["tables"]);
  const buffer = bufferOption(options["buffer"]);
  const found = call.services.resources.find(CdcResource, id);
  if (found === undefined) throw new Failure("Internal", `cdc source not found: ${id}`, { retryable: false });
  const wishes = { buffer, ...operations && { operations }, ...tables && { tables } };
  return call.create(streamObject, new ChangeStream(found, wishes));
}

const channelOf: ModuleCommand = (call) => call.self(streamObject).channel(call) as NativeResult;

function close(call: Call): boolean {
  call.self(streamObject).close();
  return true;
}

// Lua dropping the stream does not end it: its channel may still be in use. It ends with its process.
const streamObject: ObjectDefinition<ChangeStream> = defineObject<ChangeStream>({
  name: "cdc.Stream",
  methods: { close, release: close },
  commands: { channel: channelOf, receive: channelOf },
  tostring: ({ source: { info } }) => `cdc.Stream{source=${info.name}}`,
});

export default defineModule({
  name: "cdc",
  types,
  classes: ["storage", "nondeterministic"],
  functions: { list_sources: listSources, source, stream },
  objects: [streamObject as never],
});
