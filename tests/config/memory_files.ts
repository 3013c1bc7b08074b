/** Files in memory, enough of the port for configuration. */
import { Failure } from "../../src/core/mod.ts";
import type { ConfigurationPorts } from "../../src/app/config/mod.ts";
import type { Value } from "../../src/core/mod.ts";
import type { YamlReader } from "../../src/ports/mod.ts";
import { isNode, LineCounter, parseDocument } from "yaml";
import { posix } from "node:path";

/** A reader of YAML over the package, for tests that need no platform. */
export const yaml: YamlReader = {
  parse(text) {
    const lines = new LineCounter();
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
    const [broken] = document.errors;
    if (broken === undefined) return document.toJS() as Value;
    const { line, col } = lines.linePos(broken.pos[0]);
    throw new Failure("Invalid", broken.message, { details: { line, column: col } });
  },
  lineOf(text, path) {
    const lines = new LineCounter();
    const document = parseDocument(text, { lineCounter: lines });
    for (let length = path.length; length > 0; length--) {
      const node = document.getIn(path.slice(0, length), true);
      if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
    }
    return 1;
  },
};

/** Ports whose files are `files` (paths relative to the working directory `/app`) and whose environment is `variables`. */
export function memoryPorts(
  files: Record<string, string>,
  variables: Record<string, string> = {},
): ConfigurationPorts {
  const texts = new Map(Object.entries(files).map(([path, text]) => [posix.resolve("/app", path), text]));
  const directories = new Set([...texts.keys()].flatMap((path) => ancestors(path)));
  const refuse = (): never => {
    throw new Failure("Internal", "not part of this test");
  };
  return {
    yaml,
    osVariable: (name) => variables[name],
    files: {
      readText(path) {
        const text = texts.get(path);
        if (text === undefined) throw new Failure("NotFound", `${path}: no such file`);
        return text;
      },
      stat(path) {
        const isDirectory = directories.has(path);
        if (!isDirectory && !texts.has(path)) return undefined;
        return { name: posix.basename(path), size: 0, mode: 0o644, modifiedMs: 0, isDirectory };
      },
      resolve: (...parts) => posix.resolve("/app", ...parts),
      directory: (path) => posix.dirname(path),
      workingDirectory: () => "/app",
      readFile: refuse,
      writeFile: refuse,
      list: refuse,
      names: refuse,
      makeDirectory: refuse,
      remove: refuse,
      rename: refuse,
      realPath: refuse,
      readLink: refuse,
      open: refuse,
    },
  };
}

function ancestors(path: string): string[] {
  const found: string[] = [];
  for (let at = posix.dirname(path);; at = posix.dirname(at)) {
    found.push(at);
    if (at === "/") return found;
  }
}
