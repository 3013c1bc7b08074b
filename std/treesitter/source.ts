/**
 * Source text as Lua and tree-sitter see it: bytes of UTF-8 outside, UTF-16 units inside.
 *
 * S1. A byte that is no UTF-8 is one unit, U+FFFD.
 * S2. After an edit the inserted bytes are unknown until the new source comes: they are taken for ASCII, and remembered as
 *     holes. Only a new source that fits everywhere else may be parsed with the help of the old tree.
 */
import type { Point } from "web-tree-sitter";

const REPLACEMENT = 0xfffd;

/** Text with its places. */
export class Source {
  readonly bytes: Uint8Array;
  /** The byte at which each unit starts, and after the last one the length; undefined when units are bytes. */
  readonly #starts: Uint32Array | undefined;
  readonly #units: Uint16Array | undefined;
  /** Ranges of unknown bytes, in order. */
  readonly #holes: readonly (readonly [start: number, end: number])[];
  #text: string | undefined;
  #lines: number[] | undefined;

  private constructor(
    bytes: Uint8Array,
    parts: { starts?: Uint32Array; units?: Uint16Array; holes?: readonly (readonly [number, number])[] },
  ) {
    this.bytes = bytes;
    this.#starts = parts.starts;
    this.#units = parts.units;
    this.#holes = parts.holes ?? [];
  }

  /** The source in `bytes`. */
  static of(bytes: Uint8Array): Source {
    return new Source(bytes, isAscii(bytes) ? {} : decode(bytes));
  }

  /** What tree-sitter parses. */
  get text(): string {
    if (this.#text === undefined) {
      this.#text = this.#units === undefined
        ? new TextDecoder("latin1").decode(this.bytes)
        : new TextDecoder("utf-16le", { ignoreBOM: true }).decode(this.#units);
    }
    return this.#text;
  }

  /** The byte at which unit `unit` starts. */
  byteOf(unit: number): number {
    if (this.#starts === undefined) return unit;
    const last = this.#starts.length - 1;
    return unit <= last ? this.#starts[unit]! : this.#starts[last]! + unit - last;
  }

  /** The unit that byte `byte` belongs to. */
  unitOf(byte: number): number {
    const starts = this.#starts;
    if (starts === undefined) return byte;
    const last = starts.length - 1;
    if (byte >= starts[last]!) return last + byte - starts[last]!;
    let low = 0;
    let high = last;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (starts[middle]! < byte) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The point at unit `unit`, which tree-sitter says is at `point`. */
  pointOf(unit: number, point: Point): Point {
    if (this.#starts === undefined) return { row: point.row, column: point.column };
    return { row: point.row, column: this.byteOf(unit) - this.byteOf(Math.max(0, unit - point.column)) };
  }

  /** A point of bytes as tree-sitter counts it. */
  unitPoint({ row, column }: Point): Point {
    if (this.#starts === undefined) return { row, column };
    const start = this.#lineStarts()[row];
    return start === undefined
      ? { row, column }
      : { row, column: this.unitOf(start + column) - this.unitOf(start) };
  }

  /** The point of a byte, found by looking at the text. */
  pointAt(byte: number): { point: Point; units: Point } {
    const lines = this.#lineStarts();
    let low = 0;
    let high = lines.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (lines[middle]! <= byte) low = middle;
      else high = middle - 1;
    }
    const start = lines[low]!;
    return {
      point: { row: low, column: byte - start },
      units: { row: low, column: this.unitOf(byte) - this.unitOf(start) },
    };
  }

  /** First byte of each line. */
  #lineStarts(): number[] {
    if (this.#lines === undefined) {
      this.#lines = [0];
      for (let at = this.bytes.indexOf(10); at >= 0; at = this.bytes.indexOf(10, at + 1)) {
        this.#lines.push(at + 1);
      }
    }
    return this.#lines;
  }

  /** The source after bytes `start` to `oldEnd` became others up to `newEnd`. */
  edited(start: number, oldEnd: number, newEnd: number): Source {
    const bytes = new Uint8Array(this.bytes.length - oldEnd + newEnd);
    bytes.set(this.bytes.subarray(0, start));
    bytes.set(this.bytes.subarray(oldEnd), newEnd);
    const shift = newEnd - oldEnd;
    const holes = this.#holes.flatMap(([from, to]): (readonly [number, number])[] => {
      const before: [number, number] = [from, Math.min(to, start)];
      const after: [number, number] = [Math.max(from, oldEnd) + shift, to + shift];
      return [before, after].filter(([a, b]) => a < b);
    });
    holes.push([start, newEnd]);
    holes.sort((a, b) => a[0] - b[0]);
    if (this.#starts === undefined) return new Source(bytes, { holes });
    const from = this.unitOf(start);
    const to = this.unitOf(oldEnd);
    const count = newEnd - start;
    const rest = this.#starts.length - to;
    const starts = new Uint32Array(from + count + rest);
    const units = new Uint16Array(starts.length - 1);
    starts.set(this.#starts.subarray(0, from));
    units.set(this.#units!.subarray(0, from));
    for (let i = 0; i < count; i++) starts[from + i] = start + i;
    for (let i = 0; i < rest; i++) starts[from + count + i] = this.#starts[to + i]! + shift;
    units.set(this.#units!.subarray(to), from + count);
    return new Source(bytes, { starts, units, holes });
  }

  /** Whether `other` is what this one, as edited, has become. */
  fits(other: Source): boolean {
    if (this.bytes.length !== other.bytes.length) return false;
    let at = 0;
    for (const [start, end] of [...this.#holes, [this.bytes.length, this.bytes.length] as const]) {
      for (; at < start; at++) if (this.bytes[at] !== other.bytes[at]) return false;
      at = Math.max(at, end);
    }
    const mine = this.#starts;
    const theirs = other.#starts;
    if (mine === undefined || theirs === undefined) return mine === theirs;
    return mine.length === theirs.length && mine.every((byte, i) => byte === theirs[i]);
  }
}

function isAscii(bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) if (bytes[i]! > 0x7f) return false;
  return true;
}

/** Units of UTF-8, and where each starts. Both halves of a pair start where the character does. */
function decode(bytes: Uint8Array): { starts: Uint32Array; units: Uint16Array } {
  const units = new Uint16Array(bytes.length);
  const starts = new Uint32Array(bytes.length + 1);
  let count = 0;
  let at = 0;
  while (at < bytes.length) {
    const length = lengthAt(bytes, at);
    const point = length === 0 ? REPLACEMENT : pointAt(bytes, at, length);
    starts[count] = at;
    if (point > 0xffff) {
      units[count++] = 0xd800 + ((point - 0x10000) >> 10);
      starts[count] = at;
      units[count++] = 0xdc00 + ((point - 0x10000) & 0x3ff);
    } else units[count++] = point;
    at += Math.max(1, length);
  }
  starts[count] = bytes.length;
  return { starts: starts.slice(0, count + 1), units: units.slice(0, count) };
}

/** Bytes of the character at `at`; 0 when there is none. */
function lengthAt(bytes: Uint8Array, at: number): number {
  const first = bytes[at]!;
  const length = first < 0x80
    ? 1
    : first < 0xc2
    ? 0
    : first < 0xe0
    ? 2
    : first < 0xf0
    ? 3
    : first < 0xf5
    ? 4
    : 0;
  if (at + length > bytes.length) return 0;
  for (let i = 1; i < length; i++) if ((bytes[at + i]! & 0xc0) !== 0x80) return 0;
  if (length < 3) return length;
  const point = pointAt(bytes, at, length);
  const isLong = length === 3
    ? point < 0x800 || (point >= 0xd800 && point < 0xe000)
    : point < 0x10000 || point > 0x10ffff;
  return isLong ? 0 : length;
}

function pointAt(bytes: Uint8Array, at: number, length: number): number {
  const first = bytes[at]!;
  if (length === 1) return first;
  let point = first & (0x7f >> length);
  for (let i = 1; i < length; i++) point = point << 6 | (bytes[at + i]! & 0x3f);
  return point;
}
