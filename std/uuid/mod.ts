/** The `uuid` module: making and reading identifiers. */
import { Failure } from "../../src/core/mod.ts";
import { type Call, defineModule } from "../../src/lua/mod.ts";
import type { Ports } from "../../src/ports/mod.ts";
import type { LuaValue } from "../../src/vm/mod.ts";
import {
  namedUuid,
  parseUuid,
  printSimple,
  printUuid,
  secondsOf,
  UuidSource,
  variantOf,
  versionOf,
} from "./identifier.ts";
import types from "./uuid.d.lua" with { type: "text" };

function invalid(message: string): Failure {
  return new Failure("Invalid", message, { retryable: false });
}

// One source for each outside world, not one for all: simulated ones must not share it.
const SOURCES = new WeakMap<Ports, UuidSource>();

function source(call: Call): UuidSource {
  const { ports } = call.services;
  let known = SOURCES.get(ports);
  if (known === undefined) {
    known = new UuidSource(ports.clock, ports.random.stream("uuid"));
    SOURCES.set(ports, known);
  }
  return known;
}

function isText(call: Call, i: number): boolean {
  return call.count >= i && call.type(i) === "string";
}

function identifier(call: Call): Uint8Array {
  if (!isText(call, 1)) throw invalid("input must be a string");
  const bytes = parseUuid(call.string(1));
  if (bytes === undefined) throw invalid("invalid UUID format");
  return bytes;
}

function named(call: Call, version: 3 | 5): string {
  if (!isText(call, 1) || !isText(call, 2)) throw invalid("namespace and name must be strings");
  const namespace = parseUuid(call.string(1));
  if (namespace === undefined) throw invalid("invalid namespace UUID");
  return printUuid(namedUuid(call.services.ports.cryptography, version, namespace, call.bytes(2)));
}

function parse(call: Call): LuaValue {
  const bytes = identifier(call);
  const version = versionOf(bytes);
  const info: { [key: string]: LuaValue } = { version, variant: variantOf(bytes) };
  const seconds = secondsOf(bytes);
  if (seconds !== undefined) info["timestamp"] = seconds;
  if (version === 1) info["node"] = printSimple(bytes.subarray(10));
  return info;
}

function format(call: Call): string {
  const bytes = identifier(call);
  const style = call.count < 2 || call.type(2) === "nil" ? "standard" : call.string(2);
  switch (style) {
    case "standard":
      return printUuid(bytes);
    case "simple":
      return printSimple(bytes);
    case "urn":
      return `urn:uuid:${printUuid(bytes)}`;
    default:
      throw invalid("unsupported format");
  }
}

export default defineModule({
  name: "uuid",
  types,
  classes: ["nondeterministic", "workflow"],
  portable: true,
  functions: {
    v1: (call) => printUuid(source(call).timed()),
    v3: (call) => named(call, 3),
    v4: (call) => printUuid(source(call).random()),
    v5: (call) => named(call, 5),
    v7: (call) => printUuid(source(call).ordered()),
    validate: (call) => isText(call, 1) && parseUuid(call.string(1)) !== undefined,
    version: (call) => versionOf(identifier(call)),
    variant: (call) => variantOf(identifier(call)),
    parse,
    format,
  },
});
