/**
 * Reads YAML: its plain part at once, the rest with a library, which is loaded when a text first needs it.
 *
 * What a text means, and what is wrong with one, is for the library to say; see there.
 */
import { createRequire } from "node:module";
import type { YamlReader } from "../ports/mod.ts";
import { NOT_PLAIN, readPlainYaml } from "./plain_yaml.ts";

/** Reads YAML. */
export const yamlReader: YamlReader = {
  parse(text) {
    const value = readPlainYaml(text);
    return value === NOT_PLAIN ? library().parse(text) : value;
  },
  lineOf: (text, path) => library().lineOf(text, path),
};

let loaded: YamlReader | undefined;

/** The library. Readers can't wait, so it is not imported but required; bundlers see the name only where it is written out. */
function library(): YamlReader {
  return loaded ??=
    (typeof require === "function"
      ? require("./yaml_library.ts")
      : createRequire(import.meta.url)("./yaml_library.ts")).yamlLibrary as YamlReader;
}
