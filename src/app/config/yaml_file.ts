/** Configuration files as text: YAML to values, with the line of everything in it. */
import { Failure, isValueMap } from "../../core/mod.ts";
import type { YamlReader } from "../../ports/mod.ts";
import { yamlFailure } from "../../registry/mod.ts";
import type { Layer } from "./layers.ts";

/** Reads YAML. Fails with Invalid, naming file and line, when it is no YAML or no map at its root. */
export function readYaml(text: string, name: string, yaml: YamlReader): Layer {
  const values = parse(text, name, yaml) ?? {};
  if (!isValueMap(values)) {
    throw new Failure("Invalid", `${name}:1: expected sections (name: ...) at the top`);
  }
  return {
    values,
    origin: (path) =>
      `${name}:${yaml.lineOf(text, path.map((key) => /^\d+$/.test(key) ? Number(key) : key))}`,
  };
}

function parse(text: string, name: string, yaml: YamlReader): ReturnType<YamlReader["parse"]> {
  try {
    return yaml.parse(text);
  } catch (error) {
    throw yamlFailure(error, text, name);
  }
}
