/** The `Scanner` class: a stream cut into lines, words, bytes or characters. */
import { asFailure, Failure } from "../../src/core/mod.ts";
import { type Call, defineObject, type ObjectDefinition } from "../../src/lua/mod.ts";
import { type NativeResult, Values } from "../../src/vm/mod.ts";

/** How a stream is cut. */
export type Split = "lines" | "words" | "bytes" | "runes";

/** Longest token; a stream without line ends must not fill memory. */
const TOKEN_BYTES_MAX = 1024 * 1024;
const NEWLINE = 10;
const CARRIAGE_RETURN = 13;
const REPLACEMENT = Uint8Array.of(0xef, 0xbf, 0xbd);

/** True for a name of `Split`. */
export function isSplit(name: string): name is Split {
  return name === "lines" || name === "words" || name === "bytes" || name === "runes";
}

/** A token and the place after it; undefined when more bytes are needed. */
interface Token {
  readonly bytes: Uint8Array;
  readonly end: number;
}

type Cut = (bytes: Uint8Array, from: number, isLast: boolean) => Token | undefined;

/** Cuts what `fetch` gives into tokens. */
export class Scanner {
  readonly #cut: Cut;
  readonly #fetch: () => Uint8Array | null | Promise<Uint8Array | null>;
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;
  #isLast = false;
  /** The current token. */
  token: Uint8Array = new Uint8Array(0);
  failure: Failure | undefined;

  constructor(split: Split, fetch: () => Uint8Array | null | Promise<Uint8Array | null>) {
    this.#cut = CUTS[split];
    this.#fetch = fetch;
  }

  /** Advances to the next token; false at the end or after a failure. */
  scan(): boolean | Promise<boolean> {
    try {
      while (this.failure === undefined) {
        const token = this.#cut(this.#bytes, this.#at, this.#isLast);
        if (token !== undefined) {
          this.token = token.bytes;
          this.#at = token.end;
          return true;
        }
        if (this.#isLast) break;
        if (this.#bytes.length - this.#at > TOKEN_BYTES_MAX) {
          throw new Failure("Internal", "token too long", { retryable: false });
        }
        const chunk = this.#fetch();
        if (chunk instanceof Promise) {
          return chunk.then((value) => this.#resume(value), (error) => this.#fail(error));
        }
        this.#append(chunk);
      }
    } catch (error) {
      return this.#fail(error);
    }
    this.token = new Uint8Array(0);
    return false;
  }

  #resume(chunk: Uint8Array | null): boolean | Promise<boolean> {
    this.#append(chunk);
    return this.scan();
  }

  #fail(error: unknown): boolean {
    this.failure = asFailure(error);
    this.token = new Uint8Array(0);
    return false;
  }

  #append(chunk: Uint8Array | null): void {
    if (chunk === null) {
      this.#isLast = true;
      return;
    }
    const rest = this.#bytes.subarray(this.#at);
    const joined = new Uint8Array(rest.length + chunk.length);
    joined.set(rest);
    joined.set(chunk, rest.length);
    this.#bytes = joined;
    this.#at = 0;
  }
}

const CUTS: Readonly<Record<Split, Cut>> = {
  lines(bytes, from, isLast) {
    const newline = bytes.indexOf(NEWLINE, from);
    if (newline < 0 && (!isLast || from >= bytes.length)) return undefined;
    const end = newline < 0 ? bytes.length : newline;
    const isReturn = end > from && bytes[end - 1] === CARRIAGE_RETURN;
    return { bytes: bytes.slice(from, isReturn ? end - 1 : end), end: newline < 0 ? end : newline + 1 };
  },
  words(bytes, from, isLast) {
    let start = from;
    for (let width = spaceWidth(bytes, start); width > 0; width = spaceWidth(bytes, start)) start += width;
    for (let i = start; i < bytes.length; i++) {
      const width = spaceWidth(bytes, i);
      if (width > 0) return { bytes: bytes.slice(start, i), end: i + width };
    }
    return isLast && start < bytes.length ? { bytes: bytes.slice(start), end: bytes.length } : undefined;
  },
  bytes: (bytes, from) =>
    from < bytes.length ? { bytes: bytes.slice(from, from + 1), end: from + 1 } : undefined,
  runes(bytes, from, isLast) {
    if (from >= bytes.length) return undefined;
    const width = runeWidth(bytes[from]!);
    if (width > bytes.length - from && !isLast) return undefined;
    const rune = bytes.slice(from, from + width);
    const isWhole = width > 0 && rune.length === width && isUtf8(rune);
    return isWhole ? { bytes: rune, end: from + width } : { bytes: REPLACEMENT, end: from + 1 };
  },
};

/** Bytes of the white space at `i`, 0 when there is none. */
function spaceWidth(bytes: Uint8Array, i: number): number {
  const first = bytes[i];
  if (first === undefined) return 0;
  if (first === 32 || (first >= 9 && first <= 13)) return 1;
  const second = bytes[i + 1];
  if (first === 0xc2) return second === 0x85 || second === 0xa0 ? 2 : 0;
  if (first < 0xe1 || first > 0xe3) return 0;
  const code = first << 16 | (second ?? 0) << 8 | (bytes[i + 2] ?? 0);
  const isSpace = code === 0xe19a80 || (code >= 0xe28080 && code <= 0xe2808a) || code === 0xe280a8 ||
    code === 0xe280a9 || code === 0xe280af || code === 0xe2819f || code === 0xe38080;
  return isSpace ? 3 : 0;
}

/** Length that the first byte of a character announces; 0 for one that starts none. */
function runeWidth(first: number): number {
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first < 0xe0) return 2;
  if (first >= 0xe0 && first < 0xf0) return 3;
  return first >= 0xf0 && first < 0xf5 ? 4 : 0;
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch (_error) {
    // Bytes that are no text.
    return false;
  }
}

function scan(call: Call): NativeResult | Promise<NativeResult> {
  const scanner = call.self(scannerObject);
  const outcome = (found: boolean): Values =>
    new Values([found, scanner.failure === undefined ? null : call.error(scanner.failure)]);
  const found = scanner.scan();
  return found instanceof Promise ? found.then(outcome) : outcome(found);
}

/** Tokens of a stream. */
export const scannerObject: ObjectDefinition<Scanner> = defineObject<Scanner>({
  name: "Scanner",
  methods: {
    text: (call) => call.self(scannerObject).token,
    err: (call) => call.self(scannerObject).failure?.message ?? null,
  },
  commands: { scan },
});
