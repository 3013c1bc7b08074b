/**
 * What configuration does to registry entries before they are loaded: `override` and `disable`.
 *
 * Both are pure: they take entries and give entries back; which entries there are is the loader's business.
 */
import { Failure, isValueMap, parseEntryId, type Value, type ValueMap } from "../../core/mod.ts";
import type { Entry } from "../../registry/mod.ts";
import { flagFailure } from "./flag_failure.ts";
import { coerce } from "./layers.ts";

/** One changed field of one entry. */
export interface EntryOverride {
  readonly id: string;
  readonly target: "kind" | "meta" | "data";
  /** Path inside `meta` or `data`; empty for `kind`. */
  readonly path: readonly string[];
  readonly value: Value;
  /** Where it was asked for, for people. */
  readonly origin: () => string;
  /** True for one typed on the command line, which must then match an entry. */
  readonly isStrict: boolean;
}

/** Patterns of entries to leave out. */
export interface Disabled {
  readonly namespaces: readonly string[];
  readonly entries: readonly string[];
}

/** Reads `namespace:entry:path`. Fails with Invalid when it has another form or sets `kind` to no text. */
export function parseOverride(
  key: string,
  value: Value,
  origin: () => string,
  isStrict: boolean,
): EntryOverride {
  const [ns, name, ...rest] = key.split(":");
  const field = rest.join(":");
  if (!ns || !name || field === "" || field.split(".").includes("")) {
    throw wrongOverride(key, origin, "expected namespace:entry:field, for example app:gateway:addr");
  }
  const id = `${ns}:${name}`;
  if (field === "kind") {
    if (typeof value !== "string" || value === "") {
      throw wrongOverride(key, origin, "a kind is a non-empty text");
    }
    return { id, target: "kind", path: [], value, origin, isStrict };
  }
  const [first, ...inner] = field.split(".") as [string, ...string[]];
  const isPart = (first === "data" || first === "meta") && inner.length > 0;
  return {
    id,
    target: isPart ? first : "data",
    path: isPart ? inner : [first, ...inner],
    value,
    origin,
    isStrict,
  };
}

function wrongOverride(key: string, origin: () => string, why: string): Failure {
  const place = origin();
  return new Failure("Invalid", `override ${key} (${place}): ${why}`, {
    retryable: false,
    details: place.startsWith("--") ? { flag: place } : undefined,
  });
}

/** Reads one `--override namespace:entry:field=value`; the value is coerced by its form. */
export function parseOverrideFlag(text: string): EntryOverride {
  const equals = text.indexOf("=");
  if (equals < 0) {
    throw flagFailure(
      "Invalid",
      "--override",
      `${text}: expected namespace:entry:field=value, for example app:gateway:addr=:9090`,
    );
  }
  const value = coerce(text.slice(equals + 1));
  return parseOverride(text.slice(0, equals), value, () => `--override ${text}`, true);
}

/** Entries after all overrides, and the overrides that matched no entry. */
export function overrideEntries(
  entries: readonly Entry[],
  overrides: readonly EntryOverride[],
): { entries: Entry[]; unmatched: EntryOverride[] } {
  const result = new Map(entries.map((entry) => [entry.id, entry]));
  const unmatched: EntryOverride[] = [];
  for (const override of overrides) {
    const entry = result.get(override.id);
    if (entry === undefined) unmatched.push(override);
    else result.set(entry.id, overridden(entry, override));
  }
  return { entries: [...result.values()], unmatched };
}

function overridden(entry: Entry, override: EntryOverride): Entry {
  if (override.target === "kind") return { ...entry, kind: override.value as string };
  const changed = withValue(entry[override.target], override.path, override);
  return { ...entry, [override.target]: changed as ValueMap };
}

/** A copy of `value` in which the leaf at `path` is the override's value; maps on the way are made. */
function withValue(value: Value, path: readonly string[], override: EntryOverride): Value {
  const [key, ...rest] = path;
  if (key === undefined) return override.value;
  if (Array.isArray(value)) {
    const index = Number(key);
    if (!/^\d+$/.test(key) || index >= value.length) {
      throw new Failure(
        "Invalid",
        `${override.origin()}: ${override.id} has a list of ${value.length} there, "${key}" is no position in it (from 0)`,
      );
    }
    return value.map((item, i) => i === index ? withValue(item, rest, override) : item);
  }
  const map: ValueMap = isValueMap(value) ? value : {};
  return { ...map, [key]: withValue(Object.hasOwn(map, key) ? map[key] : undefined, rest, override) };
}

/** Whether an entry is to be left out. */
export function isDisabled(id: string, disabled: Disabled): boolean {
  const { ns, name } = parseEntryId(id);
  return disabled.namespaces.some((pattern) => matchesNamespace(pattern, ns)) ||
    disabled.entries.some((pattern) => {
      const at = pattern.indexOf(":");
      if (at < 0) return matchesName(pattern, name);
      return matchesNamespace(pattern.slice(0, at), ns) && matchesName(pattern.slice(at + 1), name);
    });
}

/** Matches dotted segments: `*` inside a segment any text, `**` any number of segments, none included. */
export function matchesNamespace(pattern: string, ns: string): boolean {
  const wanted = pattern.split(".");
  const given = ns.split(".");
  function matches(i: number, j: number): boolean {
    if (i === wanted.length) return j === given.length;
    if (wanted[i] === "**") {
      for (let next = j; next <= given.length; next++) if (matches(i + 1, next)) return true;
      return false;
    }
    return j < given.length && matchesName(wanted[i]!, given[j]!) && matches(i + 1, j + 1);
  }
  return matches(0, 0);
}

/** Matches a whole text; `*` stands for any text. */
export function matchesName(pattern: string, text: string): boolean {
  if (!pattern.includes("*")) return pattern === text;
  const parts = pattern.split("*");
  const first = parts[0]!;
  const last = parts.at(-1)!;
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) {
    return false;
  }
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at);
    if (found < 0 || found + part.length > text.length - last.length) return false;
    at = found + part.length;
  }
  return true;
}
