/**
 * Layers of configuration and how they are laid over each other.
 *
 * CL1. Merging is per leaf: maps merge key by key, everything else replaces what was there.
 * CL2. `disable` lists may be edited instead of replaced: `namespaces.add`, `namespaces.remove`, `entries.add`,
 *      `entries.remove`.
 * CL3. Every leaf knows which layer wrote it last, so that a complaint can say where to look. The place itself is only
 *      found when it is asked for: that reads the file again.
 */
import { flagFailure } from "./flag_failure.ts";
import { checkSetPath } from "./setting_paths.ts";
import { Failure, isValueMap, type Value, type ValueMap } from "../../core/mod.ts";

/** One source of configuration. */
export interface Layer {
  readonly values: ValueMap;
  /** Where the leaf at `path` stands, for people: `.wippy.yaml:12`, `--set a.b=c`. */
  readonly origin: (path: readonly string[]) => string;
}

/** Merged layers. */
export class LayeredValues {
  readonly values: ValueMap = {};
  readonly #origins = new Map<string, () => string>();

  /** Lays `layer` over what is there. */
  add(layer: Layer): void {
    this.#merge(this.values, layer.values, [], layer);
  }

  /** Origin of the leaf at `path`, or of the nearest map around it; undefined for a built-in default. */
  origin(path: readonly string[]): string | undefined {
    for (let length = path.length; length > 0; length--) {
      const origin = this.#origins.get(path.slice(0, length).join("\0"));
      if (origin !== undefined) return origin();
    }
    return undefined;
  }

  #merge(target: ValueMap, source: ValueMap, path: string[], layer: Layer): void {
    for (const key of Object.keys(source)) {
      const at = [...path, key];
      const value = source[key];
      if (
        path.length === 1 && path[0] === "disable" && editList(target, key, value, () => layer.origin(at))
      ) {
        continue;
      }
      const current = Object.hasOwn(target, key) ? target[key] : undefined;
      if (isValueMap(value)) {
        const inner: ValueMap = isValueMap(current) ? current : {};
        define(target, key, inner);
        this.#merge(inner, value, at, layer);
      } else {
        define(target, key, structuredClone(value));
        this.#origins.set(at.join("\0"), () => layer.origin(at));
      }
    }
  }
}

/** Defines an own property, also for keys such as `__proto__` that assignment would treat specially. */
function define(target: ValueMap, key: string, value: Value): void {
  Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
}

/** Applies `namespaces.add` and the like; false when `key` is no such operation. */
function editList(disable: ValueMap, key: string, value: Value, origin: () => string): boolean {
  const match = /^(namespaces|entries)\.(add|remove)$/.exec(key);
  if (match === null) return false;
  const [, name, operation] = match as unknown as [string, string, "add" | "remove"];
  const current = disable[name] ?? [];
  const patterns = typeof value === "string" ? value.split(",") : value;
  if (!isTextList(current) || !isTextList(patterns)) {
    throw new Failure("Invalid", `disable.${key}: expected a list of patterns (${origin()})`);
  }
  disable[name] = operation === "add"
    ? [...current, ...patterns.filter((pattern) => !current.includes(pattern))]
    : current.filter((pattern) => !patterns.includes(pattern));
  return true;
}

function isTextList(value: Value): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

/** A layer of one leaf. */
export function leafLayer(path: readonly string[], value: Value, origin: string): Layer {
  let values: Value = value;
  for (const key of [...path].reverse()) {
    const map: ValueMap = {};
    define(map, key, values);
    values = map;
  }
  return { values: values as ValueMap, origin: () => origin };
}

/** Sections whose keys hold dots themselves: all of the path behind them is one key. */
const FLAT_SECTIONS: readonly (readonly string[])[] = [["override"], ["disable"], [
  "workspace",
  "replacements",
]];

/** Segments of a configuration path `section.name.leaf`. */
export function parsePath(text: string): string[] {
  const segments = text.split(".");
  for (const section of FLAT_SECTIONS) {
    if (segments.length > section.length && section.every((name, i) => segments[i] === name)) {
      return [...section, segments.slice(section.length).join(".")];
    }
  }
  return segments;
}

/** The layer of one `--set section.path=value`. Fails with Invalid when it has another form. */
export function parseSet(text: string): Layer {
  const equals = text.indexOf("=");
  const path = equals < 0 ? [] : parsePath(text.slice(0, equals));
  if (path.length === 0 || path.includes("")) {
    throw flagFailure(
      "Invalid",
      "--set",
      `${text}: expected section.path=value, for example shutdown.timeout=5s`,
    );
  }
  checkSetPath(text, path);
  return leafLayer(path, coerce(text.slice(equals + 1)), `--set ${text}`);
}

/** A value typed on the command line: `true`/`false`, whole and decimal numbers; everything else is text. */
export function coerce(text: string): Value {
  if (text === "true") return true;
  if (text === "false") return false;
  if (/^[+-]?\d+$/.test(text)) {
    const number = Number(text);
    return Number.isSafeInteger(number) ? number : text;
  }
  if (/^[+-]?(\d+\.\d*|\.\d+|\d+(?=[eE]))([eE][+-]?\d+)?$/.test(text)) {
    const number = Number(text);
    return Number.isFinite(number) ? number : text;
  }
  return text;
}
