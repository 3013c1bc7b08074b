/**
 * The plain part of YAML that definition files are written in, read without the library.
 *
 * PY1. It gives what the library gives, or gives up: never something else. Mistakes are the library's to tell.
 * PY2. Read are block maps and lists, flow ones on one line, words, quoted text, and literal blocks. Anchors, tags, merge keys, folded
 *      and continued text, several documents, tabs and much else are left to the library.
 * PY3. It is there for the start of the program, when all code is cold: few steps, and those native where that can be. What is common is
 *      found without a pattern, each of which has to be compiled first.
 */
import type { Value, ValueMap } from "../core/mod.ts";
import { NOT_PLAIN, wordValue } from "./plain_words.ts";

export { NOT_PLAIN };

/** Most levels; what is deeper is for the library, which has a limit of its own. */
const DEPTH_MAX = 40;

/** Characters that the library refuses or that mean something to it beyond lines: controls, tabs, other line ends, half characters. */
const FOREIGN = /[^\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd]/;
const BLOCK_KEY = /^[A-Za-z_$/][\w./:@$-]*$/;
const QUOTED = /"[^"\\\n]*(?:\\["\\/nt][^"\\\n]*)*"|'[^'\n]*(?:''[^'\n]*)*'/y;
/** A word inside a flow collection; a colon in it is followed by more of it. */
const FLOW_WORD =
  /(?:[A-Za-z0-9_./$]|-(?=[0-9]))[^,[\]{}:#"'&*!|>%@`?]*(?::(?=[^ ,[\]{}"'])[^,[\]{}:#"'&*!|>%@`?]*)*/y;
/** Characters that a word can't start with outside of flow collections. */
const INDICATORS = "-?:,[]{}#&*!|>'\"%@`";

/** Keys that were found to be plain: most come again and again. */
const KEYS = new Set<string>();
const KEYS_MAX = 1024;

const SPACE = 32;
const HASH = 35;
const DOLLAR = 36;
const COMMA = 44;
const DASH = 45;
const POINT = 46;
const SLASH = 47;
const ZERO = 48;
const NINE = 57;
const COLON = 58;
const AT = 64;
const CLOSING_BRACKET = 93;
const CLOSING_BRACE = 125;

/** The value of `text`, or `NOT_PLAIN`. */
export function readPlainYaml(text: string): Value | typeof NOT_PLAIN {
  if (FOREIGN.test(text)) return NOT_PLAIN;
  try {
    return new PlainReader(text).document();
  } catch (error) {
    // On Deno an expression takes stack for each escape of a text: millions of them are for the library.
    if (error === NOT_PLAIN || error instanceof RangeError) return NOT_PLAIN;
    throw error;
  }
}

/** A value inside a line and where the line goes on behind it. */
interface Inline {
  readonly value: Value;
  readonly end: number;
}

class PlainReader {
  readonly #lines: readonly string[];
  /** The line that is read, `""` at the end; and where its text starts, -1 at the end. */
  #line = "";
  #indent = -1;
  #next = 0;
  #depth = 0;

  constructor(text: string) {
    this.#lines = text.split("\n");
    this.#advance();
  }

  document(): Value {
    if (this.#indent < 0) return null;
    if (this.#indent > 0) throw NOT_PLAIN;
    const value = this.#block(0);
    if (this.#indent >= 0) throw NOT_PLAIN;
    return value;
  }

  /** Goes to the next line that says something. */
  #advance(): void {
    const lines = this.#lines;
    while (this.#next < lines.length) {
      const line = lines[this.#next++]!;
      const start = textStart(line, 0);
      if (start === line.length || line.charCodeAt(start) === HASH) continue;
      this.#line = line;
      this.#indent = start;
      return;
    }
    this.#line = "";
    this.#indent = -1;
  }

  /** The list or map that starts here, at column `column`. */
  #block(column: number): Value {
    if (++this.#depth > DEPTH_MAX) throw NOT_PLAIN;
    const value = isItem(this.#line, column) ? this.#list(column) : this.#map(column);
    this.#depth--;
    return value;
  }

  #list(column: number): Value[] {
    const items: Value[] = [];
    while (this.#indent === column && isItem(this.#line, column)) {
      const start = textStart(this.#line, column + 1);
      if (isEnd(this.#line, start)) items.push(this.#below(column, false));
      else if (isItem(this.#line, start)) throw NOT_PLAIN;
      else if (this.#isKeyAt(start)) {
        // The map begins on the line of its dash; its other keys stand below the first.
        this.#indent = start;
        items.push(this.#block(start));
      } else items.push(this.#value(start, column));
    }
    if (this.#indent > column) throw NOT_PLAIN;
    return items;
  }

  #map(column: number): ValueMap {
    const map: ValueMap = {};
    do {
      const line = this.#line;
      const colon = keyEnd(line, column);
      const key = keyOf(line, column, colon);
      if (Object.hasOwn(map, key)) throw NOT_PLAIN;
      const start = textStart(line, colon + 1);
      map[key] = isEnd(line, start) ? this.#below(column, true) : this.#value(start, column);
    } while (this.#indent === column);
    if (this.#indent > column) throw NOT_PLAIN;
    return map;
  }

  /** What stands below a key or dash at `column` that has nothing behind it. */
  #below(column: number, isKey: boolean): Value {
    this.#advance();
    if (this.#indent > column) return this.#block(this.#indent);
    // The items of a key may stand below it without being indented.
    if (isKey && this.#indent === column && isItem(this.#line, column)) return this.#block(column);
    return null;
  }

  /** Whether a map starts at `start`: a key and its colon. */
  #isKeyAt(start: number): boolean {
    const line = this.#line;
    if ("[{|>".includes(line[start]!)) return false;
    return keyEnd(line, start) >= 0;
  }

  /** The value that starts at `start` of this line and belongs to a key or dash at `column`. */
  #value(start: number, column: number): Value {
    const line = this.#line;
    if (line[start] === "|") return this.#literal(line.slice(start + 1), column);
    const { end, value } = "[{'\"".includes(line[start]!) ? this.#flow(line, start) : word(line, start);
    const rest = textStart(line, end);
    // A comment must be apart from what it is behind.
    if (!isEnd(line, rest) || (rest < line.length && rest === end)) throw NOT_PLAIN;
    this.#advance();
    if (this.#indent > column) throw NOT_PLAIN;
    return value;
  }

  /** The lines of a literal block below a key or dash at `column`; `mark` is what stands behind its bar. */
  #literal(mark: string, column: number): Value {
    if (mark !== "" && mark !== "-") throw NOT_PLAIN;
    const lines = this.#lines;
    const first = this.#next;
    let at = first;
    while (at < lines.length && lines[at] === "") at++;
    const indent = at < lines.length ? textStart(lines[at]!, 0) : 0;
    if (indent <= column || indent === lines[at]!.length) throw NOT_PLAIN;
    const found: string[] = [];
    let size = 0;
    for (at = first; at < lines.length; at++) {
      const line = lines[at]!;
      const start = textStart(line, 0);
      if (start < indent && start < line.length) break;
      found.push(line.slice(indent));
      if (start < line.length) size = found.length;
      // Lines of spaces alone belong to the text or not, depending on how many there are.
      else if (start > indent) throw NOT_PLAIN;
    }
    // The last line is not ended by a line end.
    if (at === lines.length && size === found.length) throw NOT_PLAIN;
    this.#next = at;
    this.#advance();
    if (this.#indent > column) throw NOT_PLAIN;
    found.length = size;
    return mark === "-" ? found.join("\n") : found.join("\n") + "\n";
  }

  /** The quoted text, list or map that starts at `start`. */
  #flow(line: string, start: number): Inline {
    switch (line[start]) {
      case "[":
        return this.#flowList(line, start);
      case "{":
        return this.#flowMap(line, start);
      case '"':
      case "'":
        return quoted(line, start);
      default:
        return flowWord(line, start);
    }
  }

  #flowList(line: string, start: number): Inline {
    if (++this.#depth > DEPTH_MAX) throw NOT_PLAIN;
    const items: Value[] = [];
    let at = textStart(line, start + 1);
    while (line[at] !== "]") {
      const item = this.#flow(line, at);
      items.push(item.value);
      at = flowGap(line, item.end, "]");
    }
    this.#depth--;
    return { value: items, end: at + 1 };
  }

  #flowMap(line: string, start: number): Inline {
    if (++this.#depth > DEPTH_MAX) throw NOT_PLAIN;
    const map: ValueMap = {};
    let at = textStart(line, start + 1);
    while (line[at] !== "}") {
      const end = keyTextEnd(line, at);
      const key = line.slice(at, end);
      if (end === at || line.charCodeAt(end) !== COLON || line.charCodeAt(end + 1) !== SPACE) throw NOT_PLAIN;
      if (Object.hasOwn(map, key) || (!KEYS.has(key) && isReserved(key))) throw NOT_PLAIN;
      const item = this.#flow(line, textStart(line, at + key.length + 1));
      map[key] = item.value;
      at = flowGap(line, item.end, "}");
    }
    this.#depth--;
    return { value: map, end: at + 1 };
  }
}

/** Where the next item of a flow collection starts, or its end. */
function flowGap(line: string, end: number, close: string): number {
  const at = textStart(line, end);
  if (line[at] === close) return at;
  const next = textStart(line, at + 1);
  if (line[at] !== "," || line[next] === close) throw NOT_PLAIN;
  return next;
}

/** Index of the first character from `from` that is no space. */
function textStart(line: string, from: number): number {
  let at = from;
  while (line.charCodeAt(at) === SPACE) at++;
  return at;
}

/** `text` without the spaces at its end; other blanks are part of it. */
function trimmed(text: string): string {
  let end = text.length;
  while (text.charCodeAt(end - 1) === SPACE) end--;
  return text.slice(0, end);
}

/** Whether nothing but a comment stands from `at` on. */
function isEnd(line: string, at: number): boolean {
  return at >= line.length || line.charCodeAt(at) === HASH;
}

/** Whether a list item starts at `at`. */
function isItem(line: string, at: number): boolean {
  return line.charCodeAt(at) === DASH && (at + 1 === line.length || line.charCodeAt(at + 1) === SPACE);
}

/** Index of the colon behind the key that starts at `start`; -1 when there is none. */
function keyEnd(line: string, start: number): number {
  const quote = line[start];
  if (quote === '"' || quote === "'") {
    const end = line.indexOf(quote, start + 1) + 1;
    return end > 0 && line[end] === ":" && isGap(line, end + 1) ? end : -1;
  }
  const colon = line.indexOf(": ", start);
  return colon >= 0 ? colon : line.endsWith(":") && line.length > start ? line.length - 1 : -1;
}

function isGap(line: string, at: number): boolean {
  return at >= line.length || line.charCodeAt(at) === SPACE;
}

function keyOf(line: string, start: number, colon: number): string {
  if (colon < 0) throw NOT_PLAIN;
  const quote = line[start];
  if (quote === '"' || quote === "'") {
    const text = line.slice(start + 1, colon - 1);
    if (text.includes("\\") || text.includes("'") || text.includes('"') || text === "__proto__") {
      throw NOT_PLAIN;
    }
    return text;
  }
  const key = line.slice(start, colon);
  if (KEYS.has(key)) return key;
  const isPlain = (colon > start && keyTextEnd(line, start) === colon) || BLOCK_KEY.test(key);
  if (!isPlain || isReserved(key)) throw NOT_PLAIN;
  if (KEYS.size < KEYS_MAX) KEYS.add(key);
  return key;
}

/** Keys that are no text, or that objects treat in a way of their own. */
function isReserved(key: string): boolean {
  return key === "__proto__" || typeof wordValue(key) !== "string";
}

/** Whether a character is a letter of English, a digit or `_`. */
function isWordCharacter(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= ZERO && code <= NINE) ||
    code === 95;
}

/** Where the key that starts at `start` ends, which has no colon in it; `start` when none does. */
function keyTextEnd(line: string, start: number): number {
  let at = start;
  for (;;) {
    const code = line.charCodeAt(at);
    const isKey = isWordCharacter(code)
      ? at > start || code > NINE
      : code === SLASH || code === DOLLAR || (at > start && (code === POINT || code === AT || code === DASH));
    if (!isKey) return at;
    at++;
  }
}

/** A word inside a flow collection. */
function flowWord(line: string, start: number): Inline {
  let end = start;
  let code = line.charCodeAt(end);
  while (isWordCharacter(code) || code === POINT || code === SLASH) code = line.charCodeAt(++end);
  const next = line.charCodeAt(textStart(line, end));
  if (end > start && (next === COMMA || next === CLOSING_BRACKET || next === CLOSING_BRACE)) {
    return { value: wordValue(line.slice(start, end)), end };
  }
  const text = match(FLOW_WORD, line, start);
  return { value: wordValue(trimmed(text)), end: start + text.length };
}

/** The text that `pattern`, which is sticky, finds at `at`. */
function match(pattern: RegExp, line: string, at: number): string {
  pattern.lastIndex = at;
  const found = pattern.exec(line);
  if (found === null) throw NOT_PLAIN;
  return found[0];
}

function quoted(line: string, start: number): Inline {
  const quote = line[start]!;
  const close = line.indexOf(quote, start + 1);
  const plain = line.slice(start + 1, close);
  if (close > 0 && (quote === "'" ? line[close + 1] !== quote : !plain.includes("\\"))) {
    return { value: plain, end: close + 1 };
  }
  const text = match(QUOTED, line, start);
  const end = start + text.length;
  const inner = text.slice(1, -1);
  if (text[0] === "'") return { value: inner.replaceAll("''", "'"), end };
  return { value: inner.includes("\\") ? JSON.parse(text) as string : inner, end };
}

/** An unquoted value: up to the end of the line or a comment. */
function word(line: string, start: number): Inline {
  if (INDICATORS.includes(line[start]!) && !(line[start] === "-" && !isGap(line, start + 1))) throw NOT_PLAIN;
  const comment = line.indexOf(" #", start);
  const end = comment < 0 ? line.length : comment;
  const text = trimmed(line.slice(start, end));
  if (text.includes(": ") || text.endsWith(":")) throw NOT_PLAIN;
  return { value: wordValue(text), end };
}
