/** `wasi:io/streams` and `wasi:io/error`. */
import { Resource } from "./handles.ts";
import type { ErrorCode, Host, HostFunction, HostFunctions, Variant } from "./host.ts";
import { Pollable } from "./poll.ts";

/** Bytes that one read gives, or one write takes, at most. */
export const CHUNK_BYTES_MAX = 64 * 1024;

/** What went wrong with a stream. */
export class StreamError extends Resource {
  readonly code: ErrorCode;

  constructor(code: ErrorCode) {
    super();
    this.code = code;
  }
}

/** A source of bytes. */
export abstract class InputStream extends Resource {
  /** Up to so many bytes, at least one; `closed` at the end. May wait. */
  abstract read(size: number, host: Host): Uint8Array | "closed" | StreamError;
}

/** Where bytes go. */
export abstract class OutputStream extends Resource {
  abstract write(data: Uint8Array, host: Host): StreamError | undefined;
  /** Makes sure of what was written. */
  abstract flush(host: Host): StreamError | undefined;
}

type Result = { readonly ok: unknown } | { readonly err: Variant };

const CLOSED: Result = { err: { tag: "closed" } };
const DONE: Result = { ok: null };

function failed(error: StreamError, { handles }: Host): Result {
  return { err: { tag: "last-operation-failed", value: handles.add(error) } };
}

function readFrom(stream: unknown, size: unknown, host: Host): Uint8Array | Result {
  const input = host.handles.get(stream, InputStream);
  const wanted = Math.min(Number(size), CHUNK_BYTES_MAX);
  if (wanted === 0) return new Uint8Array();
  const got = input.read(wanted, host);
  return got === "closed" ? CLOSED : got instanceof StreamError ? failed(got, host) : got;
}

const read: HostFunction = ([stream, size], host) => {
  const got = readFrom(stream, size, host);
  return got instanceof Uint8Array ? { ok: got } : got;
};

const skip: HostFunction = ([stream, size], host) => {
  const got = readFrom(stream, size, host);
  return got instanceof Uint8Array ? { ok: got.length } : got;
};

function writeTo(stream: unknown, data: Uint8Array, isFlushed: boolean, host: Host): Result {
  const output = host.handles.get(stream, OutputStream);
  const error = output.write(data, host) ?? (isFlushed ? output.flush(host) : undefined);
  return error === undefined ? DONE : failed(error, host);
}

function zeroes(count: unknown): Uint8Array {
  return new Uint8Array(Math.min(Number(count), CHUNK_BYTES_MAX));
}

const flush: HostFunction = ([stream], host) => {
  const error = host.handles.get(stream, OutputStream).flush(host);
  return error === undefined ? DONE : failed(error, host);
};

const splice: HostFunction = ([to, from, size], host) => {
  const got = readFrom(from, size, host);
  if (!(got instanceof Uint8Array)) return got;
  const result = writeTo(to, got, false, host);
  return "err" in result ? result : { ok: got.length };
};

/** Every stream answers at once or waits by itself. */
const subscribe: HostFunction = (_, { handles }) => handles.add(new Pollable());

const IN = "wasi:io/streams#[method]input-stream";
const OUT = "wasi:io/streams#[method]output-stream";

/** Functions of `wasi:io/streams` and `wasi:io/error`. */
export const STREAMS: HostFunctions = {
  [`${IN}.read`]: read,
  [`${IN}.blocking-read`]: read,
  [`${IN}.skip`]: skip,
  [`${IN}.blocking-skip`]: skip,
  [`${IN}.subscribe`]: subscribe,
  [`${OUT}.check-write`]: () => ({ ok: CHUNK_BYTES_MAX }),
  [`${OUT}.write`]: ([stream, data], host) => writeTo(stream, data as Uint8Array, false, host),
  [`${OUT}.blocking-write-and-flush`]: ([stream, data], host) =>
    writeTo(stream, data as Uint8Array, true, host),
  [`${OUT}.flush`]: flush,
  [`${OUT}.blocking-flush`]: flush,
  [`${OUT}.subscribe`]: subscribe,
  [`${OUT}.write-zeroes`]: ([stream, count], host) => writeTo(stream, zeroes(count), false, host),
  [`${OUT}.blocking-write-zeroes-and-flush`]: ([stream, count], host) =>
    writeTo(stream, zeroes(count), true, host),
  [`${OUT}.splice`]: splice,
  [`${OUT}.blocking-splice`]: splice,
  "wasi:io/error#[method]error.to-debug-string": ([error], { handles }) =>
    handles.get(error, StreamError).code,
};
