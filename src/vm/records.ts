/**
 * Records to bytes, when the VM knows their columns; the grammar is at the top of `native/codec.c`.
 *
 * Hot: `tests/bench/services.bench.ts` earns that nothing here is kept between two values but where the next one goes.
 */
import type { Cell, Fields, Records } from "../core/mod.ts";

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
  #bytes: Uint8Array = new Uint8Array(0);
  #view = new DataView(this.#bytes.buffer);

  /** Writes a list of records alone to `bytes[at..end)`; returns its length, or -1 when it does not fit. */
  into(bytes: Uint8Array, at: number, end: number, { columns, rows }: Records, shape: number): number {
    this.#point(bytes);
    const { names } = columns;
    const count = rows.length;
    if (at + HEAD_BYTES > end) return -1;
    bytes[at] = 0;
    bytes[at + 1] = 1;
    bytes[at + 2] = 16;
    let to = writeVarint(bytes, writeVarint(bytes, at + 3, shape), count);
    for (let i = 0; i < count; i++) {
      const row = rows[i]!;
      for (let column = 0; column < names.length; column++) {
        to = this.#cell(row[names[column]!], to, end);
        if (to < 0) return -1;
      }
    }
    return to - at;
  }

  /** As `into`, for a record. */
  fieldsInto(bytes: Uint8Array, at: number, end: number, { columns, values }: Fields, shape: number): number {
    this.#point(bytes);
    const count = columns.names.length;
    if (at + HEAD_BYTES > end) return -1;
    bytes[at] = 0;
    bytes[at + 1] = 1;
    bytes[at + 2] = 18;
    let to = writeVarint(bytes, at + 3, shape);
    for (let i = 0; i < count; i++) {
      const value = values[i];
      to = typeof value === "number" && Number.isSafeInteger(value)
        ? this.#integer(value, to, end)
        : this.#cell(value, to, end);
      if (to < 0) return -1;
    }
    return to - at;
  }

  #point(bytes: Uint8Array): void {
    if (this.#bytes === bytes) return;
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  #integer(value: number, at: number, end: number): number {
    if (at + VALUE_BYTES > end) return -1;
    this.#bytes[at] = 17;
    this.#view.setInt32(at + 1, value | 0, true);
    this.#view.setInt32(at + 5, Math.floor(value / 2 ** 32), true);
    return at + VALUE_BYTES;
  }

  /** Writes a value; returns where the next one goes, or -1 when it does not fit. */
  #cell(value: Cell | undefined, at: number, end: number): number {
    if (at + VALUE_BYTES > end) return -1;
    const bytes = this.#bytes;
    switch (typeof value) {
      case "string":
        return writeText(bytes, value, at, end);
      case "number":
        bytes[at] = 4;
        this.#view.setFloat64(at + 1, value, true);
        return at + VALUE_BYTES;
      case "bigint":
        bytes[at] = 17;
        this.#view.setBigInt64(at + 1, value, true);
        return at + VALUE_BYTES;
      case "boolean":
        bytes[at] = value ? 2 : 1;
        return at + 1;
      default:
        if (value instanceof Uint8Array) return writeBytes(bytes, value, at, end);
        bytes[at] = 0;
        return at + 1;
    }
  }
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
