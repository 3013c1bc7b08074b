/** The module `source`: streams made on demand, so that cases see immediate, slow, broken and partial ones. */
import { Failure } from "../../../../src/core/mod.ts";
import { type Call, defineModule, type ModuleDefinition } from "../../../../src/lua/mod.ts";
import type { ByteStream } from "../../../../src/ports/mod.ts";

/** A stream over bytes in memory; a slow one answers later, and in pieces of at most `pieceMax`. */
class MemoryStream implements ByteStream {
  readonly written: number[] = [];
  closed = 0;
  position = 0;
  readonly size: number;
  readonly #bytes: Uint8Array;
  readonly #pieceMax: number;

  constructor(bytes: Uint8Array, pieceMax: number) {
    this.#bytes = bytes;
    this.size = bytes.length;
    this.#pieceMax = pieceMax;
  }

  #later<T>(value: T): T | Promise<T> {
    return this.#pieceMax === Infinity
      ? value
      : new Promise((resolve) => queueMicrotask(() => resolve(value)));
  }

  read(size: number): Uint8Array | null | Promise<Uint8Array | null> {
    if (this.position >= this.#bytes.length) return this.#later(null);
    const end = this.position + Math.min(size, this.#pieceMax);
    const chunk = this.#bytes.subarray(this.position, end);
    this.position += chunk.length;
    return this.#later(chunk);
  }

  write(data: Uint8Array): number | Promise<number> {
    this.written.push(...data);
    return this.#later(data.length);
  }

  seek(whence: "set" | "cur" | "end", offset: number): number {
    const base = whence === "set" ? 0 : whence === "cur" ? this.position : this.size;
    return this.position = base + offset;
  }

  flush(): void {}

  close(): void {
    this.closed++;
  }
}

/** Neither readable nor writable nor seekable, of unknown size. */
const BARE: ByteStream = { size: -1, position: 3, close() {} };

/** Fails in different ways; the first read succeeds. */
function brokenStream(): ByteStream {
  let reads = 0;
  return {
    size: -1,
    position: 0,
    close() {},
    read() {
      if (reads++ === 0) return new TextEncoder().encode("one\ntw");
      throw new Error("disk on fire");
    },
    write: () => Promise.reject(new Error("gone")),
    flush() {
      throw new Failure("PermissionDenied", "not yours");
    },
  };
}

/** Module `source`; what was written to and how often it was closed is asked by the number of a stream. */
export default function modules(): ModuleDefinition[] {
  const made: MemoryStream[] = [];
  const memory = (call: Call, pieceMax: number) => {
    made.push(new MemoryStream(call.bytes(1).slice(), pieceMax));
    return call.createStream(made.at(-1)!);
  };
  return [defineModule({
    name: "source",
    types: `
--- A stream over bytes in memory.
function source.fast(data: string): any
--- The same, a piece at a time, each later.
function source.slow(data: string, piece: integer): any
--- A stream that can do nothing.
function source.bare(): any
--- A stream that fails.
function source.broken(): any
--- Streams made so far.
function source.count(): integer
--- Bytes written to a stream, and how often it was closed.
function source.written(number: integer): string
function source.closed(number: integer): integer
`,
    classes: ["deterministic"],
    functions: {
      fast: (call) => memory(call, Infinity),
      slow: (call) => memory(call, call.number(2)),
      bare: (call) => call.createStream({ ...BARE }),
      broken: (call) => call.createStream(brokenStream()),
      count: () => made.length,
      written: (call) => Uint8Array.from(made[call.number(1) - 1]!.written),
      closed: (call) => made[call.number(1) - 1]!.closed,
    },
  })];
}
