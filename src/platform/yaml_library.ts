/**
 * YAML into plain data, all of it.
 *
 * Y1. YAML 1.2's core schema, plus what definition files have always been written with: merge keys, `!!binary`, and whole numbers
 *     with a leading zero as octal (`0644`). Dates stay text. Whole numbers beyond 2^53 are bigints, beyond 64 bits
 *     with sign floats, as in Lua.
 * Y2. Aliases share what they point to; a text whose aliases would unfold to more than `UNFOLDED_MAX` values is refused.
 * Y3. The library is chosen for speed: ten times that of one which keeps comments.
 */
import {
  binaryTag,
  constructFromEvents,
  CORE_SCHEMA,
  defineScalarTag,
  EVENT_ID,
  getScalarValue,
  mergeTag,
  NOT_RESOLVED,
  parseEvents,
  YAMLException,
} from "js-yaml";
import { Failure, type Value } from "../core/mod.ts";
import type { YamlReader } from "../ports/mod.ts";

/** Most values a text with aliases may stand for. */
const UNFOLDED_MAX = 1_000_000;

const integerTag = defineScalarTag<number | bigint>("tag:yaml.org,2002:int", {
  implicit: true,
  implicitFirstChars: ["-", "+", ..."0123456789"],
  resolve: resolveInteger,
  identify: (data) => typeof data === "bigint" || Number.isInteger(data),
});

const SCHEMA = CORE_SCHEMA.withTags(integerTag, mergeTag, binaryTag);

function resolveInteger(source: string): number | bigint | typeof NOT_RESOLVED {
  const match = /^([-+]?)(?:0o([0-7]+)|0x([0-9a-fA-F]+)|0([0-7]+)|([0-9]+))$/.exec(source);
  if (match === null) return NOT_RESOLVED;
  const [, sign, octal, hex, leadingZero, decimal] = match;
  const digits = octal ?? hex ?? leadingZero ?? decimal!;
  const radix = hex !== undefined ? 16 : decimal !== undefined ? 10 : 8;
  const number = Number.parseInt(digits, radix);
  if (Number.isSafeInteger(number)) return sign === "-" && number !== 0 ? -number : number;
  const prefix = radix === 16 ? "0x" : radix === 8 ? "0o" : "";
  const big = BigInt(prefix + digits) * (sign === "-" ? -1n : 1n);
  return BigInt.asIntN(64, big) === big ? big : NOT_RESOLVED;
}

type Events = ReturnType<typeof parseEvents>;

/** Events of the text whose lines were asked for last. */
let parsedLast: { readonly text: string; readonly events: Events } | undefined;

/** Reads YAML. */
export const yamlLibrary: YamlReader = {
  parse(text) {
    try {
      const events = parseEvents(text, {});
      const documents = constructFromEvents(events, { source: text, schema: SCHEMA });
      if (documents.length > 1) {
        const line = lineAt(text, secondDocument(events));
        throw new Failure("Invalid", `line ${line}: a second document starts here; only one is allowed`, {
          retryable: false,
          details: { line, column: 1 },
        });
      }
      const value = (documents[0] ?? null) as Value;
      if (events.some((event) => event.type === EVENT_ID.ALIAS)) refuseUnfolding(value);
      return value;
    } catch (error) {
      throw yamlFailure(error);
    }
  },

  lineOf(text, path) {
    try {
      // Who asks for the lines of many entries asks for those of one file after the other.
      if (parsedLast?.text !== text) parsedLast = { text, events: parseEvents(text, {}) };
      return lineAt(text, offsetOf(text, parsedLast.events, path));
    } catch (error) {
      const line = yamlFailure(error).details?.line;
      return typeof line === "number" ? line : 1;
    }
  },
};

function yamlFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  const reason = error instanceof YAMLException
    ? error.reason
    : error instanceof Error
    ? error.message
    : String(error);
  const mark = error instanceof YAMLException ? error.mark : undefined;
  if (mark === undefined) return new Failure("Invalid", reason, { retryable: false, cause: error });
  const line = mark.line + 1;
  const column = mark.column + 1;
  return new Failure("Invalid", `line ${line}, column ${column}: ${reason}`, {
    retryable: false,
    details: { line, column },
    cause: error,
  });
}

function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf("\n"); at >= 0 && at < offset; at = text.indexOf("\n", at + 1)) line++;
  return line;
}

function startOf(event: Events[number]): number {
  switch (event.type) {
    case EVENT_ID.SEQUENCE:
    case EVENT_ID.MAPPING:
      return event.start;
    case EVENT_ID.SCALAR:
      return event.valueStart;
    case EVENT_ID.ALIAS:
      return event.anchorStart;
    default:
      return -1;
  }
}

function secondDocument(events: Events): number {
  const starts = events.flatMap((event, i) => event.type === EVENT_ID.DOCUMENT ? [i] : []);
  for (const event of events.slice(starts[1])) if (startOf(event) >= 0) return startOf(event);
  return 0;
}

/** Index of the event after the value that starts at `at`. */
function skip(events: Events, at: number): number {
  const { type } = events[at]!;
  if (type !== EVENT_ID.SEQUENCE && type !== EVENT_ID.MAPPING) return at + 1;
  let depth = 1;
  let next = at + 1;
  for (; depth > 0; next++) {
    const inner = events[next]!.type;
    if (inner === EVENT_ID.SEQUENCE || inner === EVENT_ID.MAPPING) depth++;
    else if (inner === EVENT_ID.POP) depth--;
  }
  return next;
}

/** Offset of the value at `path`, of its key when the value is empty, or of its nearest ancestor. */
function offsetOf(text: string, events: Events, path: readonly (string | number)[]): number {
  let at = 1;
  if (events.length < 2) return 0;
  let best = Math.max(0, startOf(events[at]!));
  for (const step of path) {
    const found = child(text, events, at, step);
    if (found === undefined) return best;
    const start = startOf(events[found.value]!);
    best = start >= 0 ? start : found.key ?? best;
    at = found.value;
  }
  return best;
}

function child(
  text: string,
  events: Events,
  parent: number,
  step: string | number,
): { value: number; key?: number } | undefined {
  const { type } = events[parent]!;
  if (type === EVENT_ID.SEQUENCE && typeof step === "number") {
    let at = parent + 1;
    for (let i = 0; i < step && events[at]!.type !== EVENT_ID.POP; i++) at = skip(events, at);
    return events[at]!.type === EVENT_ID.POP ? undefined : { value: at };
  }
  if (type !== EVENT_ID.MAPPING) return undefined;
  for (let at = parent + 1; events[at]!.type !== EVENT_ID.POP;) {
    const key = events[at]!;
    const value = skip(events, at);
    if (key.type === EVENT_ID.SCALAR && getScalarValue(text, key) === String(step)) {
      return { value, key: key.valueStart };
    }
    at = skip(events, value);
  }
  return undefined;
}

/** Fails when `value`, with everything shared written out, is larger than `UNFOLDED_MAX`, or contains itself. */
function refuseUnfolding(value: Value): void {
  const sizes = new Map<object, number>();
  const open = new Set<object>();
  const sizeOf = (item: Value): number => {
    if (typeof item !== "object" || item === null || item instanceof Uint8Array) return 1;
    const known = sizes.get(item);
    if (known !== undefined) return known;
    if (open.has(item)) {
      throw new Failure("Invalid", "an alias points to what it is part of", { retryable: false });
    }
    open.add(item);
    let size = 1;
    for (const inner of Array.isArray(item) ? item : Object.values(item)) size += sizeOf(inner);
    open.delete(item);
    sizes.set(item, size);
    return size;
  };
  if (sizeOf(value) > UNFOLDED_MAX) {
    const message = `aliases unfold to more than ${UNFOLDED_MAX} values`;
    throw new Failure("Invalid", message, { retryable: false });
  }
}
