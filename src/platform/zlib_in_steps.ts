/**
 * The library behind `node:zlib` run over bytes that are all there, on this thread, in steps between which others have their turn.
 *
 * To a thread of the runtime and back with cold memory takes longer than a millisecond, which is a fifth of what Brotli needs for
 * a megabyte.
 *
 * S1. One run at a time goes in steps, and who comes meanwhile takes a thread: several at once use several processors.
 * S2. A run that is not done after `msMax`, because its data is hard or because others had much to do in between, goes on in
 *     another thread with what is left.
 * S3. Input and output stand in memory that is used again, as fresh one would take a tenth of the time. It belongs to the one run
 *     in steps: a result is a copy, and what goes on elsewhere takes copies along. A stream object is used once.
 * Hot: `tests/bench/data.bench.ts` earns it.
 */
import { Failure, joinBytes } from "../core/mod.ts";
import type { ZlibStream } from "./zlib_at_once.ts";

/** A stream object whose data can also be written to it as a stream. */
export interface SteppedStream extends ZlibStream {
  on(event: "data", listener: (chunk: Uint8Array) => void): void;
  on(event: "end", listener: () => void): void;
  on(event: "error", listener: (error: Error) => void): void;
  end(data: Uint8Array): void;
  destroy(): void;
}

/** How a run in steps goes. */
export interface StepOptions {
  /** A new stream. */
  readonly create: () => SteppedStream;
  /** The library's numbers for "more input follows" and "all of the input is there". */
  readonly process: number;
  readonly finish: number;
  /** Bytes of input of one step. */
  readonly stepBytes: number;
  /** Room for output to begin with. */
  readonly outputBytes: number;
  /** Least milliseconds of work between two turns of others. */
  readonly turnMs: number;
  /** Most milliseconds from the begin in which a step is begun on this thread. */
  readonly msMax: number;
  /** Calls back once others have had their turn. */
  readonly soon: (fire: () => void) => void;
  /** Whether nobody waits for the result any more. */
  readonly isOver: () => boolean;
}

let isRunning = false;
let keptInput: Uint8Array = new Uint8Array(0);
let keptOutput: Uint8Array = new Uint8Array(0);

/**
 * What a stream makes of all of `data`, which may change afterwards; undefined while another run goes in steps. Fails with Canceled
 * when it is over before it is done.
 */
export function runInSteps(data: Uint8Array, options: StepOptions): Promise<Uint8Array> | undefined {
  return isRunning ? undefined : run(data, options);
}

async function run(data: Uint8Array, options: StepOptions): Promise<Uint8Array> {
  const stream = options.create();
  try {
    const { made, rest } = await writeSteps(stream, data, options);
    return rest === undefined ? made : joinBytes([made, await writeRest(stream, rest)]);
  } finally {
    stream.destroy();
  }
}

/** What was made in steps, and what is left of the input when that has taken too long. */
interface Steps {
  readonly made: Uint8Array;
  readonly rest?: Uint8Array;
}

async function writeSteps(stream: SteppedStream, data: Uint8Array, options: StepOptions): Promise<Steps> {
  const startedMs = performance.now();
  isRunning = true;
  try {
    if (keptInput.length < data.length) keptInput = new Uint8Array(data.length);
    if (keptOutput.length < options.outputBytes) keptOutput = new Uint8Array(options.outputBytes);
    keptInput.set(data);
    const { length } = data;
    let made = 0;
    let turnMs = startedMs;
    for (let at = 0;;) {
      const end = Math.min(at + options.stepBytes, length);
      const flush = end === length ? options.finish : options.process;
      made = write(stream, flush, keptInput.subarray(at, end), made);
      at = end;
      if (at === length) return { made: keptOutput.slice(0, made) };
      if (performance.now() - turnMs < options.turnMs) continue;
      await new Promise<void>((resolve) => options.soon(resolve));
      if (options.isOver()) {
        throw new Failure("Canceled", "nobody waits for the result", { retryable: false });
      }
      turnMs = performance.now();
      if (turnMs - startedMs > options.msMax) {
        return { made: keptOutput.slice(0, made), rest: keptInput.slice(at, length) };
      }
    }
  } finally {
    isRunning = false;
  }
}

/** Writes all of `input` to a stream; what comes out goes to the kept memory, behind `made` bytes. How many there are then. */
function write(
  { _handle: handle, _writeState: state }: ZlibStream,
  flush: number,
  input: Uint8Array,
  made: number,
): number {
  let problem: string | undefined;
  handle.onerror = (message) => problem = message;
  for (let at = 0, outputAt = made;;) {
    const room = keptOutput.length - outputAt;
    handle.writeSync(flush, input, at, input.length - at, keptOutput, outputAt, room);
    if (problem !== undefined) throw new Failure("Internal", problem, { retryable: false });
    const [roomLeft, inputLeft] = state as unknown as [number, number];
    outputAt += room - roomLeft;
    at = input.length - inputLeft;
    // With room left the library has taken everything.
    if (roomLeft > 0) return outputAt;
    const grown = new Uint8Array(2 * keptOutput.length);
    grown.set(keptOutput);
    keptOutput = grown;
  }
}

/** Writes the rest to a stream as to any other, which is done in a thread of the runtime; what comes out. */
function writeRest(stream: SteppedStream, input: Uint8Array): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const parts: Uint8Array[] = [];
    stream.on("data", (chunk) => parts.push(chunk));
    stream.on("end", () => resolve(joinBytes(parts)));
    stream.on("error", reject);
    stream.end(input);
  });
}
