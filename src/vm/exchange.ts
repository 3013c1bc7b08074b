/**
 * The way in and out of VM memory: the exchange buffer, what the VM puts out, and the codec over both.
 *
 * X1. Views of memory are taken anew after every call that may allocate.
 */
import { Failure, Fields, Records } from "../core/mod.ts";
import type { VmExports } from "./instance.ts";
import { RecordWriter } from "./records.ts";
import { Reader } from "./reader.ts";
import type { Given } from "./value.ts";
import { Views } from "./views.ts";
import { NO_SHAPE, Shapes, tableOf } from "./shapes.ts";
import { Writer } from "./writer.ts";

/** Size of the exchange buffer to begin with; as in C. */
const IO_BYTES = 65_536;
/** Its largest size: addresses have 32 bits. */
const IO_BYTES_MAX = 2 ** 31;
/** What the exchange buffer grows by when records do not fit. */
const ROOM_GROWTH = 4;
/** Room for what a list has besides the bytes of its texts. */
const LIST_BYTES = 4096;

/** Memory of one universe. */
export class Exchange {
  readonly vm: VmExports;
  readonly writer = new Writer();
  readonly reader = new Reader();
  readonly #records: RecordWriter;
  readonly #shapes = new Shapes((names) => this.vm.define_shape(this.put([names as string[]])));
  readonly views: Views;
  /** The exchange buffer: address and size. */
  #io = 0;
  #ioBytes = 0;

  constructor(vm: VmExports) {
    this.vm = vm;
    this.views = new Views(vm.memory);
    this.#records = new RecordWriter(this.views);
    this.#room(IO_BYTES);
  }

  /** All of memory; valid until something allocates. */
  memory(): Uint8Array {
    return this.views.now().bytes;
  }

  /** Writes byte runs one after the other into the exchange buffer. */
  fill(...parts: Uint8Array[]): void {
    let length = 0;
    for (const part of parts) length += part.length;
    let at = this.#room(length);
    const bytes = this.memory();
    for (const part of parts) {
      bytes.set(part, at);
      at += part.length;
    }
  }

  /** Address of the exchange buffer once it holds `length` bytes. */
  #room(length: number): number {
    if (length > this.#ioBytes) {
      const at = length > IO_BYTES_MAX ? 0 : this.vm.io(length) >>> 0;
      if (at === 0) throw new Failure("LimitExceeded", `no memory for ${length} bytes`);
      this.#io = at;
      this.#ioBytes = length;
    }
    return this.#io;
  }

  /** The VM has kept the exchange buffer; there is another one. */
  renew(): void {
    this.#ioBytes = 0;
    this.#room(IO_BYTES);
  }

  /** Makes bytes the result of the native call in progress, without a way through the exchange buffer; false when that can't be. */
  give(bytes: Uint8Array): boolean {
    // The VM may grow to make room, which leaves views of its memory empty.
    if (bytes.buffer === this.vm.memory.buffer) return false;
    const at = this.vm.string_push(bytes.length) >>> 0;
    if (at === 0) return false;
    this.memory().set(bytes, at);
    return true;
  }

  /** As `put`, for values some of which may be long: they are written once. */
  putLong(values: readonly Given[]): number {
    let length = 0;
    for (const value of values) {
      if (value instanceof Uint8Array || typeof value === "string") length += value.length;
    }
    if (length > IO_BYTES) this.#room(length + LIST_BYTES);
    return values.length === 1 ? this.putOne(values[0]) : this.put(values);
  }

  /** Writes a list into the exchange buffer; returns its length. */
  put(values: readonly Given[]): number {
    const length = this.writer.into(this.memory(), this.#io, this.#io + this.#ioBytes, values);
    const { spilled } = this.writer;
    if (spilled !== undefined) this.fill(spilled);
    return length;
  }

  /** Writes a list of one value into the exchange buffer; returns its length. */
  putOne(value: Given): number {
    if (value instanceof Records || value instanceof Fields) return this.putShaped(value);
    const length = this.writer.oneInto(this.memory(), this.#io, this.#io + this.#ioBytes, value);
    const { spilled } = this.writer;
    if (spilled !== undefined) this.fill(spilled);
    return length;
  }

  /** As `putOne`, for tables whose keys the VM knows. */
  putShaped(value: Records | Fields): number {
    const shape = this.#shapes.idOf(value.columns);
    if (shape === NO_SHAPE) return this.putOne(tableOf(value));
    const records = this.#records;
    for (;;) {
      const end = this.#io + this.#ioBytes;
      const length = value instanceof Records
        ? records.into(this.#io, end, value, shape)
        : records.fieldsInto(this.#io, end, value, shape);
      if (length >= 0) return length;
      this.#room(this.#ioBytes * ROOM_GROWTH);
    }
  }

  /** What the VM put out; a view. */
  out(): Uint8Array {
    const at = this.vm.out() >>> 0;
    return this.memory().subarray(at, at + this.vm.out_size());
  }
}
