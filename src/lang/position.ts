/**
 * Offsets to lines and columns and back.
 *
 * Offsets are UTF-16 units into the source. Lines end as Lua counts them: `\n`, `\r`, `\r\n` and `\n\r` are one end each.
 */

/** A place in a source; lines and columns count from 1, offsets from 0. */
export interface Position {
  readonly offset: number;
  /** Offset in bytes of the source encoded as UTF-8. */
  readonly byteOffset: number;
  readonly line: number;
  /** Column in bytes (UTF-8), as Lua tools count. */
  readonly column: number;
  /** Column in UTF-16 units, as editors count. */
  readonly columnUtf16: number;
}

/** Line starts of one source. */
export class LineMap {
  readonly source: string;
  /** Offset of the first character of each line. */
  readonly starts: readonly number[];
  #bytes: number[] | undefined;

  constructor(source: string) {
    this.source = source;
    this.starts = lineStarts(source);
  }

  /** Line (from 1) that holds `offset`. */
  line(offset: number): number {
    let low = 0;
    let high = this.starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.starts[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return low + 1;
  }

  /** Full position of an offset; offsets past the end are moved to the end. */
  position(offset: number): Position {
    const at = Math.max(0, Math.min(offset, this.source.length));
    const line = this.line(at);
    const start = this.starts[line - 1]!;
    const bytes = utf8Length(this.source, start, at);
    this.#bytes ??= this.#byteStarts();
    return {
      offset: at,
      byteOffset: this.#bytes[line - 1]! + bytes,
      line,
      column: bytes + 1,
      columnUtf16: at - start + 1,
    };
  }

  /** Offset of a line and UTF-16 column, both from 1; moved into the line when outside. */
  offset(line: number, columnUtf16: number): number {
    const index = Math.max(0, Math.min(line - 1, this.starts.length - 1));
    const start = this.starts[index]!;
    return Math.max(start, Math.min(start + columnUtf16 - 1, start + this.text(index + 1).length));
  }

  /** Text of a line (from 1) without its end. */
  text(line: number): string {
    const start = this.starts[line - 1];
    if (start === undefined) return "";
    let end = this.starts[line] ?? this.source.length;
    while (end > start && (this.source[end - 1] === "\n" || this.source[end - 1] === "\r")) end--;
    return this.source.slice(start, end);
  }

  #byteStarts(): number[] {
    const bytes = [0];
    for (let i = 1; i < this.starts.length; i++) {
      bytes.push(bytes[i - 1]! + utf8Length(this.source, this.starts[i - 1]!, this.starts[i]!));
    }
    return bytes;
  }
}

function lineStarts(source: string): number[] {
  const starts = [0];
  for (let i = 0; i < source.length; i++) {
    const code = source.charCodeAt(i);
    if (code !== 10 && code !== 13) continue;
    const next = source.charCodeAt(i + 1);
    if ((next === 10 || next === 13) && next !== code) i++;
    starts.push(i + 1);
  }
  return starts;
}

/** Bytes of `source[start..end]` in UTF-8; a lone surrogate counts as three, like the replacement character. */
function utf8Length(source: string, start: number, end: number): number {
  let bytes = 0;
  for (let i = start; i < end; i++) {
    const code = source.charCodeAt(i);
    if (code < 0x80) bytes += 1;
    else if (code < 0x800) bytes += 2;
    else if (
      code >= 0xd800 && code < 0xdc00 && i + 1 < end && (source.charCodeAt(i + 1) & 0xfc00) === 0xdc00
    ) {
      bytes += 4;
      i++;
    } else bytes += 3;
  }
  return bytes;
}
