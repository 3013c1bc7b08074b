/**
 * Multipart form data (RFC 7578), parsed while it arrives.
 *
 * MP1. At most one piece of the body and the longest delimiter are held at once; what a part contains goes to its sink.
 * MP2. Parts and the size of their headers are bounded. A body that ends before its last delimiter is malformed.
 */
import { Failure } from "../../src/core/mod.ts";

/** Receives the contents of one part. */
export interface PartSink {
  write(data: Uint8Array): void;
}

/** Headers of a part by lower-case name. */
export type PartHeaders = ReadonlyMap<string, string>;

/** Most parts of one body. */
const PARTS_MAX = 1000;
const HEADER_BYTES_MAX = 16 * 1024;
const CR = 13;
const DASH = 45;
const BLANK_LINE = Uint8Array.of(13, 10, 13, 10);

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The failure of a body that is no form. */
export function malformed(problem: string): Failure {
  return new Failure("Invalid", `malformed multipart body: ${problem}`, {
    retryable: false,
    details: { type: "PARSE_FAILED" },
  });
}

/** Value of a parameter of a header such as `form-data; name="a"`; undefined when it has none. */
export function headerParameter(header: string, name: string): string | undefined {
  const pattern = /;\s*([^\s=;]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;]*))/g;
  for (const [, key, quoted, plain] of header.matchAll(pattern)) {
    if (key!.toLowerCase() !== name) continue;
    // Browsers escape quotes only, and leave the backslashes of Windows paths alone.
    return quoted === undefined ? plain!.trim() : quoted.replaceAll('\\"', '"');
  }
  return undefined;
}

/** Reads one multipart body. */
export class MultipartParser {
  readonly #read: () => Uint8Array | null | Promise<Uint8Array | null>;
  readonly #open: (headers: PartHeaders) => PartSink;
  readonly #delimiter: Uint8Array;
  #buffer: Uint8Array;
  #ended = false;

  /** `open` is called for each part. */
  constructor(
    boundary: string,
    read: () => Uint8Array | null | Promise<Uint8Array | null>,
    open: (headers: PartHeaders) => PartSink,
  ) {
    this.#read = read;
    this.#open = open;
    this.#delimiter = encoder.encode(`\r\n--${boundary}`);
    // The first delimiter may stand at the very beginning.
    this.#buffer = Uint8Array.of(13, 10);
  }

  /** Reads to the last delimiter. */
  async run(): Promise<void> {
    await this.#skipTo({ write: () => undefined });
    for (let parts = 0; !await this.#isLast(); parts++) {
      if (parts === PARTS_MAX) throw malformed(`more than ${PARTS_MAX} parts`);
      const sink = this.#open(await this.#headers());
      await this.#skipTo(sink);
    }
  }

  async #more(): Promise<void> {
    if (this.#ended) throw malformed("unexpected end");
    const piece = await this.#read();
    if (piece === null) {
      this.#ended = true;
      throw malformed("unexpected end");
    }
    if (this.#buffer.length === 0) {
      this.#buffer = piece;
      return;
    }
    const joined = new Uint8Array(this.#buffer.length + piece.length);
    joined.set(this.#buffer);
    joined.set(piece, this.#buffer.length);
    this.#buffer = joined;
  }

  /** Gives everything before the next delimiter to `sink` and drops the delimiter. */
  async #skipTo(sink: PartSink): Promise<void> {
    const delimiter = this.#delimiter;
    while (true) {
      const at = find(this.#buffer, delimiter);
      if (at >= 0) {
        if (at > 0) sink.write(this.#buffer.subarray(0, at));
        this.#buffer = this.#buffer.subarray(at + delimiter.length);
        return;
      }
      // What may be the beginning of a delimiter stays.
      const safe = this.#buffer.length - delimiter.length + 1;
      if (safe > 0) {
        sink.write(this.#buffer.subarray(0, safe));
        this.#buffer = this.#buffer.subarray(safe);
      }
      await this.#more();
    }
  }

  /** After a delimiter: two dashes end the body, a line end begins a part. */
  async #isLast(): Promise<boolean> {
    while (true) {
      let at = 0;
      // Transport padding.
      while (this.#buffer[at] === 32 || this.#buffer[at] === 9) at++;
      if (this.#buffer.length >= at + 2) {
        const [first, second] = [this.#buffer[at], this.#buffer[at + 1]];
        if (first === DASH && second === DASH) return true;
        if (first !== CR || second !== 10) throw malformed("a delimiter is followed by other text");
        // The line end stays: a part without headers has nothing but it before the blank line.
        this.#buffer = this.#buffer.subarray(at);
        return false;
      }
      await this.#more();
    }
  }

  async #headers(): Promise<PartHeaders> {
    let end = find(this.#buffer, BLANK_LINE);
    while (end < 0) {
      if (this.#buffer.length > HEADER_BYTES_MAX) throw malformed("headers of a part are too long");
      await this.#more();
      end = find(this.#buffer, BLANK_LINE);
    }
    const text = decoder.decode(this.#buffer.subarray(0, end));
    this.#buffer = this.#buffer.subarray(end + BLANK_LINE.length);
    const headers = new Map<string, string>();
    for (const line of text.split("\r\n")) {
      const colon = line.indexOf(":");
      if (colon > 0) headers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
    }
    return headers;
  }
}

/** Where `sought` begins in `bytes`, or -1. */
function find(bytes: Uint8Array, sought: Uint8Array): number {
  const last = bytes.length - sought.length;
  for (let at = bytes.indexOf(CR); at >= 0 && at <= last; at = bytes.indexOf(CR, at + 1)) {
    let i = 1;
    while (i < sought.length && bytes[at + i] === sought[i]) i++;
    if (i === sought.length) return at;
  }
  return -1;
}
