/**
 * Streams of deflate, gzip, zlib, Brotli and Zstandard on WebAssembly: the same bytes, limits and errors on every runtime.
 *
 * C1. An instance of the module serves one stream at a time; a few that are done are kept for the next.
 * C2. A step takes and gives at most `BUFFER_BYTES`, so a small input that stands for a huge output fills no memory.
 */
import { Failure } from "../../core/mod.ts";
import type { CodecName, CodecStep, StreamCodec, ZstdDictionaryInfo, ZstdTraining } from "../../ports/mod.ts";
import { CODEC_WASM } from "./codec_wasm.gen.ts";

/** What codec.c exports. */
interface Exports {
  readonly memory: WebAssembly.Memory;
  alloc(size: number): number;
  free(at: number): void;
  input(): number;
  output(): number;
  consumed(): number;
  produced(): number;
  problem(): number;
  close(): void;
  open_deflate(level: number, bits: number): number;
  open_inflate(bits: number): number;
  open_zstd_encode(level: number, dict: number, dictSize: number): number;
  open_zstd_decode(dict: number, dictSize: number): number;
  open_brotli_encode(quality: number): number;
  open_brotli_decode(): number;
  step(length: number, last: number): number;
  restart(): void;
  train(
    dict: number,
    capacity: number,
    samples: number,
    sizes: number,
    count: number,
    id: number,
    level: number,
  ): number;
  dict_id(dict: number, size: number): number;
  dict_header_size(dict: number, size: number): number;
}

/** As in codec.c. */
const BUFFER_BYTES = 65_536;
const FAILED = -1;
const ENDED = 1;
const WASI_NOT_SUPPORTED = 58;
/** Window bits as zlib counts them: what frames the data is told by them. */
const WINDOW_BITS = { deflate: -15, zlib: 15, gzip: 31 } as const;
const IDLE_MAX = 4;
/** An instance that has grown beyond this is not kept: its memory never shrinks. */
const IDLE_BYTES_MAX = 8 * 1024 * 1024;

let compiled: WebAssembly.Module | undefined;
const idle: Exports[] = [];

function take(): Exports {
  const kept = idle.pop();
  if (kept !== undefined) return kept;
  compiled ??= new WebAssembly.Module(Uint8Array.fromBase64(CODEC_WASM));
  const unsupported = (): number => WASI_NOT_SUPPORTED;
  const imports: Record<string, Record<string, () => number>> = {};
  for (const { module, name } of WebAssembly.Module.imports(compiled)) {
    (imports[module] ??= {})[name] = unsupported;
  }
  return new WebAssembly.Instance(compiled, imports).exports as unknown as Exports;
}

function giveBack(instance: Exports): void {
  instance.close();
  if (idle.length < IDLE_MAX && instance.memory.buffer.byteLength <= IDLE_BYTES_MAX) idle.push(instance);
}

/** The bytes of memory, which moves when it grows. */
function memoryOf(instance: Exports): Uint8Array {
  return new Uint8Array(instance.memory.buffer);
}

function place(instance: Exports, data: Uint8Array): number {
  const at = instance.alloc(data.length);
  if (at === 0) throw new Failure("Internal", "not enough memory", { retryable: false });
  memoryOf(instance).set(data, at);
  return at;
}

function problemOf(instance: Exports): string {
  const bytes = memoryOf(instance);
  const at = instance.problem();
  return new TextDecoder().decode(bytes.subarray(at, bytes.indexOf(0, at)));
}

/** Bad bytes are the fault of whoever sent them; running out of memory is not. */
function failureOf(name: CodecName, problem: string): Failure {
  const kind = problem === "not enough memory" ? "Internal" : "Invalid";
  return new Failure(kind, `invalid ${name} data: ${problem}`, { retryable: false });
}

class WasmCodec implements StreamCodec {
  readonly #name: CodecName;
  #instance: Exports | undefined;

  constructor(name: CodecName, open: (instance: Exports) => number) {
    this.#name = name;
    const instance = take();
    if (open(instance) === FAILED) {
      const problem = problemOf(instance);
      giveBack(instance);
      throw failureOf(name, problem);
    }
    this.#instance = instance;
  }

  step(input: Uint8Array, isLast: boolean): CodecStep {
    const instance = this.#instance;
    if (instance === undefined) throw new Failure("Internal", "stream is closed", { retryable: false });
    const length = Math.min(input.length, BUFFER_BYTES);
    memoryOf(instance).set(length === input.length ? input : input.subarray(0, length), instance.input());
    const status = instance.step(length, isLast && length === input.length ? 1 : 0);
    if (status === FAILED) throw failureOf(this.#name, problemOf(instance));
    const from = instance.output();
    return {
      consumed: instance.consumed(),
      output: memoryOf(instance).slice(from, from + instance.produced()),
      ended: status === ENDED,
    };
  }

  restart(): void {
    this.#instance?.restart();
  }

  close(): void {
    if (this.#instance === undefined) return;
    giveBack(this.#instance);
    this.#instance = undefined;
  }
}

/** Runs `use` with a dictionary placed in memory. */
function withDictionary<T>(
  instance: Exports,
  dictionary: Uint8Array,
  use: (at: number, size: number) => T,
): T {
  if (dictionary.length === 0) return use(0, 0);
  const at = place(instance, dictionary);
  try {
    return use(at, dictionary.length);
  } finally {
    instance.free(at);
  }
}

/** A stream that compresses. */
export function encoder(name: CodecName, level: number, dictionary = new Uint8Array(0)): StreamCodec {
  return new WasmCodec(name, (instance) => {
    if (name === "brotli") return instance.open_brotli_encode(level);
    if (name !== "zstd") return instance.open_deflate(level, WINDOW_BITS[name]);
    return withDictionary(instance, dictionary, (at, size) => instance.open_zstd_encode(level, at, size));
  });
}

/** A stream that decompresses. */
export function decoder(name: CodecName, dictionary = new Uint8Array(0)): StreamCodec {
  return new WasmCodec(name, (instance) => {
    if (name === "brotli") return instance.open_brotli_decode();
    if (name !== "zstd") return instance.open_inflate(WINDOW_BITS[name]);
    return withDictionary(instance, dictionary, (at, size) => instance.open_zstd_decode(at, size));
  });
}

/** A dictionary made from samples. */
export function train(samples: readonly Uint8Array[], { size, id, level }: ZstdTraining): Uint8Array {
  const instance = take();
  try {
    const sizes = new Uint8Array(Uint32Array.from(samples, (sample) => sample.length).buffer);
    const all = new Uint8Array(samples.reduce((sum, sample) => sum + sample.length, 0));
    let at = 0;
    for (const sample of samples) {
      all.set(sample, at);
      at += sample.length;
    }
    const dict = place(instance, new Uint8Array(size));
    const made = instance.train(
      dict,
      size,
      place(instance, all),
      place(instance, sizes),
      samples.length,
      id,
      level,
    );
    if (made === 0) {
      const message = `dictionary training failed: ${problemOf(instance)}`;
      throw new Failure("Invalid", message, { retryable: false });
    }
    return memoryOf(instance).slice(dict, dict + made);
  } finally {
    // Not given back: what was placed is freed with the whole instance.
    instance.close();
  }
}

/** Facts of a dictionary; undefined when the bytes are none. */
export function inspect(dictionary: Uint8Array): ZstdDictionaryInfo | undefined {
  const instance = take();
  try {
    return withDictionary(instance, dictionary, (at, size) => {
      const header = instance.dict_header_size(at, size);
      if (header === 0) return undefined;
      return { id: instance.dict_id(at, size) >>> 0, contentSize: size - header };
    });
  } finally {
    giveBack(instance);
  }
}
