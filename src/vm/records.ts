/**
 * Records to bytes, when the VM knows their columns; the grammar is at the top of `native/codec.c`.
 *
 * Hot: `tests/bench/services.bench.ts` earns the plain loops, in which nothing is kept between two values but where the next one
 * goes.
 */
import type { Cell, Fields, Records } from "../core/mod.ts";
import type { Views } from "./views.ts";

/** Texts up to this length are written by hand. */
const SHORT_TEXT = 63;
/** Most bytes that a value takes besides its text, and the head of records. */
const VALUE_BYTES = 9;
const HEAD_BYTES = 13;
/** A length as four bytes of seven bits and a last one, whatever it is: texts are written before their length is known. */
const LENGTH_BYTES = 5;
const encoder = new TextEncoder();

/** Where records are written. */
export class RecordWriter {
  readonly #views: Views;

  constructor(views: Views) {
    this.#views = views;
  }

  /** Writes a list of records alone from `at` on, up to `end`; returns its length, or -1 when it does not fit. */
  into(at: number, end: number, { columns, rows }: Records, shape: number): number {
    const { bytes, view } = this.#views.now();
    const { names } = columns;
    if (at + HEAD_BYTES > end) return -1;
    let to = writeVarint(bytes, writeHead(bytes, at, 16, shape), rows.length);
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!;
      for (let column = 0; column < names.length; column++) {
        to = writeCell(bytes, view, row[names[column]!], to, end);
        if (to < 0) return -1;
      }
    }
    return to - at;
  }

  /** As `into`, for a record. */
  fieldsInto(at: number, end: number, { columns, values }: Fields, shape: number): number {
    const { bytes, view } = this.#views.now();
    const count = columns.names.length;
    if (at + HEAD_BYTES > end) return -1;
    let to = writeHead(bytes, at, 18, shape);
    for (let i = 0; i < count; i++) {
      const value = values[i];
      to = typeof value === "number" && Number.isSafeInteger(value)
        ? writeInteger(bytes, view, value, to, end)
        : writeCell(bytes, view, value, to, end);
      if (to < 0) return -1;
    }
    return to - at;
  }
}

/** Starts a list of one value with a shape; returns where that goes on. */
function writeHead(bytes: Uint8Array, at: number, tag: number, shape: number): number {
  bytes[at] = 0;
  bytes[at + 1] = 1;
  bytes[at + 2] = tag;
  return writeVarint(bytes, at + 3, shape);
}

// Each of the following returns where the next value goes, or -1 when it does not fit.

/**
 * A function of its own, since engines guess what an argument is by all that it was: of a value that is looked at where it is read
 * they remember what the first rows had, and are wrong again and again.
 */
function writeCell(
  bytes: Uint8Array,
  view: DataView,
  value: Cell | undefined,
  at: number,
  end: number,
): number {
  if (at + VALUE_BYTES > end) return -1;
  if (typeof value === "number") {
    bytes[at] = 4;
    view.setFloat64(at + 1, value, true);
    return at + VALUE_BYTES;
  }
  if (typeof value === "bigint") {
    bytes[at] = 17;
    view.setBigInt64(at + 1, value, true);
    return at + VALUE_BYTES;
  }
  return typeof value === "string" ? writeText(bytes, value, at, end) : writeOther(bytes, value, at, end);
}

function writeInteger(bytes: Uint8Array, view: DataView, value: number, at: number, end: number): number {
  if (at + VALUE_BYTES > end) return -1;
  bytes[at] = 17;
  view.setInt32(at + 1, value | 0, true);
  view.setInt32(at + 5, Math.floor(value / 2 ** 32), true);
  return at + VALUE_BYTES;
}

function writeOther(bytes: Uint8Array, value: Cell | undefined, at: number, end: number): number {
  if (value instanceof Uint8Array) return writeBytes(bytes, value, at, end);
  bytes[at] = typeof value !== "boolean" ? 0 : value ? 2 : 1;
  return at + 1;
}

function writeText(bytes: Uint8Array, text: string, at: number, end: number): number {
  const length = text.length;
  if (at + 1 + length > end) return -1;
  if (length <= SHORT_TEXT) {
    let i = 0;
    for (; i < length; i++) {
      const code = text.charCodeAt(i);
      if (code >= 128) break;
      bytes[at + 1 + i] = code;
    }
    if (i === length) {
      bytes[at] = 0x80 | length;
      return at + 1 + length;
    }
  }
  const start = at + 1 + LENGTH_BYTES;
  if (start >= end) return -1;
  const { read, written } = encoder.encodeInto(text, bytes.subarray(start, end));
  if (read < length) return -1;
  bytes[at] = 5;
  writeLength(bytes, at + 1, written);
  return start + written;
}

function writeBytes(bytes: Uint8Array, value: Uint8Array, at: number, end: number): number {
  const start = at + 1 + LENGTH_BYTES;
  if (start + value.length > end) return -1;
  bytes[at] = 5;
  writeLength(bytes, at + 1, value.length);
  bytes.set(value, start);
  return start + value.length;
}

function writeLength(bytes: Uint8Array, at: number, length: number): void {
  for (let i = 0; i < LENGTH_BYTES - 1; i++, length >>>= 7) bytes[at + i] = length & 127 | 128;
  bytes[at + LENGTH_BYTES - 1] = length;
}

function writeVarint(bytes: Uint8Array, at: number, value: number): number {
  for (; value >= 128; value >>>= 7) bytes[at++] = value & 127 | 128;
  bytes[at] = value;
  return at + 1;
}
