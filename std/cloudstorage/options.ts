/** Options of the `cloudstorage` module's methods: checked here, so that nothing is sent that the service would misread. */
import { CLOUD_URL_SECONDS_MAX, Failure } from "../../src/core/mod.ts";
import type { Call } from "../../src/lua/mod.ts";
import type {
  CloudDownloadOptions,
  CloudListOptions,
  CloudUploadOptions,
  CloudUploadUrlOptions,
} from "../../src/ports/mod.ts";
import { LuaFloat, type LuaValue } from "../../src/vm/mod.ts";

type Fields = { readonly [name: string]: LuaValue };

const URL_SECONDS_DEFAULT = 3600;
/** Headers that are part of how a request is signed and sent. */
const RESERVED_HEADERS =
  /^(authorization|host|content-length|transfer-encoding|connection|expect|x-amz-(date|content-sha256|security-token))$/;
const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const VALUE = /^[\t\x20-\x7e]*$/;

function invalid(message: string): Failure {
  return new Failure("Invalid", message, { retryable: false });
}

/** Argument `i` as a table with names as keys; absent is empty. */
function fieldsAt(call: Call, i: number): Fields {
  return call.count < i || call.type(i) === "nil" ? {} : tableOf(call.value(i), "options");
}

function tableOf(value: LuaValue, name: string): Fields {
  if (Array.isArray(value) && value.length === 0) return {};
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype) {
    throw invalid(`${name} must be a table with names as keys`);
  }
  return value as Fields;
}

function textOf(fields: Fields, name: string): string | undefined {
  const value = fields[name];
  if (value === null || value === undefined || value === "") return undefined;
  if (typeof value !== "string") throw invalid(`${name} must be a string`);
  return value;
}

/** A text that goes into the head of a request. */
function headerOf(fields: Fields, name: string): string | undefined {
  const value = textOf(fields, name);
  if (value === undefined || VALUE.test(value)) return value;
  throw invalid(`${name} must be printable ASCII`);
}

function flagOf(fields: Fields, name: string): boolean {
  const value = fields[name];
  if (value === null || value === undefined) return false;
  if (typeof value !== "boolean") throw invalid(`${name} must be a boolean`);
  return value;
}

function integerOf(fields: Fields, name: string, min: number): number | undefined {
  const value = fields[name];
  if (value === null || value === undefined) return undefined;
  const number = value instanceof LuaFloat ? value.value : value;
  if (typeof number !== "number" || !Number.isSafeInteger(number) || number < min) {
    throw invalid(`${name} must be a whole number of at least ${min}`);
  }
  return number;
}

/** Names and values of headers; names become lower case, as HTTP does not tell them apart. */
function linesOf(fields: Fields, name: string): Record<string, string> | undefined {
  const value = fields[name];
  if (value === null || value === undefined) return undefined;
  const lines: Record<string, string> = {};
  for (const [key, each] of Object.entries(tableOf(value, name))) {
    const text = typeof each === "number" || typeof each === "bigint" ? String(each) : each;
    if (!NAME.test(key)) throw invalid(`${name}: ${JSON.stringify(key)} is no name of a header`);
    if (typeof text !== "string") throw invalid(`${name}.${key} must be a string`);
    if (!VALUE.test(text)) throw invalid(`${name}.${key} must be printable ASCII`);
    lines[key.toLowerCase()] = text;
  }
  return lines;
}

/** Argument `i` of an upload. */
export function uploadOptions(call: Call, i: number): CloudUploadOptions {
  const fields = fieldsAt(call, i);
  const headers = linesOf(fields, "headers");
  const reserved = Object.keys(headers ?? {}).find((name) => RESERVED_HEADERS.test(name));
  if (reserved !== undefined) throw invalid(`headers.${reserved} is set by the storage itself`);
  const isAbsentOnly = flagOf(fields, "only_if_absent");
  const [ifMatch, ifNoneMatch] = [headerOf(fields, "if_match"), headerOf(fields, "if_none_match")];
  if (isAbsentOnly && (ifMatch !== undefined || (ifNoneMatch ?? "*") !== "*")) {
    throw invalid("only_if_absent excludes if_match and any if_none_match but *");
  }
  return {
    contentType: headerOf(fields, "content_type"),
    cacheControl: headerOf(fields, "cache_control"),
    contentDisposition: headerOf(fields, "content_disposition"),
    contentEncoding: headerOf(fields, "content_encoding"),
    metadata: linesOf(fields, "metadata"),
    headers,
    ifMatch,
    ifNoneMatch: isAbsentOnly ? "*" : ifNoneMatch,
  };
}

/** Argument `i` of a download. */
export function downloadOptions(call: Call, i: number): CloudDownloadOptions {
  const fields = fieldsAt(call, i);
  const range = textOf(fields, "range");
  // The service would ignore what it can't read and send everything.
  const bounds = range === undefined ? null : /^bytes=(\d+)-(\d*)$/.exec(range);
  const isRange = range === undefined || /^bytes=-[1-9]\d*$/.test(range) ||
    bounds !== null && (bounds[2] === "" || Number(bounds[1]) <= Number(bounds[2]));
  if (!isRange) throw invalid(`range must look like bytes=0-1023, bytes=1024- or bytes=-512, got ${range}`);
  return { range, ifMatch: headerOf(fields, "if_match"), ifNoneMatch: headerOf(fields, "if_none_match") };
}

/** Argument `i` of a listing. */
export function listOptions(call: Call, i: number): CloudListOptions {
  const fields = fieldsAt(call, i);
  return {
    prefix: textOf(fields, "prefix"),
    keysMax: integerOf(fields, "max_keys", 0) || undefined,
    continuationToken: textOf(fields, "continuation_token"),
    includeOwner: flagOf(fields, "include_owner"),
    includeVersions: flagOf(fields, "include_versions"),
  };
}

function secondsOf(fields: Fields): number {
  const seconds = integerOf(fields, "expiration", 0) || URL_SECONDS_DEFAULT;
  if (seconds <= CLOUD_URL_SECONDS_MAX) return seconds;
  throw invalid(`expiration must be at most ${CLOUD_URL_SECONDS_MAX} seconds (7 days), got ${seconds}`);
}

/** Argument `i` of a URL for a download: how long it lives. */
export function downloadUrlSeconds(call: Call, i: number): number {
  return secondsOf(fieldsAt(call, i));
}

/** Argument `i` of a URL for an upload. */
export function uploadUrlOptions(call: Call, i: number): CloudUploadUrlOptions {
  const fields = fieldsAt(call, i);
  return {
    seconds: secondsOf(fields),
    contentType: headerOf(fields, "content_type"),
    contentLength: integerOf(fields, "content_length", 0),
  };
}
