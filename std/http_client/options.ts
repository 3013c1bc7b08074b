/** The options of a request, from Lua's table to checked values. */
import {
  Failure,
  HTTP_CLIENT_BODY_BYTES_MAX,
  HTTP_CLIENT_TIMEOUT_MS,
  parseDurationNs,
} from "../../src/core/mod.ts";
import type { ByteStream, ClientTls } from "../../src/ports/mod.ts";
import { LuaFloat, type LuaValue } from "../../src/vm/mod.ts";

/** Bytes or text. */
export type Text = string | Uint8Array;

/** A file of a form. */
export interface FilePart {
  readonly name: string;
  readonly filename: string;
  readonly content: Text | ByteStream;
}

/** What a request carries and how it is sent. */
export interface RequestOptions {
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Text | undefined;
  readonly query: readonly (readonly [string, Text])[];
  readonly form: readonly (readonly [string, Text])[] | undefined;
  readonly files: readonly FilePart[];
  readonly cookies: readonly (readonly [string, string])[];
  readonly auth: { readonly user: string; readonly pass: string } | undefined;
  readonly timeoutMs: number;
  readonly isStreamed: boolean;
  /** Undefined for a stream without a limit. */
  readonly bodyBytesMax: number | undefined;
  readonly unixSocket: string | undefined;
  readonly tls: ClientTls | undefined;
  readonly network: string | undefined;
}

type Fields = { [name: string]: LuaValue };

/** Invalid, with the option's name. */
export function invalidOption(name: string, expected: string): Failure {
  return new Failure("Invalid", `invalid option ${name}: ${expected}`, { retryable: false });
}

/** The options in a Lua value; `reader` finds the bytes behind a handle. */
export function readOptions(
  value: LuaValue,
  reader: (value: LuaValue) => ByteStream | undefined,
): RequestOptions {
  const options = fieldsOf(value, "options") ?? {};
  const isStreamed = booleanOf(options, "stream") ?? false;
  const limit = numberOf(options, "max_response_body") ?? 0;
  if (!(limit >= 0)) throw invalidOption("max_response_body", "a number of bytes");
  return {
    headers: textLines(options, "headers"),
    body: textOf(options, "body"),
    query: pairsOf(options, "query") ?? [],
    form: pairsOf(options, "form"),
    files: filesOf(options["files"], reader),
    cookies: textLines(options, "cookies"),
    auth: authOf(options),
    timeoutMs: timeoutMs(options["timeout"]),
    isStreamed,
    bodyBytesMax: limit > 0 ? limit : isStreamed ? undefined : HTTP_CLIENT_BODY_BYTES_MAX,
    unixSocket: stringOf(options, "unix_socket"),
    tls: tlsOf(options),
    network: stringOf(options, "overlay_network"),
  };
}

function fieldsOf(value: LuaValue, name: string): Fields | undefined {
  if (value === null || value === undefined) return undefined;
  if (Array.isArray(value) && value.length === 0) return {};
  if (typeof value !== "object" || Object.getPrototypeOf(value) !== Object.prototype) {
    throw invalidOption(name, "a table with names as keys");
  }
  return value as Fields;
}

function textOf(fields: Fields, name: string): Text | undefined {
  const value = fields[name];
  if (value === null || value === undefined) return undefined;
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  if (typeof value !== "string" && !(value instanceof Uint8Array)) throw invalidOption(name, "a string");
  return value;
}

function stringOf(fields: Fields, name: string): string | undefined {
  const text = textOf(fields, name);
  if (text instanceof Uint8Array) throw invalidOption(name, "text in UTF-8");
  return text === "" ? undefined : text;
}

function booleanOf(fields: Fields, name: string): boolean | undefined {
  const value = fields[name];
  if (value === null || value === undefined) return undefined;
  if (typeof value !== "boolean") throw invalidOption(name, "a boolean");
  return value;
}

function numberOf(fields: Fields, name: string): number | undefined {
  const value = fields[name];
  if (value === null || value === undefined) return undefined;
  const number = value instanceof LuaFloat ? value.value : value;
  if (typeof number !== "number") throw invalidOption(name, "a number");
  return number;
}

/** One value, or several as a list. */
function scalars(value: LuaValue, name: string): Text[] {
  if (Array.isArray(value)) return value.flatMap((item) => scalars(item, name));
  if (value instanceof LuaFloat) return [String(value.value)];
  if (typeof value === "string" || value instanceof Uint8Array) return [value];
  if (typeof value === "number" || typeof value === "bigint" || typeof value === "boolean") {
    return [String(value)];
  }
  throw invalidOption(name, "a string, number or boolean");
}

/** Names and values by name, so that the same table gives the same request. */
function pairsOf(fields: Fields, name: string): [string, Text][] | undefined {
  const table = fieldsOf(fields[name], name);
  if (table === undefined) return undefined;
  return Object.keys(table).sort().flatMap((key) =>
    scalars(table[key], `${name}.${key}`).map((value): [string, Text] => [key, value])
  );
}

/** As `pairsOf`, for what goes into the head of a request. */
function textLines(fields: Fields, name: string): [string, string][] {
  return (pairsOf(fields, name) ?? []).map(([key, value]) => {
    // deno-lint-ignore no-control-regex
    if (typeof value !== "string" || /[\x00-\x08\x0a-\x1f\x7f]/.test(value)) {
      throw invalidOption(`${name}.${key}`, "text without control characters");
    }
    if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(key)) {
      throw invalidOption(name, `${JSON.stringify(key)} is no name`);
    }
    return [key, value];
  });
}

function authOf(options: Fields): RequestOptions["auth"] {
  const auth = fieldsOf(options["auth"], "auth");
  if (auth === undefined) return undefined;
  return { user: stringOf(auth, "user") ?? "", pass: stringOf(auth, "pass") ?? "" };
}

function tlsOf(options: Fields): ClientTls | undefined {
  const tls = fieldsOf(options["tls"], "tls");
  if (tls === undefined) return undefined;
  const [cert, key] = [stringOf(tls, "cert"), stringOf(tls, "key")];
  if ((cert === undefined) !== (key === undefined)) {
    throw invalidOption("tls", "cert and key must be given together");
  }
  return {
    cert,
    key,
    ca: stringOf(tls, "ca"),
    serverName: stringOf(tls, "server_name"),
    skipVerify: booleanOf(tls, "insecure_skip_verify"),
  };
}

function timeoutMs(value: LuaValue): number {
  if (value === null || value === undefined) return HTTP_CLIENT_TIMEOUT_MS;
  const seconds = value instanceof LuaFloat ? value.value : value;
  const ms = typeof seconds === "number"
    ? seconds * 1000
    : typeof seconds === "string"
    ? (parseDurationNs(seconds) ?? NaN) / 1e6
    : NaN;
  if (!(ms >= 0)) throw invalidOption("timeout", 'seconds or a duration such as "30s"');
  return ms === 0 ? HTTP_CLIENT_TIMEOUT_MS : ms;
}

function filesOf(value: LuaValue, reader: (value: LuaValue) => ByteStream | undefined): FilePart[] {
  if (value === null || value === undefined) return [];
  if (!Array.isArray(value)) throw invalidOption("files", "a list of files");
  return value.map((item, i): FilePart => {
    const at = `files[${i + 1}]`;
    const file = fieldsOf(item, at);
    const name = file === undefined ? undefined : stringOf(file, "name");
    if (file === undefined || name === undefined) throw invalidOption(at, "name is required");
    const content = textOf(file, "content");
    const stream = file["reader"] === undefined ? undefined : reader(file["reader"]);
    if (content === undefined && stream?.read === undefined) {
      throw invalidOption(at, "content or a readable reader is required");
    }
    return { name, filename: stringOf(file, "filename") ?? name, content: content ?? stream! };
  });
}
