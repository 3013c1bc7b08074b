/** Compression by the runtime's `node:zlib`, with the differences between runtimes made up for. */
import process from "node:process";
import { Failure, joinBytes } from "../core/mod.ts";
import type { CodecName, Codecs, Compression, CompressionEffort } from "../ports/mod.ts";
import { BUN, DENO } from "./runtime_globals.ts";
import { SystemClock } from "./system_clock.ts";
import { runAtOnce, type ZlibStream } from "./zlib_at_once.ts";
import { runInSteps, type SteppedStream } from "./zlib_in_steps.ts";
import { zstdFrames } from "./zstd_frames.ts";

type Zlib = typeof import("node:zlib");

/** Levels as the library numbers them; -1 is its own choice. */
const LEVELS: Record<CompressionEffort, number> = { fastest: 1, default: -1, best: 9 };
/** Bytes that are compressed in about two milliseconds, by the library's level; more goes to another thread. */
const SYNC_BYTES: Readonly<Record<CodecName, readonly [level: number, bytes: number][]>> = {
  gzip: [[3, 256 * 1024], [6, 96 * 1024], [9, 32 * 1024]],
  deflate: [[3, 256 * 1024], [6, 96 * 1024], [9, 32 * 1024]],
  zlib: [[3, 256 * 1024], [6, 96 * 1024], [9, 32 * 1024]],
  brotli: [[4, 128 * 1024], [6, 64 * 1024], [9, 16 * 1024], [11, 1024]],
  zstd: [[3, 1024 * 1024], [6, 256 * 1024], [9, 128 * 1024], [15, 32 * 1024], [22, 4096]],
};
/**
 * Most bytes that are compressed in steps, each of as many as would be compressed at once, by the library's level. That takes ten
 * milliseconds or so, in which the way to a thread counts. The other formats are as fast in a thread.
 */
const STEPPED_BYTES: Partial<Readonly<Record<CodecName, readonly [level: number, bytes: number][]>>> = {
  brotli: [[6, 1024 * 1024]],
};
/** Steps that take less are taken together. */
const TURN_MS = 1;
/** The steps of one run, and what others do in between. */
const STEPS_MS_MAX = 30;
/** Decompressing this much takes one or two milliseconds: it is tried at once, and what gives more goes to another thread. */
const SYNC_OUTPUT_BYTES_MAX = 1024 * 1024;
/** What is decompressed is taken to grow to this many times its size at first. */
const GROWTH = 4;
/** Compressed data is at most this many bytes and this part of the data larger. */
const OVERHEAD_BYTES = 1024;
const OVERHEAD_PART = 1 / 64;
/** Output comes in chunks, and each is a way to the other thread and back. */
const CHUNK_BYTES_MIN = 64 * 1024;
const CHUNK_BYTES_MAX = 1024 * 1024;
/** Bun's own inflating knows no limit: it gets no more than this, of which deflate can make 135 MB at most. */
const UNLIMITED_BYTES_MAX = 128 * 1024;
/** Brotli's window: 4 MiB, its own default. */
const BROTLI_WINDOW = 22;

const clock = new SystemClock();
let loaded: Zlib | undefined;
let codecs: Codecs | undefined;

/** The runtime's module, loaded when it is first used: that takes longer than all of a short run. */
function zlib(): Zlib {
  return loaded ??= process.getBuiltinModule("node:zlib");
}

type Finish = "Z_FINISH" | "BROTLI_OPERATION_FINISH" | "ZSTD_e_end";
/** Of every format: more input follows. */
const PROCESS = 0;
type Options = {
  level?: number;
  params?: Record<number, number>;
  maxOutputLength?: number;
  chunkSize?: number;
};
type Sync = (data: Uint8Array, options: Options) => Uint8Array;
type Async = (
  data: Uint8Array,
  options: Options,
  done: (error: Error | null, result: Uint8Array) => void,
) => void;

type Name = keyof Zlib;

/** What the library calls a format: functions, stream objects, and the constant for "all of the input is there". */
const NAMES: Readonly<
  Record<
    CodecName,
    readonly [encode: Name, decode: Name, encoder: Name, decoder: Name, finish: Finish]
  >
> = {
  gzip: ["gzip", "gunzip", "createGzip", "createGunzip", "Z_FINISH"],
  deflate: ["deflateRaw", "inflateRaw", "createDeflateRaw", "createInflateRaw", "Z_FINISH"],
  zlib: ["deflate", "inflate", "createDeflate", "createInflate", "Z_FINISH"],
  brotli: [
    "brotliCompress",
    "brotliDecompress",
    "createBrotliCompress",
    "createBrotliDecompress",
    "BROTLI_OPERATION_FINISH",
  ],
  zstd: ["zstdCompress", "zstdDecompress", "createZstdCompress", "createZstdDecompress", "ZSTD_e_end"],
};

/** A stream object of the library. */
function streamOf(name: Name, options: Options): ZlibStream {
  return (zlib()[name] as unknown as (options: Options) => ZlibStream)(options);
}

/** Compresses at once. */
function encodeNow(format: CodecName, data: Uint8Array, options: Options): Uint8Array {
  const [encode, , encoder, , finish] = NAMES[format];
  // Deno's handles do not tell of errors.
  if (DENO !== undefined) return runNow(encode, data, options);
  const outputBytes = OVERHEAD_BYTES + Math.ceil(data.length * (1 + OVERHEAD_PART));
  return runAtOnce(data, {
    // The others forget their level when they are reset.
    key: finish === "Z_FINISH" ? `${encoder} ${options.level}` : "",
    create: () => streamOf(encoder, options),
    finish: zlib().constants[finish],
    outputBytes,
    outputBytesMax: Infinity,
  })!;
}

/** Compresses on this thread, others having their turn in between; undefined while that is being done for somebody else. */
function encodeInSteps(
  format: CodecName,
  data: Uint8Array,
  options: Options,
  { isOver, stepBytes }: { isOver: () => boolean; stepBytes: number },
): Promise<Uint8Array> | undefined {
  const [, , encoder, , finish] = NAMES[format];
  return runInSteps(data, {
    create: () => streamOf(encoder, { ...options, chunkSize: CHUNK_BYTES_MIN }) as SteppedStream,
    process: PROCESS,
    finish: zlib().constants[finish],
    stepBytes,
    outputBytes: Math.ceil(data.length / GROWTH),
    turnMs: TURN_MS,
    msMax: STEPS_MS_MAX,
    soon: (fire) => clock.soon(fire),
    isOver,
  });
}

/** Decompresses at once what gives at most `sizeMax` bytes; undefined for more. */
function decodeNow(format: CodecName, data: Uint8Array, sizeMax: number): Uint8Array | undefined {
  const [, decode, , decoder, finish] = NAMES[format];
  try {
    if (DENO !== undefined) return runNow(decode, data, { maxOutputLength: sizeMax });
    return runAtOnce(data, {
      key: decoder,
      create: () => streamOf(decoder, {}),
      finish: zlib().constants[finish],
      outputBytes: GROWTH * data.length,
      outputBytesMax: sizeMax,
    });
  } catch (error) {
    if ((error as { code?: string }).code === TOO_LARGE) return undefined;
    throw invalid(format, error);
  }
}

/** Runs a function of the library at once. */
function runNow(name: Name, data: Uint8Array, options: Options): Uint8Array {
  return (zlib()[`${name}Sync` as keyof Zlib] as unknown as Sync)(data, options);
}

/** Runs a function of the library in a thread of its own; some `outputBytes` are expected. */
function runApart(
  name: Name,
  data: Uint8Array,
  options: Options,
  outputBytes: number,
): Promise<Uint8Array> {
  const chunkSize = Math.min(Math.max(outputBytes, CHUNK_BYTES_MIN), CHUNK_BYTES_MAX);
  return new Promise((resolve, reject) => {
    (zlib()[name] as unknown as Async)(data, { ...options, chunkSize }, (error, result) => {
      if (error === null || error === undefined) resolve(result);
      else reject(error);
    });
  });
}

/** What a table of levels says of one: that of the first at least as high, else nothing. */
function bytesFor(table: readonly [level: number, bytes: number][] | undefined, level: number): number {
  return table?.find(([levelMax]) => level <= levelMax)?.[1] ?? 0;
}

function encode(
  format: CodecName,
  data: Uint8Array,
  level: number,
  isOver: () => boolean = () => false,
): Uint8Array | Promise<Uint8Array> {
  const options = levelOptions(format, level, data.length);
  const soonMax = bytesFor(SYNC_BYTES[format], level);
  if (data.length <= soonMax) return encodeNow(format, data, options);
  // Deno's handles do not tell of errors.
  const canStep = DENO === undefined && data.length <= bytesFor(STEPPED_BYTES[format], level);
  const result = canStep ? encodeInSteps(format, data, options, { isOver, stepBytes: soonMax }) : undefined;
  // The thread reads while others run: the bytes have to stay.
  return result ?? runApart(NAMES[format][0], data.slice(), options, Math.ceil(data.length / GROWTH));
}

function levelOptions(format: CodecName, level: number, size: number): Options {
  const { constants } = zlib();
  switch (format) {
    case "brotli":
      return {
        params: {
          [constants.BROTLI_PARAM_QUALITY]: level,
          [constants.BROTLI_PARAM_LGWIN]: BROTLI_WINDOW,
          [constants.BROTLI_PARAM_SIZE_HINT]: size,
        },
      };
    case "zstd":
      return {
        params: { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_checksumFlag]: 1 },
      };
    default:
      return { level };
  }
}

function invalid(format: CodecName, cause?: unknown): Failure {
  return new Failure("Invalid", `invalid ${format} data`, { retryable: false, cause });
}

function tooLarge(sizeMax: number): Failure {
  const message = `decompressed size exceeds limit of ${sizeMax} bytes`;
  return new Failure("LimitExceeded", message, { retryable: false });
}

const TOO_LARGE = "ERR_BUFFER_TOO_LARGE";

/** What the library throws, as a failure. */
function decodeFailure(format: CodecName, sizeMax: number, error: unknown): Failure {
  const { code } = error as { code?: string };
  return code === TOO_LARGE ? tooLarge(sizeMax) : invalid(format, error);
}

function decodePart(
  format: CodecName,
  data: Uint8Array,
  sizeMax: number,
): Uint8Array | Promise<Uint8Array> {
  const soonMax = Math.min(sizeMax, SYNC_OUTPUT_BYTES_MAX);
  // Deno's Brotli takes any bytes for good ones when it runs at once.
  const canRunNow = DENO === undefined || format !== "brotli";
  if (canRunNow && data.length <= SYNC_OUTPUT_BYTES_MAX) {
    const result = decodeNow(format, data, soonMax);
    if (result !== undefined) return result;
    if (soonMax === sizeMax) throw tooLarge(sizeMax);
  }
  const options = { maxOutputLength: sizeMax };
  return runApart(NAMES[format][1], data.slice(), options, 2 * data.length).catch((error: unknown) => {
    throw decodeFailure(format, sizeMax, error);
  });
}

/** Zstandard, frame by frame: the runtimes take what is cut short for whole, and one of them stops after the first frame. */
function decodeZstd(data: Uint8Array, sizeMax: number): Uint8Array | Promise<Uint8Array> {
  const frames = zstdFrames(data);
  if (frames === undefined) throw invalid("zstd");
  if (frames.length === 1) return decodePart("zstd", frames[0]!, sizeMax);
  return decodeFrames(zstdFrames(data.slice())!, sizeMax);
}

async function decodeFrames(frames: readonly Uint8Array[], sizeMax: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let left = sizeMax;
  for (const frame of frames) {
    // A limit of zero would be none.
    const part = (await decodePart("zstd", frame, Math.max(left, 1))).slice();
    left -= part.length;
    if (left < 0) throw tooLarge(sizeMax);
    parts.push(part);
  }
  return joinBytes(parts);
}

/** Zeros behind a Brotli stream that has ended change nothing; behind one that is cut short they go on with it. */
const BROTLI_TAIL = 4096;

async function decodeBrotliOnDeno(data: Uint8Array, sizeMax: number): Promise<Uint8Array> {
  const longer = new Uint8Array(data.length + BROTLI_TAIL);
  longer.set(data);
  const result = await decodePart("brotli", data, sizeMax);
  const again = await Promise.resolve(decodePart("brotli", longer, sizeMax)).catch((error: Failure) => error);
  if (again instanceof Failure || again.length !== result.length) throw invalid("brotli");
  return result;
}

function decode(
  format: CodecName,
  data: Uint8Array,
  sizeMax: number,
): Uint8Array | Promise<Uint8Array> {
  if (format === "zstd") return decodeZstd(data, sizeMax);
  if (format === "brotli" && DENO !== undefined) return decodeBrotliOnDeno(data, sizeMax);
  return decodePart(format, data, sizeMax);
}

/** The library both runtimes bring. */
export const systemCompression: Compression = {
  gzip: (data, effort) => new Uint8Array(zlib().gzipSync(data, { level: LEVELS[effort] })),
  encode,
  decode,
  inflate(data, size) {
    let result: Uint8Array;
    try {
      // Bun's own is there at once.
      result = BUN !== undefined && data.length <= UNLIMITED_BYTES_MAX
        ? BUN.inflateSync(data as Uint8Array<ArrayBuffer>)
        : runNow("inflateRaw", data, { maxOutputLength: size + 1 });
    } catch (error) {
      throw invalid("deflate", error);
    }
    if (result.length !== size) throw invalid("deflate");
    // No Buffer: parts of one are views, not copies.
    return new Uint8Array(result.buffer, result.byteOffset, size);
  },
  crc32: (data, before) => zlib().crc32(data, before),
  codecs: () => codecs ?? import("./codec/codec.ts").then((module) => codecs = module),
  gzipStream(data, effort) {
    const gzip = zlib().createGzip({ level: LEVELS[effort] });
    return data.pipeThrough(
      new TransformStream<Uint8Array, Uint8Array>({
        start(controller) {
          gzip.on("data", (chunk: Uint8Array) => controller.enqueue(new Uint8Array(chunk)));
          gzip.on("error", (error) => controller.error(error));
        },
        transform(chunk) {
          gzip.write(chunk);
          // Readers of a slow stream must get what there is.
          return new Promise((resolve) => gzip.flush(zlib().constants.Z_SYNC_FLUSH, () => resolve()));
        },
        flush: () =>
          new Promise((resolve) => {
            gzip.on("end", () => resolve());
            gzip.end();
          }),
      }),
    );
  },
};
