/**
 * A document's text with its lines: places as editors count them, to offsets and back.
 *
 * TX1. Lines end with `\n`, `\r\n` or `\r`, and count from 0, as the protocol says. Columns are UTF-8 bytes or UTF-16 units,
 *      as was agreed with the client; a place outside is moved to the nearest inside.
 * TX2. Offsets are UTF-16 units. A column in the middle of a character is moved to its start.
 */
import type { Position, Range, TextDocumentContentChangeEvent } from "vscode-languageserver-protocol";

/** How columns are counted. */
export type Encoding = "utf-8" | "utf-16";

/** A text that never changes. */
export class Text {
  readonly source: string;
  readonly encoding: Encoding;
  /** Offset of the first character of each line. */
  readonly #starts: number[] = [0];

  constructor(source: string, encoding: Encoding) {
    this.source = source;
    this.encoding = encoding;
    for (let i = 0; i < source.length; i++) {
      const code = source.charCodeAt(i);
      if (code === 13 && source.charCodeAt(i + 1) === 10) i++;
      if (code === 10 || code === 13) this.#starts.push(i + 1);
    }
  }

  /** How many lines there are. */
  get lineCount(): number {
    return this.#starts.length;
  }

  /** Text of a line without its end. */
  line(index: number): string {
    const start = this.#starts[index];
    return start === undefined ? "" : this.source.slice(start, this.#lineEnd(index));
  }

  /** Line of an offset. */
  lineOf(offset: number): number {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#starts[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** Offset of the start of a line; that of the end for lines past the last. */
  startOf(line: number): number {
    return this.#starts[line] ?? this.source.length;
  }

  /** The place of an offset. */
  position(offset: number): Position {
    const at = Math.max(0, Math.min(offset, this.source.length));
    const line = this.lineOf(at);
    const start = this.#starts[line]!;
    const character = this.encoding === "utf-16" ? at - start : utf8Length(this.source, start, at);
    return { line, character };
  }

  /** The range between two offsets. */
  range(start: number, end: number): Range {
    return { start: this.position(start), end: this.position(end) };
  }

  /** The offset of a place. */
  offset({ line, character }: Position): number {
    const start = this.#starts[line];
    if (line < 0) return 0;
    if (start === undefined) return this.source.length;
    const end = this.#lineEnd(line);
    let at = this.encoding === "utf-16"
      ? Math.min(start + Math.max(0, character), end)
      : offsetOfByte(this.source, start, end, character);
    if (at > start && at < end && isLowSurrogate(this.source, at) && isHighSurrogate(this.source, at - 1)) {
      at--;
    }
    return at;
  }

  /** The text after an editor's changes, in order. */
  changed(changes: readonly TextDocumentContentChangeEvent[]): Text {
    return changes.reduce((text: Text, change) => {
      if (!("range" in change)) return new Text(change.text, text.encoding);
      const from = text.offset(change.range.start);
      const to = Math.max(from, text.offset(change.range.end));
      return new Text(text.source.slice(0, from) + change.text + text.source.slice(to), text.encoding);
    }, this);
  }

  #lineEnd(line: number): number {
    let end = this.#starts[line + 1] ?? this.source.length;
    const start = this.#starts[line]!;
    while (
      end > start && (this.source.charCodeAt(end - 1) === 10 || this.source.charCodeAt(end - 1) === 13)
    ) end--;
    return end;
  }
}

function isHighSurrogate(source: string, at: number): boolean {
  return (source.charCodeAt(at) & 0xfc00) === 0xd800;
}

function isLowSurrogate(source: string, at: number): boolean {
  return (source.charCodeAt(at) & 0xfc00) === 0xdc00;
}

/** Bytes of the character at `at` and the units it takes. */
function step(source: string, at: number): [bytes: number, units: number] {
  const code = source.charCodeAt(at);
  if (code < 0x80) return [1, 1];
  if (code < 0x800) return [2, 1];
  return isHighSurrogate(source, at) && isLowSurrogate(source, at + 1) ? [4, 2] : [3, 1];
}

function utf8Length(source: string, start: number, end: number): number {
  let bytes = 0;
  for (let at = start; at < end;) {
    const [size, units] = step(source, at);
    bytes += size;
    at += units;
  }
  return bytes;
}

function offsetOfByte(source: string, start: number, end: number, byte: number): number {
  let at = start;
  for (let bytes = 0; at < end;) {
    const [size, units] = step(source, at);
    if (bytes + size > byte) break;
    bytes += size;
    at += units;
  }
  return at;
}
