/**
 * Reads YAML: its plain part at once, the rest with a library, which is loaded when a text first needs it.
 *
 * What a text means, and what is wrong with one, is for the library to say; see there.
 */
import process from "node:process";
import type { YamlReader } from "../ports/mod.ts";
import { NOT_PLAIN, readPlainYaml } from "./plain_yaml.ts";
import { BUN } from "./runtime_globals.ts";

/** Reads YAML. */
export const yamlReader: YamlReader = {
  parse(text) {
    const value = readPlainYaml(text);
    return value === NOT_PLAIN ? library().parse(text) : value;
  },
  lineOf: (text, path) => library().lineOf(text, path),
};

/** The library. Readers can't wait, so it is required, not imported; bundlers see the name only where it is written out. */
function library(): YamlReader {
  if (BUN !== undefined) return require("./yaml_library.ts").yamlLibrary;
  const { createRequire } = process.getBuiltinModule("node:module");
  return createRequire(import.meta.url)("./yaml_library.ts").yamlLibrary;
}
