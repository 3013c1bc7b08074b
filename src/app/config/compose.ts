/**
 * Composes the configuration of a run.
 *
 * Precedence, lowest to highest: built-in defaults, those an application was packed with, files in their order, profiles
 * in theirs, the environment variables that stand for single keys, `--set`. References to `vars` are filled last.
 *
 * C1. Everything that can be wrong in a file, a profile name or a flag is found here, before anything is started.
 * C2. A complaint names the file and line, the profile or the flag that holds the value.
 */
import { defineLater, Failure, type Field, isValueMap, type Value, type ValueMap } from "../../core/mod.ts";
import type { Ports } from "../../ports/mod.ts";
import { parseByteSize } from "./byte_size.ts";
import { type Disabled, type EntryOverride, parseOverride, parseOverrideFlag } from "./entry_edits.ts";
import { type Layer, LayeredValues, leafLayer, parseSet } from "./layers.ts";
import { ENVIRONMENT_REFERENCE, fillEnvironment, fillVariables } from "./references.ts";
import { SETTINGS, type Settings, texts } from "./settings.ts";
import { flagFailure } from "./flag_failure.ts";
import { readYaml } from "./yaml_file.ts";

/** The file that is read when none is named; it may be absent. */
export const CONFIG_FILE = ".wippy.yaml";

/** Memory limit when neither the flag nor the environment names one. */
export const MEMORY_BYTES_DEFAULT = 1024 ** 3;

/** What the command line adds. */
export interface ConfigurationRequest {
  /** Files named with `--config`, in order; empty means the default file. */
  readonly files?: readonly string[];
  readonly profiles?: readonly string[];
  /** `section.path=value`. */
  readonly sets?: readonly string[];
  /** `namespace:entry:field=value`. */
  readonly overrides?: readonly string[];
  /** Amount of memory as typed. */
  readonly memoryLimit?: string;
  /** Configuration that an application pack brings. */
  readonly packed?: ValueMap;
  /** Overrides are written down for other machines: none may take its value from the environment of this one. */
  readonly isForPack?: boolean;
}

/** The configuration of a run. */
export interface Configuration {
  readonly settings: Settings;
  /** All sections as values, with profiles and variables filled in; also those this runtime does not know. */
  readonly values: ValueMap;
  readonly overrides: readonly EntryOverride[];
  readonly disabled: Disabled;
  /** Local directories that stand in for modules, absolute. */
  readonly replacements: Readonly<Record<string, string>>;
  /** The root of relative paths: directory of the first file, else the working directory. */
  readonly baseDirectory: string;
  /** Files that were read, absolute. */
  readonly files: readonly string[];
  readonly memoryBytesMax: number;
}

/** Whether versions outlive the program. */
export function isHistoryKept(configuration: Configuration): boolean {
  const registry = sectionIn(configuration, "registry");
  return registry !== undefined && registry.enable_history &&
    (registry.history_type === "sqlite" || registry.history_type === "postgres");
}

/** A section that does nothing unless somebody turns it on; undefined where nobody has written it. */
export function sectionIn<N extends keyof Settings>(
  { settings, values }: Pick<Configuration, "settings" | "values">,
  name: N,
): Settings[N] | undefined {
  return Object.hasOwn(values, name) ? settings[name] : undefined;
}

/** What composing needs of the outside. */
export type ConfigurationPorts = Pick<Ports, "files" | "osVariable" | "yaml">;

/** Single keys that environment variables set, strongest last. */
const VARIABLES: readonly (readonly [variable: string, path: string, read?: (text: string) => Value])[] = [
  ["OTEL_EXPORTER_OTLP_ENDPOINT", "otel.endpoint"],
  ["OTEL_EXPORTER_OTLP_PROTOCOL", "otel.protocol"],
  ["OTEL_SERVICE_NAME", "otel.service_name"],
  ["OTEL_SERVICE_VERSION", "otel.service_version"],
  ["OTEL_TRACES_SAMPLER_ARG", "otel.sample_rate", Number],
  ["OTEL_PROPAGATORS", "otel.propagators"],
  ["OTEL_SDK_DISABLED", "otel.enabled", (text) => text.toLowerCase() === "true" ? false : undefined],
  ["WIPPY_RELAY_NODE_NAME", "relay.node_name"],
  ["WIPPY_NODE_ID", "relay.node_name"],
];

/** Composes. Every failure is Invalid or NotFound and says where the wrong value stands. */
export function composeConfiguration(
  request: ConfigurationRequest,
  ports: ConfigurationPorts,
): Configuration {
  const { files } = ports;
  const layered = new LayeredValues();
  if (request.packed !== undefined) layered.add({ values: request.packed, origin: () => "the pack" });

  const named = request.files ?? [];
  const paths = (named.length > 0 ? named : [CONFIG_FILE]).map((path) => files.resolve(path));
  const read: string[] = [];
  for (const [i, path] of paths.entries()) {
    if (files.stat(path) === undefined) {
      if (named.length === 0) continue;
      throw flagFailure("NotFound", "--config", `${named[i]}: no such file`);
    }
    const text = files.readText(path);
    const file = readYaml(text, named[i] ?? CONFIG_FILE, ports.yaml);
    if (request.isForPack) refuseOwnEnvironment(file, request.profiles ?? []);
    layered.add(fileLayer(file, ports));
    read.push(path);
  }
  for (const name of request.profiles ?? []) layered.add(profileLayer(layered, name));
  for (const [variable, path, readValue] of VARIABLES) {
    const text = ports.osVariable(variable);
    const value = text === undefined || text === ""
      ? undefined
      : readValue?.(text) ?? (readValue ? undefined : text);
    if (value !== undefined) layered.add(leafLayer(path.split("."), value, variable));
  }
  for (const text of request.sets ?? []) layered.add(parseSet(text));

  const { profiles: _profiles, ...sections } = layered.values;
  const values = fillVariables(sections, (path) => layered.origin(path));
  const settings = settingsOf(values, layered);
  const baseDirectory = files.directory(files.resolve(paths[0]!));
  return {
    settings,
    values,
    overrides: [
      ...sectionOverrides(values.override, layered),
      ...(request.overrides ?? []).map(parseOverrideFlag),
    ],
    disabled: {
      namespaces: decode(texts(), at(values, ["disable", "namespaces"]), ["disable", "namespaces"], layered),
      entries: decode(texts(), at(values, ["disable", "entries"]), ["disable", "entries"], layered),
    },
    replacements: replacementDirectories({ settings, values }, baseDirectory, layered, ports),
    baseDirectory,
    files: read,
    memoryBytesMax: memoryLimit(request.memoryLimit, ports),
  };
}

/** Fails with Invalid when an override, of the file or of a chosen profile, refers to the environment. */
function refuseOwnEnvironment({ values, origin }: Layer, profiles: readonly string[]): void {
  for (const path of [["override"], ...profiles.map((name) => ["profiles", name, "override"])]) {
    const overrides = at(values, path);
    for (const [key, value] of Object.entries(isValueMap(overrides) ? overrides : {})) {
      const [reference] = JSON.stringify(value, bigintText)?.match(ENVIRONMENT_REFERENCE) ?? [];
      if (reference === undefined) continue;
      throw new Failure(
        "Invalid",
        `${[...path, key].join(".")} (${
          origin([...path, key])
        }): the value of ${reference} on this machine would be ` +
          "written into the pack; put the reference into the entry, where it is looked up by the application that runs",
      );
    }
  }
}

function bigintText(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}

/** The settings. Sections that nobody has written are made when they are asked for: most programs ask for few. */
function settingsOf(values: ValueMap, layered: LayeredValues): Settings {
  const settings: Record<string, unknown> = {};
  for (const [name, section] of Object.entries<Field<unknown>>(SETTINGS.fields)) {
    const written = Object.hasOwn(values, name) ? values[name] : undefined;
    const make = (): unknown => decode(section, written, [name], layered);
    if (written !== undefined && written !== null) settings[name] = make();
    else defineLater(settings, name, make);
  }
  return settings as unknown as Settings;
}

function fileLayer(file: Layer, ports: ConfigurationPorts): Layer {
  const values = fillEnvironment(file.values, (variable) => ports.osVariable(variable), file.origin);
  return { values, origin: file.origin };
}

function profileLayer(layered: LayeredValues, name: string): Layer {
  const section = layered.values.profiles;
  const profiles: ValueMap = isValueMap(section) ? section : {};
  if (!Object.hasOwn(profiles, name)) {
    const known = Object.keys(profiles);
    throw flagFailure(
      "NotFound",
      "--profile",
      `${name}: no such profile; ` +
        (known.length === 0 ? "the configuration declares none" : `there are: ${known.join(", ")}`),
    );
  }
  const body = profiles[name] ?? {};
  const origin = (path: readonly string[]): string =>
    layered.origin(["profiles", name, ...path]) ?? `profile ${name}`;
  if (!isValueMap(body)) {
    throw new Failure("Invalid", `profiles.${name}: expected sections (${origin([])})`);
  }
  return { values: structuredClone(body), origin };
}

/** Decodes with the origin of the wrong value in the message. */
function decode<T>(
  field: { decode(value: Value, scope: { path: string; ns: string; references: string[] }): T },
  value: Value,
  path: readonly string[],
  layered: LayeredValues,
): T {
  try {
    return field.decode(value, { path: path.join("."), ns: "", references: [] });
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const wrong = String(error.details?.path ?? "").split(/[.[\]]+/).filter((part) => part !== "");
    const origin = layered.origin(wrong);
    if (origin === undefined) throw error;
    const details = { ...error.details, ...(origin.startsWith("--") ? { flag: origin } : {}) };
    throw new Failure("Invalid", `${error.message} (${origin})`, { details, cause: error });
  }
}

function at(values: ValueMap, path: readonly string[]): Value {
  let value: Value = values;
  for (const key of path) {
    if (value === null || value === undefined) return undefined;
    if (!isValueMap(value)) return undefined;
    value = Object.hasOwn(value, key) ? value[key] : undefined;
  }
  return value;
}

function sectionOverrides(section: Value, layered: LayeredValues): EntryOverride[] {
  if (section === null || section === undefined) return [];
  if (!isValueMap(section)) {
    throw new Failure(
      "Invalid",
      `override: expected namespace:entry:field keys (${layered.origin(["override"])})`,
    );
  }
  return Object.keys(section).map((key) =>
    parseOverride(key, section[key], () => layered.origin(["override", key]) ?? "override", false)
  );
}

function replacementDirectories(
  configured: Pick<Configuration, "settings" | "values">,
  baseDirectory: string,
  layered: LayeredValues,
  { files }: ConfigurationPorts,
): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [module, directory] of Object.entries(sectionIn(configured, "workspace")?.replacements ?? {})) {
    const path = files.resolve(baseDirectory, directory);
    if (files.stat(path)?.isDirectory !== true) {
      const origin = layered.origin(["workspace", "replacements", module]);
      throw new Failure(
        "NotFound",
        `workspace.replacements.${module}: ${directory} is no directory (${origin})`,
      );
    }
    found[module] = path;
  }
  return found;
}

function memoryLimit(flag: string | undefined, ports: ConfigurationPorts): number {
  if (flag !== undefined) return parseByteSize(flag, "--memory-limit");
  const variable = ports.osVariable("GOMEMLIMIT");
  if (variable === undefined || variable === "") return MEMORY_BYTES_DEFAULT;
  return variable === "off" ? Infinity : parseByteSize(variable, "GOMEMLIMIT");
}
