/**
 * The library behind `node:zlib` run over bytes that are all there, into memory that is used again.
 *
 * What the runtime's own functions take longest for is fresh memory: a result of a megabyte is gathered from chunks and joined,
 * and each page of it is touched for the first time; a stream object and its state are garbage each time. Here the handle below
 * the stream objects writes to one buffer, and is used again where that changes nothing.
 *
 * A1. A result is valid until the next run.
 * A2. A stream object is kept only after a run in which all was well and all input was taken.
 * A3. The buffer is kept up to `KEPT_BYTES_MAX`; a larger one is used once.
 * Hot: `tests/bench/data.bench.ts` earns it.
 */
import { Failure } from "../core/mod.ts";

/** The part of a stream object of the library that is used. */
export interface ZlibStream {
  readonly _handle: ZlibHandle;
  /** What the last run has left: bytes of output, bytes of input. */
  readonly _writeState: Uint32Array;
}

/** The library's state below a stream object. */
interface ZlibHandle {
  onerror: (message: string, code: number, name: string) => void;
  writeSync(
    flush: number,
    input: Uint8Array,
    inputAt: number,
    inputBytes: number,
    output: Uint8Array,
    outputAt: number,
    outputBytes: number,
  ): void;
  /** Ready for other data. */
  reset(): void;
  close(): void;
}

/** Least room for output. */
const OUTPUT_BYTES_MIN = 64 * 1024;
const KEPT_BYTES_MAX = 2 * 1024 * 1024;

let kept = new Uint8Array(0);
/** Stream objects that wait for their next run, by what they do. */
const idle = new Map<string, ZlibStream>();

/** A buffer of at least `bytes`. */
function room(bytes: number): Uint8Array<ArrayBuffer> {
  if (kept.length >= bytes) return kept;
  const buffer = new Uint8Array(Math.max(bytes, OUTPUT_BYTES_MIN));
  if (buffer.length <= KEPT_BYTES_MAX) kept = buffer;
  return buffer;
}

/** How a run goes. */
export interface RunOptions {
  /** What the stream does, level included; "" for one whose parameters do not outlive a reset. */
  readonly key: string;
  /** A new stream. */
  readonly create: () => ZlibStream;
  /** The library's number for "all of the input is there". */
  readonly finish: number;
  /** Room to begin with. */
  readonly outputBytes: number;
  /** Most bytes that may come out. */
  readonly outputBytesMax: number;
}

/**
 * What a stream makes of all of `input`, as a view of the kept buffer; undefined when it is more than may come out. Throws Invalid
 * with the library's message for bad data.
 */
export function runAtOnce(input: Uint8Array, options: RunOptions): Uint8Array | undefined {
  const { create, key } = options;
  const stream = idle.get(key) ?? create();
  idle.delete(key);
  const { _handle: handle, _writeState: state } = stream;
  let isReusable = false;
  let problem: string | undefined;
  handle.onerror = (message) => problem = message;
  try {
    // One more byte than may come out tells that there is more.
    const most = options.outputBytesMax + 1;
    let output = room(Math.min(options.outputBytes, most));
    let made = 0;
    let at = 0;
    for (;;) {
      const outputBytes = Math.min(output.length, most) - made;
      const inputBytes = input.length - at;
      handle.writeSync(options.finish, input, at, inputBytes, output, made, outputBytes);
      if (problem !== undefined) throw new Failure("Invalid", problem, { retryable: false });
      const [outputLeft, inputLeft] = state as unknown as [number, number];
      made += outputBytes - outputLeft;
      at += inputBytes - inputLeft;
      if (outputLeft > 0) {
        isReusable = key !== "" && at === input.length;
        return output.subarray(0, made);
      }
      if (made === most) return undefined;
      const grown = room(Math.min(2 * output.length, most));
      if (grown !== output) grown.set(output.subarray(0, made));
      output = grown;
    }
  } finally {
    if (isReusable) {
      handle.reset();
      idle.set(key, stream);
    } else handle.close();
  }
}
