/**
 * The `Regexp` object: RE2 expressions over the bytes of Lua strings.
 *
 * R1. Positions are bytes: the library reads UTF-8, so nothing is converted and bytes that are no text keep their place.
 * R2. Of one call the work is bounded: expression size times text size, and time for searches that start again and again.
 *     What a replacement makes is bounded too.
 * R3. An empty match right after another match does not count, and the search goes on after the next character.
 */
import type { RE2JS } from "re2js";
import { Failure, REGEXP_RESULT_BYTES_MAX, REGEXP_SEARCH_MS, REGEXP_WORK_MAX } from "../../src/core/mod.ts";
import { type Call, defineObject, type ModuleCommand, type ObjectDefinition } from "../../src/lua/mod.ts";
import type { LuaValue } from "../../src/vm/mod.ts";

type Engine = typeof import("re2js");

let loaded: Engine | undefined;

/** Runs `use` with the library, at once when it is there. */
function withEngine<T>(use: (engine: Engine) => T): T | Promise<T> {
  if (loaded !== undefined) return use(loaded);
  return import("re2js").then((module) => use(loaded = module));
}

/** Compiles RE2 syntax; Invalid when it is none. The library is loaded when first used. */
export function compileRegexp(pattern: string): Regexp | Promise<Regexp> {
  return withEngine(({ RE2JS }) => {
    try {
      return new Regexp(RE2JS.compile(pattern), pattern);
    } catch (cause) {
      throw new Failure("Invalid", (cause as Error).message, { retryable: false, cause });
    }
  });
}

/** Starts and ends of a match and its groups, in pairs; -1 for a group that took no part. */
type Places = readonly number[];

/** A compiled expression. */
export class Regexp {
  readonly pattern: string;
  readonly #engine: RE2JS;
  readonly #size: number;
  readonly groups: number;

  constructor(engine: RE2JS, pattern: string) {
    this.#engine = engine;
    this.pattern = pattern;
    this.#size = engine.programSize();
    this.groups = engine.groupCount();
  }

  /** Names of the groups, the whole match first; `""` for a group without a name. */
  names(): string[] {
    const names = new Array<string>(this.groups + 1).fill("");
    for (const [name, group] of Object.entries(this.#engine.namedGroups())) names[group as number] = name;
    return names;
  }

  test(text: Uint8Array): boolean {
    this.#bound(text);
    return this.#engine.test(text);
  }

  /** The first match; only its own ends unless `groups` are wanted. */
  first(text: Uint8Array, groups: boolean): Places | undefined {
    this.#bound(text);
    const matcher = this.#engine.matcher(text);
    return matcher.find() ? placesOf(matcher, groups ? this.groups : 0) : undefined;
  }

  /** All matches, one after the other. */
  *all(text: Uint8Array, groups: boolean, nowMs: () => number): Generator<Places, void> {
    this.#bound(text);
    const matcher = this.#engine.matcher(text);
    const endMs = nowMs() + REGEXP_SEARCH_MS;
    let lastEnd = -1;
    for (let at = 0, count = 1; at <= text.length && matcher.find(at); count++) {
      const places = placesOf(matcher, groups ? this.groups : 0);
      const [start, end] = places as [number, number];
      if (end > start || start !== lastEnd) yield places;
      at = end > start ? end : end + characterWidth(text, end);
      lastEnd = end;
      if (count % 64 === 0 && nowMs() > endMs) throw tooMuch(text, this.pattern);
    }
  }

  #bound(text: Uint8Array): void {
    if (this.#size * text.length > REGEXP_WORK_MAX) throw tooMuch(text, this.pattern);
  }
}

function tooMuch(text: Uint8Array, pattern: string): Failure {
  const shown = pattern.length > 64 ? `${pattern.slice(0, 64)}...` : pattern;
  const message =
    `text of ${text.length} bytes is too long for the regexp \`${shown}\`: split the text or simplify the regexp`;
  return new Failure("Internal", message, { retryable: false });
}

function placesOf(matcher: ReturnType<RE2JS["matcher"]>, groups: number): Places {
  const places = new Array<number>(2 * groups + 2);
  for (let group = 0; group <= groups; group++) {
    places[2 * group] = matcher.start(group);
    places[2 * group + 1] = matcher.end(group);
  }
  return places;
}

/** Bytes of the character at `at`; a byte that starts none counts as one. */
function characterWidth(text: Uint8Array, at: number): number {
  const first = text[at] ?? 0;
  const announced = first < 0xc2 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 1;
  for (let i = 1; i < announced; i++) {
    if (((text[at + i] ?? 0) & 0xc0) !== 0x80) return 1;
  }
  return announced;
}

function whole(text: Uint8Array, places: Places): Uint8Array {
  return text.subarray(places[0], places[1]);
}

function parts(text: Uint8Array, places: Places): Uint8Array[] {
  const found: Uint8Array[] = [];
  for (let i = 0; i < places.length; i += 2) {
    found.push(places[i]! < 0 ? new Uint8Array(0) : text.subarray(places[i], places[i + 1]));
  }
  return found;
}

function index(places: Places): LuaValue {
  return [places[0]! + 1, places[1]!];
}

/** What `show` makes of every match. */
function each(
  call: Call,
  groups: boolean,
  show: (text: Uint8Array, places: Places) => LuaValue,
): LuaValue[] {
  const { clock } = call.services.ports;
  const regexp = call.self(regexpObject);
  const text = call.bytes(2);
  return Array.from(regexp.all(text, groups, () => clock.monotonicMs()), (places) => show(text, places));
}

/** What `show` makes of the first match, nil without one. */
function one(call: Call, groups: boolean, show: (text: Uint8Array, places: Places) => LuaValue): LuaValue {
  const text = call.bytes(2);
  const places = call.self(regexpObject).first(text, groups);
  return places === undefined ? null : show(text, places);
}

/** A piece of a replacement: bytes, or the number of a group. */
type Piece = Uint8Array | number;

/** `$1`, `${name}` and `$$` of a replacement. A name is as long as it can be; what names no group is nothing. */
function piecesOf(replacement: Uint8Array, names: readonly string[]): Piece[] {
  // Byte for byte, so that text and other bytes pass unchanged.
  const text = new TextDecoder("latin1").decode(replacement);
  const pieces: Piece[] = [];
  let from = 0;
  for (const match of text.matchAll(/\$(?:(\$)|\{(\w+)\}|(\w+))/g)) {
    if (match.index > from) pieces.push(replacement.subarray(from, match.index));
    from = match.index + match[0].length;
    if (match[1] !== undefined) {
      pieces.push(replacement.subarray(match.index, match.index + 1));
      continue;
    }
    const name = match[2] ?? match[3]!;
    const group = /^\d+$/.test(name) ? Number(name) : names.indexOf(name);
    if (group >= 0 && group < names.length) pieces.push(group);
  }
  if (from < replacement.length) pieces.push(replacement.subarray(from));
  return pieces;
}

/** A text that grows up to a limit. */
class Replaced {
  #bytes = new Uint8Array(1024);
  #length = 0;

  add(part: Uint8Array): void {
    const length = this.#length + part.length;
    if (length > REGEXP_RESULT_BYTES_MAX) {
      const message = `the result is longer than ${REGEXP_RESULT_BYTES_MAX} bytes: split the text`;
      throw new Failure("Internal", message, { retryable: false });
    }
    if (length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(length, 2 * this.#bytes.length));
      grown.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = grown;
    }
    this.#bytes.set(part, this.#length);
    this.#length = length;
  }

  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }
}

function replaceAll(call: Call): LuaValue {
  const regexp = call.self(regexpObject);
  const text = call.bytes(2);
  const pieces = piecesOf(call.bytes(3), regexp.names());
  const needsGroups = pieces.some((piece) => typeof piece === "number" && piece > 0);
  const { clock } = call.services.ports;
  const output = new Replaced();
  let from = 0;
  for (const places of regexp.all(text, needsGroups, () => clock.monotonicMs())) {
    output.add(text.subarray(from, places[0]));
    for (const piece of pieces) {
      if (typeof piece !== "number") output.add(piece);
      else if (places[2 * piece]! >= 0) output.add(text.subarray(places[2 * piece], places[2 * piece + 1]));
    }
    from = places[1]!;
  }
  output.add(text.subarray(from));
  return output.bytes();
}

function split(call: Call): LuaValue {
  const regexp = call.self(regexpObject);
  const text = call.bytes(2);
  const most = call.count < 3 || call.type(3) === "nil" ? -1 : Math.trunc(call.number(3));
  if (most === 0) return [];
  if (regexp.pattern !== "" && text.length === 0) return [text];
  const { clock } = call.services.ports;
  const found: Uint8Array[] = [];
  let from = 0;
  let end = 0;
  for (const places of regexp.all(text, false, () => clock.monotonicMs())) {
    if (most > 0 && found.length === most - 1) break;
    end = places[0]!;
    // An empty match at the very start parts nothing off.
    if (places[1] !== 0) found.push(text.subarray(from, end));
    from = places[1]!;
  }
  if (end !== text.length) found.push(text.subarray(from));
  return found;
}

/** `text.regexp.compile`. */
export const compile: ModuleCommand = (call) => {
  const compiled = compileRegexp(call.string(1));
  const shown = (regexp: Regexp): LuaValue => call.create(regexpObject, regexp);
  return compiled instanceof Promise ? compiled.then(shown) : shown(compiled);
};

/** A compiled expression. */
export const regexpObject: ObjectDefinition<Regexp> = defineObject<Regexp>({
  name: "text.Regexp",
  methods: {
    match_string: (call) => call.self(regexpObject).test(call.bytes(2)),
    find_string: (call) => one(call, false, whole),
    find_all_string: (call) => each(call, false, whole),
    find_string_submatch: (call) => one(call, true, parts),
    find_all_string_submatch: (call) => each(call, true, parts),
    find_string_index: (call) => one(call, false, (_, places) => index(places)),
    find_all_string_index: (call) => {
      const all = each(call, false, (_, places) => index(places));
      return all.length === 0 ? null : all;
    },
    replace_all_string: replaceAll,
    split,
    num_subexp: (call) => call.self(regexpObject).groups,
    subexp_names: (call) => call.self(regexpObject).names(),
    string: (call) => call.self(regexpObject).pattern,
  },
  tostring: (regexp) => regexp.pattern,
});
