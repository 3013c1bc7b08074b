/** Compression by the runtime's `node:zlib`, with the differences between runtimes made up for. */
import process from "node:process";
import { Failure } from "../core/mod.ts";
import type { Codecs, Compression, CompressionEffort, CompressionFormat } from "../ports/mod.ts";
import { DENO } from "./runtime_globals.ts";
import { zstdFrames } from "./zstd_frames.ts";

type Zlib = typeof import("node:zlib");

/** Levels as the library numbers them; -1 is its own choice. */
const LEVELS: Record<CompressionEffort, number> = { fastest: 1, default: -1, best: 9 };
/** Up to this many bytes to compress, a thread of its own costs more than it frees. */
const SYNC_BYTES_MAX = 32 * 1024;
/** Decompressing this much takes about a millisecond: it is tried at once, and what gives more goes to another thread. */
const SYNC_OUTPUT_BYTES_MAX = 1024 * 1024;
/** Output comes in chunks, and each is a way to the other thread and back. */
const CHUNK_BYTES_MIN = 64 * 1024;
const CHUNK_BYTES_MAX = 1024 * 1024;
/** Brotli's window: 4 MiB, its own default. */
const BROTLI_WINDOW = 22;

let loaded: Zlib | undefined;
let codecs: Codecs | undefined;

/** The runtime's module, loaded when it is first used: that takes longer than all of a short run. */
function zlib(): Zlib {
  return loaded ??= process.getBuiltinModule("node:zlib");
}

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

/** Names of the library's functions: to compress, to decompress. */
const FUNCTIONS: Readonly<Record<CompressionFormat, readonly [encode: keyof Zlib, decode: keyof Zlib]>> = {
  gzip: ["gzip", "gunzip"],
  deflate: ["deflateRaw", "inflateRaw"],
  zlib: ["deflate", "inflate"],
  brotli: ["brotliCompress", "brotliDecompress"],
  zstd: ["zstdCompress", "zstdDecompress"],
};

/** Runs a function of the library at once. */
function runNow(name: keyof Zlib, data: Uint8Array, options: Options): Uint8Array {
  return (zlib()[`${name}Sync` as keyof Zlib] as unknown as Sync)(data, options);
}

/** Runs a function of the library in a thread of its own. */
function runApart(name: keyof Zlib, data: Uint8Array, options: Options): Promise<Uint8Array> {
  const chunkSize = Math.min(Math.max(2 * data.length, CHUNK_BYTES_MIN), CHUNK_BYTES_MAX);
  return new Promise((resolve, reject) => {
    (zlib()[name] as unknown as Async)(data, { ...options, chunkSize }, (error, result) => {
      if (error === null || error === undefined) resolve(result);
      else reject(error);
    });
  });
}

function encode(
  format: CompressionFormat,
  data: Uint8Array,
  level: number,
): Uint8Array | Promise<Uint8Array> {
  const run = data.length <= SYNC_BYTES_MAX ? runNow : runApart;
  return run(FUNCTIONS[format][0], data, levelOptions(format, level, data.length));
}

function levelOptions(format: CompressionFormat, level: number, size: number): Options {
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

function invalid(format: CompressionFormat, cause?: unknown): Failure {
  return new Failure("Invalid", `invalid ${format} data`, { retryable: false, cause });
}

function tooLarge(sizeMax: number): Failure {
  const message = `decompressed size exceeds limit of ${sizeMax} bytes`;
  return new Failure("LimitExceeded", message, { retryable: false });
}

const TOO_LARGE = "ERR_BUFFER_TOO_LARGE";

/** What the library throws, as a failure. */
function decodeFailure(format: CompressionFormat, sizeMax: number, error: unknown): Failure {
  const { code } = error as { code?: string };
  return code === TOO_LARGE ? tooLarge(sizeMax) : invalid(format, error);
}

async function decodePart(format: CompressionFormat, data: Uint8Array, sizeMax: number): Promise<Uint8Array> {
  const [, name] = FUNCTIONS[format];
  const soonMax = Math.min(sizeMax, SYNC_OUTPUT_BYTES_MAX);
  try {
    // Deno's Brotli takes any bytes for good ones when it runs at once.
    const canRunNow = DENO === undefined || format !== "brotli";
    if (canRunNow && data.length <= SYNC_OUTPUT_BYTES_MAX) {
      return runNow(name, data, { maxOutputLength: soonMax });
    }
  } catch (error) {
    if ((error as { code?: string }).code !== TOO_LARGE || soonMax === sizeMax) {
      throw decodeFailure(format, sizeMax, error);
    }
  }
  try {
    return await runApart(name, data, { maxOutputLength: sizeMax });
  } catch (error) {
    throw decodeFailure(format, sizeMax, error);
  }
}

/** Zstandard, frame by frame: the runtimes take what is cut short for whole, and one of them stops after the first frame. */
async function decodeZstd(data: Uint8Array, sizeMax: number): Promise<Uint8Array> {
  const frames = zstdFrames(data);
  if (frames === undefined) throw invalid("zstd");
  if (frames.length === 1) return await decodePart("zstd", frames[0]!, sizeMax);
  const parts: Uint8Array[] = [];
  let left = sizeMax;
  for (const frame of frames) {
    // A limit of zero would be none.
    const part = await decodePart("zstd", frame, Math.max(left, 1));
    left -= part.length;
    if (left < 0) throw tooLarge(sizeMax);
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/** Zeros behind a Brotli stream that has ended change nothing; behind one that is cut short they go on with it. */
const BROTLI_TAIL = 4096;

async function decodeBrotliOnDeno(data: Uint8Array, sizeMax: number): Promise<Uint8Array> {
  const result = await decodePart("brotli", data, sizeMax);
  const longer = new Uint8Array(data.length + BROTLI_TAIL);
  longer.set(data);
  const again = await decodePart("brotli", longer, sizeMax).catch((error: Failure) => error);
  if (again instanceof Failure || again.length !== result.length) throw invalid("brotli");
  return result;
}

function decode(format: CompressionFormat, data: Uint8Array, sizeMax: number): Promise<Uint8Array> {
  if (format === "zstd") return decodeZstd(data, sizeMax);
  if (format === "brotli" && DENO !== undefined) return decodeBrotliOnDeno(data, sizeMax);
  return decodePart(format, data, sizeMax);
}

/** The library both runtimes bring. */
export const systemCompression: Compression = {
  gzip: (data, effort) => new Uint8Array(zlib().gzipSync(data, { level: LEVELS[effort] })),
  encode,
  decode,
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
