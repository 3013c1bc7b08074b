/** Files in memory, enough of the port for configuration. */
import { Failure } from "../../src/core/mod.ts";
import type { ConfigurationPorts } from "../../src/app/config/mod.ts";
import { posix } from "node:path";

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
