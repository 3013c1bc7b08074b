/**
 * The link stage: values of requirements written into the entries that need them.
 *
 * L1. A requirement takes the value of a matching parameter, else its default, else none. A bare parameter name matches requirements
 *     of the mounted component only, `ns:name` exactly that requirement.
 * L2. The application's own parameters beat those of modules. Among equals, different values are a Conflict.
 * L3. Values keep their type; `${env:NAME}` goes through as it is.
 * L4. Entries are not changed in place: the result shares what was not touched. Appending a value that is in the list already
 *     changes nothing, so that linking twice gives the same.
 * L5. What is missing (a value, a target) is a warning, or a failure when strict. A requirement without targets always fails.
 */
import {
  Failure,
  isValueMap,
  parseEntryId,
  resolveEntryId,
  type Value,
  type ValueMap,
  valuesEqual,
} from "../core/mod.ts";
import type { Entry } from "./entry.ts";

/** Kinds the link stage reads. */
export const REQUIREMENT_KIND = "ns.requirement";
/** A dependency on a module, with parameters. */
export const DEPENDENCY_KIND = "ns.dependency";

/** How strictly to link. */
export interface LinkOptions {
  /** Fail on unresolved requirements and missing targets instead of warning. */
  readonly strict?: boolean;
  /** Whether unresolved requirements of this module fail even when linking is lenient. */
  readonly strictModule?: (module: string) => boolean;
  readonly warn?: (message: string) => void;
  /** Requirements to fill in; all when absent. */
  readonly only?: (requirement: Entry) => boolean;
}

/** A parameter of a dependency. */
interface Parameter {
  readonly value: Value;
  /** The declaring dependency entry. */
  readonly id: string;
  readonly isRoot: boolean;
}

/** A place a requirement's value is written to. */
export interface RequirementTarget {
  readonly entry: string;
  readonly path: readonly string[];
  readonly append: boolean;
}

/** The module an entry came from; `""` for the application's own. */
export function moduleOf(entry: Entry): string {
  const name = entry.meta["module"];
  return typeof name === "string" && /^[^/\s]+\/[^/\s]+$/.test(name) ? name : "";
}

/** Whether a dependency was declared by the application itself. */
export function isRootDependency(entry: Entry): boolean {
  return moduleOf(entry) === "" || entry.meta["root"] === true;
}

/** `entries` with all requirements filled in. */
export function linkEntries(entries: readonly Entry[], options: LinkOptions = {}): Entry[] {
  const requirements = entries.filter((entry) => entry.kind === REQUIREMENT_KIND);
  if (requirements.length === 0) return [...entries];
  const parameters = collectParameters(entries);
  const linked = new Map(entries.map((entry) => [entry.id, entry]));
  for (const requirement of requirements) {
    if (options.only?.(requirement) === false) continue;
    const targets = requirementTargets(requirement);
    const resolved = resolve(requirement, parameters);
    const strict = options.strict === true || options.strictModule?.(moduleOf(requirement)) === true;
    if (resolved === undefined) {
      const message =
        `unresolved requirement: ${requirement.id} has no default and no ns.dependency gives it a value`;
      if (strict) {
        throw new Failure("Invalid", message, { retryable: false, details: { id: requirement.id } });
      }
      options.warn?.(message);
      continue;
    }
    for (const target of targets) {
      const entry = linked.get(target.entry);
      if (entry !== undefined) linked.set(entry.id, written(entry, target, resolved.value));
      else if (strict) throw missingTarget(requirement, target);
      else options.warn?.(missingTarget(requirement, target).message);
    }
  }
  return [...linked.values()];
}

function missingTarget(requirement: Entry, target: RequirementTarget): Failure {
  const message = `${requirement.id}: target ${target.entry} does not exist`;
  return new Failure("Invalid", message, {
    retryable: false,
    details: { id: requirement.id, target: target.entry },
  });
}

/** The value of each requirement by id; undefined when it is unresolved. */
export function requirementValues(entries: readonly Entry[]): Map<string, { value: Value } | undefined> {
  const requirements = entries.filter((entry) => entry.kind === REQUIREMENT_KIND);
  const parameters = requirements.length === 0 ? new Map<string, Parameter[]>() : collectParameters(entries);
  return new Map(requirements.map((requirement) => [requirement.id, resolve(requirement, parameters)]));
}

/** Parameters by `component|name` for bare names, by id for qualified ones. */
function collectParameters(entries: readonly Entry[]): Map<string, Parameter[]> {
  const parameters = new Map<string, Parameter[]>();
  for (const entry of entries) {
    if (entry.kind !== DEPENDENCY_KIND) continue;
    const { component, parameters: list } = entry.data;
    if (!Array.isArray(list)) continue;
    for (const item of list) {
      if (!isValueMap(item) || typeof item["name"] !== "string") {
        throw new Failure("Invalid", `${entry.id}: parameters: expected a list of {name, value}`, {
          retryable: false,
        });
      }
      const name = item["name"];
      const key = name.includes(":") ? name : `${String(component)}|${name}`;
      const parameter = { value: item["value"], id: entry.id, isRoot: isRootDependency(entry) };
      const known = parameters.get(key);
      if (known === undefined) parameters.set(key, [parameter]);
      else known.push(parameter);
    }
  }
  return parameters;
}

function resolve(
  requirement: Entry,
  parameters: ReadonlyMap<string, Parameter[]>,
): { value: Value } | undefined {
  const { name } = parseEntryId(requirement.id);
  const given = [
    ...parameters.get(`${componentOf(requirement)}|${name}`) ?? [],
    ...parameters.get(requirement.id) ?? [],
  ];
  const roots = given.filter((parameter) => parameter.isRoot);
  const counted = roots.length > 0 ? roots : given;
  const first = counted[0];
  if (first !== undefined) {
    const other = counted.find((parameter) => !valuesEqual(parameter.value, first.value));
    if (other === undefined) return { value: first.value };
    const values = `${JSON.stringify(first.value)} (${first.id}) and ${
      JSON.stringify(other.value)
    } (${other.id})`;
    throw new Failure("Conflict", `requirement ${requirement.id} is given two values: ${values}; keep one`, {
      retryable: false,
      details: { id: requirement.id, dependencies: [first.id, other.id] },
    });
  }
  return Object.hasOwn(requirement.data, "default") ? { value: requirement.data["default"] } : undefined;
}

/** The component a requirement belongs to: its module, or `org/module` of a namespace `org.module`. */
function componentOf(requirement: Entry): string {
  const module = moduleOf(requirement);
  if (module !== "") return module;
  const [organization, name] = parseEntryId(requirement.id).ns.split(".");
  return `${organization}/${name ?? ""}`;
}

/** The places a requirement writes to; fails with Invalid when there are none or one is malformed. */
export function requirementTargets(requirement: Entry): RequirementTarget[] {
  const { ns } = parseEntryId(requirement.id);
  const list = requirement.data["targets"];
  if (!Array.isArray(list) || list.length === 0) {
    throw new Failure("Invalid", `${requirement.id}: a requirement needs targets (a list of {entry, path})`, {
      retryable: false,
      details: { id: requirement.id },
    });
  }
  return list.map((item, i) => {
    const entry = isValueMap(item) ? item["entry"] : undefined;
    const path = isValueMap(item) ? item["path"] : undefined;
    if (typeof entry !== "string" || entry === "" || typeof path !== "string") {
      throw new Failure("Invalid", `${requirement.id}: targets[${i + 1}]: expected {entry, path}`, {
        retryable: false,
        details: { id: requirement.id },
      });
    }
    const append = path.trim().endsWith("+=");
    const plain = (append ? path.trim().slice(0, -2) : path.trim()).trim().replace(/^\$?\./, "");
    const segments = plain.split(".");
    if (segments.includes("")) {
      throw new Failure(
        "Invalid",
        `${requirement.id}: targets[${i + 1}]: "${path}" is no path (example: .meta.router)`,
        {
          retryable: false,
          details: { id: requirement.id },
        },
      );
    }
    return { entry: resolveEntryId(entry, ns), path: segments, append };
  });
}

function written(entry: Entry, { path, append }: RequirementTarget, value: Value): Entry {
  const [first, ...rest] = path as [string, ...string[]];
  if (first === "meta" && rest.length > 0) {
    return { ...entry, meta: withValue(entry.meta, rest, value, append, entry.id) as ValueMap };
  }
  const inner = first === "data" && rest.length > 0 && !Object.hasOwn(entry.data, "data") ? rest : path;
  return { ...entry, data: withValue(entry.data, inner, value, append, entry.id) as ValueMap };
}

function withValue(
  container: Value,
  path: readonly string[],
  value: Value,
  append: boolean,
  id: string,
): Value {
  const [key, ...rest] = path;
  if (key === undefined) return append ? appended(container, value, id) : value;
  if (Array.isArray(container)) {
    const index = Number(key);
    if (!/^\d+$/.test(key) || index >= container.length) {
      throw new Failure(
        "Invalid",
        `${id}: "${key}" is no position in a list of ${container.length} (from 0)`,
        {
          retryable: false,
        },
      );
    }
    return container.map((item, i) => i === index ? withValue(item, rest, value, append, id) : item);
  }
  const map: ValueMap = isValueMap(container) ? container : {};
  return {
    ...map,
    [key]: withValue(Object.hasOwn(map, key) ? map[key] : undefined, rest, value, append, id),
  };
}

/** A list with `value`, or the items of a list `value`, added at its end. */
function appended(list: Value, value: Value, id: string): Value {
  if (list !== undefined && list !== null && !Array.isArray(list)) {
    throw new Failure(
      "Invalid",
      `${id}: a requirement appends to a list here, but the entry holds something else`,
      {
        retryable: false,
        details: { id },
      },
    );
  }
  const result = [...list ?? []];
  for (const item of Array.isArray(value) ? value : [value]) {
    if (!result.some((known) => valuesEqual(known, item))) result.push(item);
  }
  return result;
}
