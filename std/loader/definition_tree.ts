/** A file system resource as the loader of definition files reads it. Paths begin with `/`, the root of the resource. */
import type { FileSystem } from "../../src/ports/mod.ts";
import type { DefinitionFiles } from "../../src/registry/mod.ts";

/** `parts` as one absolute path without `.` and `..`; what would leave the root stays at it. */
export function joinPath(...parts: readonly string[]): string {
  const segments: string[] = [];
  for (const part of parts) {
    if (part.startsWith("/")) segments.length = 0;
    for (const segment of part.split("/")) {
      if (segment === "..") segments.pop();
      else if (segment !== "" && segment !== ".") segments.push(segment);
    }
  }
  return `/${segments.join("/")}`;
}

/** `system` for the loader. The resource itself refuses links that leave it. */
export function definitionTree(system: FileSystem): DefinitionFiles {
  return {
    readFile: (path) => system.readFile(path),
    names: (path) => system.list(path).toSorted((a, b) => a.name < b.name ? -1 : 1),
    stat: (path) => system.stat(path),
    realPath: (path) => system.stat(path) === undefined ? undefined : path,
    resolve: (...parts) => joinPath(...parts),
    directory: (path) => joinPath(path, ".."),
  };
}
