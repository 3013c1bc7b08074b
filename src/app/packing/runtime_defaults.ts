/**
 * Configuration that a pack brings: sections and profiles that the manifest publishes, and the variables they need.
 *
 * RD1. Nothing of the machine that packs goes along: references to its environment are refused, and so are sections that are about a
 *      machine. RD2. References to variables stay references: where the pack runs, other values may be given.
 */
import { Failure, isValueMap, nearestName, type Value, type ValueMap } from "../../core/mod.ts";
import type { Ports } from "../../ports/mod.ts";
import { ENVIRONMENT_REFERENCE, type Layer, readYaml, VARIABLE_REFERENCE } from "../config/mod.ts";
import type { PackManifest } from "./manifest.ts";

/** Sections that are about one machine. */
const LOCAL_SECTIONS: readonly string[] = ["boot", "extensions", "workspace"];

/** The configuration layer of a pack; undefined when the manifest publishes none. Fails with Invalid or NotFound. */
export function runtimeDefaults(
  { type, publish }: PackManifest,
  ports: Pick<Ports, "files" | "yaml">,
  folder: string,
): ValueMap | undefined {
  const { runtime, profiles } = publish;
  if (runtime === undefined && !profiles.enabled) return undefined;
  if (type !== "application") {
    throw invalid(
      "publish: only an application brings configuration; add type: application, or take publish out",
    );
  }
  const sections = runtime === undefined
    ? {}
    : sectionsOf(sourceOf(runtime.source, ports, folder), runtime.sections);
  const published = profiles.enabled
    ? profilesOf(sourceOf(profiles.source, ports, folder), profiles.include)
    : undefined;
  const variables: ValueMap = {};
  const sources = [
    ...(profiles.enabled ? [sourceOf(profiles.source, ports, folder)] : []),
    ...(runtime === undefined ? [] : [sourceOf(runtime.source, ports, folder)]),
  ];
  for (const source of sources) Object.assign(variables, mapIn(source.values["vars"]));
  const vars = neededVariables([sections, published ?? {}], variables, runtime?.vars ?? [], sources);
  const profileMap = published === undefined || Object.keys(published).length === 0
    ? {}
    : { profiles: published };
  const varMap = Object.keys(vars).length === 0 ? {} : { vars };
  return { ...sections, ...profileMap, ...varMap };
}

function sourceOf(name: string, { files, yaml }: Pick<Ports, "files" | "yaml">, folder: string): Layer {
  const path = files.resolve(folder, name);
  if (files.stat(path) === undefined) throw invalid(`publish: there is no ${name}`, "NotFound");
  return readYaml(files.readText(path), name, yaml);
}

function sectionsOf(source: Layer, names: readonly string[]): ValueMap {
  const result: ValueMap = {};
  for (const name of names) {
    if (LOCAL_SECTIONS.includes(name)) {
      throw invalid(`publish.runtime.sections: ${name} is about one machine and can't be published`);
    }
    if (name === "profiles" || name === "vars") {
      throw invalid(
        `publish.runtime.sections: ${name} is no section; publish.profiles and vars are for that`,
      );
    }
    if (!Object.hasOwn(source.values, name)) {
      const near = nearestName(name, Object.keys(source.values));
      const hint = near === undefined ? "" : `; did you mean ${near}?`;
      throw invalid(
        `publish.runtime.sections: ${source.origin([])} has no section ${name}${hint}`,
        "NotFound",
      );
    }
    result[name] = source.values[name];
    refuseEnvironment(source.values[name], [name], source);
  }
  return result;
}

function profilesOf(source: Layer, include: readonly string[] | undefined): ValueMap {
  const all = mapIn(source.values["profiles"]);
  const unknown = include?.find((name) => !Object.hasOwn(all, name));
  if (unknown !== undefined) {
    const known = Object.keys(all).join(", ");
    throw invalid(
      `publish.profiles.include: there is no profile ${unknown}; ${
        known === "" ? "none is declared" : `there are: ${known}`
      }`,
      "NotFound",
    );
  }
  const result: ValueMap = {};
  for (const name of include ?? Object.keys(all)) {
    const { workspace: _workspace, ...body } = mapIn(all[name]);
    if (include === undefined && Object.keys(body).length === 0) continue;
    const local = Object.keys(body).find((section) => LOCAL_SECTIONS.includes(section));
    if (local !== undefined) {
      throw invalid(
        `${
          source.origin(["profiles", name, local])
        }: profiles.${name}.${local} is about one machine and can't be published`,
      );
    }
    refuseEnvironment(body, ["profiles", name], source);
    result[name] = body;
  }
  return result;
}

/** Variables that are referred to, however indirectly, and those that are asked for. */
function neededVariables(
  users: readonly ValueMap[],
  variables: ValueMap,
  asked: readonly string[],
  sources: readonly Layer[],
): ValueMap {
  const result: ValueMap = {};
  const take = (reference: string): void => {
    // A reference may lead into a map; the whole variable goes along.
    const name = Object.hasOwn(variables, reference) ? reference : reference.split(".")[0]!;
    if (Object.hasOwn(result, name) || !Object.hasOwn(variables, name)) return;
    result[name] = variables[name];
    const source = sources.find(({ values }) => Object.hasOwn(mapIn(values["vars"]), name))!;
    refuseEnvironment(variables[name], ["vars", name], source);
    visit(variables[name]);
  };
  const visit = (value: Value): void => {
    if (typeof value === "string") {
      for (const match of value.matchAll(VARIABLE_REFERENCE)) {
        take(match[1]!);
      }
    } else if (Array.isArray(value)) value.forEach(visit);
    else if (isValueMap(value)) Object.values(value).forEach(visit);
  };
  users.forEach(visit);
  for (const name of asked) {
    if (!Object.hasOwn(variables, name)) {
      throw invalid(`publish.runtime.vars: there is no variable ${name}`, "NotFound");
    }
    take(name);
  }
  return result;
}

function refuseEnvironment(value: Value, path: readonly string[], source: Layer): void {
  if (typeof value === "string") {
    const [reference] = value.match(ENVIRONMENT_REFERENCE) ?? [];
    if (reference === undefined) return;
    throw invalid(
      `${source.origin(path)}: ${path.join(".")}: ${reference} is of this machine and can't be published; ` +
        "give the value where the pack runs",
    );
  }
  if (Array.isArray(value)) value.forEach((item, i) => refuseEnvironment(item, [...path, String(i)], source));
  else if (isValueMap(value)) {
    for (const [key, item] of Object.entries(value)) refuseEnvironment(item, [...path, key], source);
  }
}

function mapIn(value: Value): ValueMap {
  return isValueMap(value) ? value : {};
}

function invalid(message: string, kind: "Invalid" | "NotFound" = "Invalid"): Failure {
  return new Failure(kind, `wippy.yaml: ${message}`, { retryable: false });
}
