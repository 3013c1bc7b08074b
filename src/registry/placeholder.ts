/**
 * Placeholders in entry data: `${env:NAME}`, `${env:NAME|default}`, `${NAME|default}`, the escape `$${`, and the older
 * sibling form `<field>_env: NAME`.
 *
 * PH1. NAME is a registered variable's public name or entry id, never a variable of the operating system. The short form takes
 *      upper-case letters, digits and `_` only and needs a default; every other `${` is plain text.
 * PH2. The variable's value counts first, then its own default, then the written one; with none of them decoding fails.
 * PH3. A field that is one placeholder with a default that reads as a boolean, whole number or float takes that type;
 *      inside other text a placeholder gives text.
 * PH4. The entry itself is never changed: what is resolved is a copy, and only of what holds a placeholder.
 * PH5. `<field>_env` counts only when it names a registered variable; an empty value keeps the inline field.
 */
import { asFailure, Failure, isValueMap, type Value, type ValueMap } from "../core/mod.ts";
import type { Environment } from "../ports/mod.ts";

const PLACEHOLDER = /\$\$\{|\$\{env:([^}|]+)(?:\|([^}]*))?\}|\$\{([A-Z0-9_]+)\|([^}]*)\}/g;
const LEGACY_SUFFIX = "_env";

/** Names of the variables that `data` mentions; `verbatim` fields are passed over. */
export function placeholderNames(data: ValueMap, verbatim: readonly string[] = []): string[] {
  const names = new Set<string>();
  for (const key of Object.keys(data)) {
    if (!verbatim.includes(key)) collectNames(key, data[key], names);
  }
  return [...names];
}

function collectNames(key: string, value: Value, names: Set<string>): void {
  if (typeof value === "string") {
    if (key.endsWith(LEGACY_SUFFIX) && value !== "" && !value.includes("${")) names.add(value);
    if (!value.includes("${")) return;
    for (const match of value.matchAll(PLACEHOLDER)) {
      const name = match[1] ?? match[3];
      if (name !== undefined) names.add(name.trim());
    }
  } else if (Array.isArray(value)) {
    for (const item of value) collectNames("", item, names);
  } else if (isValueMap(value)) {
    for (const inner of Object.keys(value)) collectNames(inner, value[inner], names);
  }
}

/** `data` with its placeholders resolved. Fails with Invalid naming the field and the variable. */
export async function resolvePlaceholders(
  data: ValueMap,
  environment: Environment,
  verbatim: readonly string[] = [],
): Promise<ValueMap> {
  return await resolveMap(data, "", environment, verbatim);
}

/** Whether `data` may need `resolvePlaceholders` at all. */
export function hasPlaceholders(data: ValueMap, verbatim: readonly string[] = []): boolean {
  for (const key of Object.keys(data)) {
    if (!verbatim.includes(key) && mayHold(key, data[key])) return true;
  }
  return false;
}

function mayHold(key: string, value: Value): boolean {
  if (typeof value === "string") return value.includes("${") || (key.endsWith(LEGACY_SUFFIX) && value !== "");
  if (typeof value !== "object" || value === null) return false;
  if (Array.isArray(value)) return value.some((item) => mayHold("", item));
  if (value instanceof Uint8Array) return false;
  for (const inner of Object.keys(value)) if (mayHold(inner, value[inner])) return true;
  return false;
}

async function resolveMap(
  map: ValueMap,
  path: string,
  environment: Environment,
  verbatim: readonly string[],
): Promise<ValueMap> {
  const result: ValueMap = {};
  for (const key of Object.keys(map)) {
    const value = map[key];
    const inner = path === "" ? key : `${path}.${key}`;
    result[key] = verbatim.includes(key) || !mayHold("", value)
      ? value
      : await resolveValue(value, inner, environment);
  }
  for (const key of Object.keys(map)) {
    const name = map[key];
    if (!key.endsWith(LEGACY_SUFFIX) || typeof name !== "string" || verbatim.includes(key)) continue;
    if (environment.variable(name) === undefined) continue;
    const text = await environment.get(name);
    if (text !== undefined && text !== "") result[key.slice(0, -LEGACY_SUFFIX.length)] = text;
  }
  return result;
}

async function resolveValue(value: Value, path: string, environment: Environment): Promise<Value> {
  if (typeof value === "string") return await resolveText(value, path, environment);
  if (Array.isArray(value)) {
    const items: Value[] = [];
    for (const [i, item] of value.entries()) {
      items.push(await resolveValue(item, `${path}[${i + 1}]`, environment));
    }
    return items;
  }
  return isValueMap(value) ? await resolveMap(value, path, environment, []) : value;
}

async function resolveText(text: string, path: string, environment: Environment): Promise<Value> {
  let result = "";
  let end = 0;
  for (const match of text.matchAll(PLACEHOLDER)) {
    const whole = match[0];
    result += text.slice(end, match.index);
    end = match.index + whole.length;
    if (whole === "$${") {
      result += "${";
      continue;
    }
    const name = (match[1] ?? match[3])!.trim();
    const fallback = match[2] ?? match[4];
    const value = await lookUp(name, path, environment) ?? fallback;
    if (value === undefined) throw unset(name, path, environment);
    if (whole.length === text.length) return typed(value, fallback);
    result += value;
  }
  return result + text.slice(end);
}

/** The variable's value or own default; a variable that is not registered has neither. */
async function lookUp(name: string, path: string, environment: Environment): Promise<string | undefined> {
  if (environment.variable(name) === undefined) return undefined;
  try {
    return await environment.get(name);
  } catch (error) {
    const { kind, message, retryable, details } = asFailure(error);
    throw new Failure(kind, `${path}: environment variable "${name}": ${message}`, {
      retryable,
      details,
      cause: error,
    });
  }
}

function unset(name: string, path: string, environment: Environment): Failure {
  const why = environment.variable(name) === undefined
    ? `no env.variable entry is called "${name}"`
    : `environment variable "${name}" is not set`;
  const what = `set it or write a default: \${env:${name}|value}`;
  return new Failure("Invalid", `${path}: ${why}; ${what}`, {
    retryable: false,
    details: { path, variable: name },
  });
}

/** `value` in the type that `fallback` is written in; text that does not read as that type stays text. */
function typed(value: string, fallback: string | undefined): Value {
  if (fallback === undefined) return value;
  if (/^(true|false)$/.test(fallback)) {
    return /^(true|1)$/i.test(value) ? true : /^(false|0)$/i.test(value) ? false : value;
  }
  if (/^[+-]?\d+$/.test(fallback)) return wholeNumber(value);
  if (/^[+-]?(\d+\.\d*|\.\d+|\d+)([eE][+-]?\d+)?$/.test(fallback)) {
    return /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(value) ? Number(value) : value;
  }
  return value;
}

function wholeNumber(text: string): Value {
  if (!/^[+-]?\d+$/.test(text)) return text;
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : BigInt(text);
}
