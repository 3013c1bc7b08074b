/** Configuration files as text: YAML to values, with the line of everything in it. */
import { Failure, isValueMap, type Value, type ValueMap } from "../../core/mod.ts";
import type { Layer } from "./layers.ts";

/** A file's values and where they stand. */
export type ConfigFile = Layer;

/**
 * Reads YAML. Fails with Invalid, naming file and line, when it is no YAML or no map at its root.
 *
 * The reader is loaded on demand: a program without configuration files starts without it.
 */
export async function readYaml(text: string, name: string): Promise<ConfigFile> {
  const { isNode, LineCounter, parseDocument } = await import("yaml");
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: "error" });
  const broken = document.errors[0];
  if (broken !== undefined) {
    throw new Failure("Invalid", `${name}:${lines.linePos(broken.pos[0]).line}: ${broken.message}`);
  }
  const values = document.toJS() as Value;
  if (values !== null && values !== undefined && !isValueMap(values)) {
    throw new Failure("Invalid", `${name}:1: expected sections (name: ...) at the top`);
  }
  return {
    values: (values ?? {}) as ValueMap,
    origin(path) {
      for (let length = path.length; length > 0; length--) {
        const node = document.getIn(path.slice(0, length), true);
        if (isNode(node) && node.range) return `${name}:${lines.linePos(node.range[0]).line}`;
      }
      return name;
    },
  };
}
