/**
 * Splits bytes that arrive in parts into lines, words, bytes or characters.
 *
 * Lines lose their end (`\n` or `\r\n`); words are what stands between ASCII space; a byte that is no UTF-8 counts as a
 * character of its own.
 */
import { Failure, SCANNER_TOKEN_BYTES_MAX } from "../../src/core/mod.ts";

/** How bytes are split. */
export type Split = "lines" | "words" | "bytes" | "runes";

/** All splits. */
export const SPLITS: readonly Split[] = ["lines", "words", "bytes", "runes"];

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
const EMPTY = new Uint8Array(0);

/** A splitter over `read`, which gives the next bytes, or null at the end. */
export class Scanner {
  readonly #read: () => Uint8Array | null;
  readonly #split: Split;
  #buffer: Uint8Array = EMPTY;
  #at = 0;
  #ended = false;
  #token: Uint8Array = EMPTY;
  #error: Failure | undefined;

  constructor(read: () => Uint8Array | null, split: Split) {
    this.#read = read;
    this.#split = split;
  }

  /** The token found last; empty before the first and after the last. */
  get token(): Uint8Array {
    return this.#token;
  }

  /** Why scanning stopped before the end. */
  get error(): Failure | undefined {
    return this.#error;
  }

  /** Moves to the next token; false at the end or after a failure. */
  scan(): boolean {
    this.#token = EMPTY;
    if (this.#error !== undefined) return false;
    try {
      const token = this.#next();
      if (token === undefined) return false;
      this.#token = token;
      return true;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      this.#error = error;
      return false;
    }
  }

  #next(): Uint8Array | undefined {
    switch (this.#split) {
      case "lines":
        return this.#line();
      case "words":
        return this.#word();
      case "bytes":
        return this.#has(1) ? this.#take(1) : undefined;
      case "runes":
        return this.#has(1) ? this.#rune() : undefined;
    }
  }

  #line(): Uint8Array | undefined {
    let from = this.#at;
    for (;;) {
      const end = this.#buffer.indexOf(LINE_FEED, from);
      if (end >= 0) {
        const line = this.#take(end - this.#at);
        this.#at++;
        return line.at(-1) === CARRIAGE_RETURN ? line.subarray(0, -1) : line;
      }
      const looked = this.#buffer.length - this.#at;
      if (!this.#more()) {
        if (this.#at >= this.#buffer.length) return undefined;
        const line = this.#take(this.#buffer.length - this.#at);
        return line.at(-1) === CARRIAGE_RETURN ? line.subarray(0, -1) : line;
      }
      from = this.#at + looked;
    }
  }

  #word(): Uint8Array | undefined {
    while (this.#has(1) && isSpace(this.#buffer[this.#at]!)) this.#at++;
    let length = 0;
    while (this.#has(length + 1) && !isSpace(this.#buffer[this.#at + length]!)) length++;
    return length === 0 ? undefined : this.#take(length);
  }

  #rune(): Uint8Array {
    const first = this.#buffer[this.#at]!;
    const length = first < 0x80
      ? 1
      : first >= 0xc2 && first < 0xe0
      ? 2
      : first >= 0xe0 && first < 0xf0
      ? 3
      : first >= 0xf0 && first < 0xf5
      ? 4
      : 1;
    for (let i = 1; i < length; i++) {
      if (!this.#has(i + 1) || (this.#buffer[this.#at + i]! & 0xc0) !== 0x80) return this.#take(1);
    }
    return this.#take(length);
  }

  #take(length: number): Uint8Array {
    const token = this.#buffer.slice(this.#at, this.#at + length);
    this.#at += length;
    return token;
  }

  #has(count: number): boolean {
    while (this.#buffer.length - this.#at < count) if (!this.#more()) return false;
    return true;
  }

  /** Appends the next bytes; false at the end. */
  #more(): boolean {
    if (this.#ended) return false;
    const rest = this.#buffer.length - this.#at;
    if (rest > SCANNER_TOKEN_BYTES_MAX) {
      throw new Failure("LimitExceeded", `token too long (more than ${SCANNER_TOKEN_BYTES_MAX} bytes)`, {
        retryable: false,
      });
    }
    const bytes = this.#read();
    if (bytes === null) {
      this.#ended = true;
      return false;
    }
    if (rest === 0) this.#buffer = bytes;
    else {
      const joined = new Uint8Array(rest + bytes.length);
      joined.set(this.#buffer.subarray(this.#at));
      joined.set(bytes, rest);
      this.#buffer = joined;
    }
    this.#at = 0;
    return true;
  }
}

function isSpace(byte: number): boolean {
  return byte === 32 || byte >= 9 && byte <= 13;
}
