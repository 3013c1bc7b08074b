/**
 * The `Stream` class: bytes that other modules hand to Lua, read and written in pieces.
 *
 * B1. A read gives at most `CHUNK_BYTES_MAX`, whatever is asked for: no single call fills memory.
 * B2. A stream is closed once: by Lua, when Lua drops it, or when its process ends.
 */
import { Failure } from "../../src/core/mod.ts";
import { type Call, defineObject, type ObjectDefinition } from "../../src/lua/mod.ts";
import type { ByteStream } from "../../src/ports/mod.ts";
import type { NativeResult } from "../../src/vm/mod.ts";
import { isSplit, Scanner, scannerObject } from "./scanner.ts";

/** Bytes of a read that names no size. */
const CHUNK_BYTES = 32 * 1024;
const CHUNK_BYTES_MAX = 8 * 1024 * 1024;

const WHENCES = ["set", "cur", "end"] as const;

// Whether a stream is closed is no business of the port.
const CLOSED = new WeakSet<ByteStream>();

function internal(message: string, cause?: unknown): Failure {
  return new Failure("Internal", message, { retryable: false, cause });
}

/** Failures of the outside world are Internal, but for a limit that was exceeded and waits that ended. */
function streamFailure(error: unknown): Failure {
  if (!(error instanceof Failure)) {
    return internal(error instanceof Error ? error.message : String(error), error);
  }
  const isKept = ["Invalid", "Timeout", "Canceled", "Internal"].includes(error.kind);
  return isKept ? error : internal(error.message, error);
}

/** The open stream of a method call. */
function opened(call: Call): ByteStream {
  const stream = call.self(streamObject);
  if (CLOSED.has(stream)) throw internal("stream is closed");
  return stream;
}

/** Runs an operation of the port; what it throws becomes a failure of the stream. */
function operate<T, R extends NativeResult>(
  run: () => T | Promise<T>,
  result: (value: T) => R,
): R | Promise<R> {
  try {
    const value = run();
    if (!(value instanceof Promise)) return result(value);
    return value.then(result, (error: unknown) => {
      throw streamFailure(error);
    });
  } catch (error) {
    throw streamFailure(error);
  }
}

function read(call: Call): NativeResult | Promise<NativeResult> {
  const stream = opened(call);
  const asked = call.count < 2 || call.type(2) === "nil" ? 0 : Math.trunc(call.number(2));
  const size = asked > 0 ? Math.min(asked, CHUNK_BYTES_MAX) : CHUNK_BYTES;
  if (stream.read === undefined) throw internal("stream is not readable");
  return operate(() => stream.read!(size), (chunk) => chunk);
}

function write(call: Call): NativeResult | Promise<NativeResult> {
  const stream = opened(call);
  const data = call.bytes(2);
  if (stream.write === undefined) throw internal("stream is not writable");
  return operate(() => stream.write!(data), (written) => written);
}

function seek(call: Call): NativeResult | Promise<NativeResult> {
  const stream = opened(call);
  const written = call.string(2);
  const whence = WHENCES.find((name) => name === written);
  if (whence === undefined) {
    throw new Failure("Invalid", `invalid whence: ${written} (set, cur or end)`, { retryable: false });
  }
  const offset = call.count < 3 || call.type(3) === "nil" ? 0 : Math.trunc(call.number(3));
  if (stream.seek === undefined) throw internal("stream is not seekable");
  return operate(() => stream.seek!(whence, offset), (position) => position);
}

function flush(call: Call): NativeResult | Promise<NativeResult> {
  const stream = opened(call);
  return operate(() => stream.flush?.(), () => true);
}

function close(call: Call): NativeResult | Promise<NativeResult> {
  const stream = call.self(streamObject);
  if (CLOSED.has(stream)) return true;
  CLOSED.add(stream);
  return operate(() => stream.close(), () => true);
}

function scanner(call: Call): NativeResult {
  const stream = opened(call);
  const split = call.count < 2 || call.type(2) === "nil" ? "lines" : call.string(2);
  if (!isSplit(split)) {
    const message = `invalid split type: ${split} (lines, words, bytes or runes)`;
    throw new Failure("Invalid", message, { retryable: false });
  }
  if (stream.read === undefined) throw internal("stream is not readable");
  const fetch = (): Uint8Array | null | Promise<Uint8Array | null> => {
    if (CLOSED.has(stream)) throw internal("stream is closed");
    return operate(() => stream.read!(CHUNK_BYTES), (chunk) => chunk);
  };
  return call.create(scannerObject, new Scanner(split, fetch));
}

/** A stream of bytes. */
export const streamObject: ObjectDefinition<ByteStream> = defineObject<ByteStream>({
  name: "Stream",
  methods: {
    scanner,
    stat: (call) => {
      const stream = opened(call);
      return {
        size: stream.size,
        position: stream.position,
        readable: stream.read !== undefined,
        writable: stream.write !== undefined,
        seekable: stream.seek !== undefined,
      };
    },
  },
  commands: { read, write, seek, flush, close },
  release(stream) {
    if (CLOSED.has(stream)) return;
    CLOSED.add(stream);
    if (stream.drop !== undefined) return stream.drop();
    // Nobody is left to be told that closing failed.
    Promise.resolve().then(() => stream.close()).catch(() => undefined);
  },
});
