/** The `loader` module: definition files of a file system resource, read into entries. */
import { Failure } from "../../src/core/mod.ts";
import { type Call, defineModule, defineObject, type ObjectDefinition } from "../../src/lua/mod.ts";
import { FileSystemResource, type Resources } from "../../src/ports/mod.ts";
import {
  type DefinitionFolder,
  type PlacedEntry,
  readDefinitionFile,
  readDefinitionFolder,
} from "../../src/registry/mod.ts";
import type { LuaValue } from "../../src/vm/mod.ts";
import { entryTable } from "../registry/entry_value.ts";
import { definitionTree, joinPath } from "./definition_tree.ts";
import types from "./loader.d.lua" with { type: "text" };

/** A loader in the hands of a script. */
interface LoaderHandle {
  readonly id: string;
  readonly resources: Resources;
}

function invalid(message: string): Failure {
  return new Failure("Invalid", message, { retryable: false });
}

function unknown(id: string): Failure {
  return new Failure("NotFound", `filesystem '${id}' not found`, { retryable: false });
}

function pathArgument(call: Call, what: string): string {
  const path = call.count < 2 || call.type(2) === "nil" ? "" : call.string(2);
  if (path === "") throw invalid(`${what} path required`);
  return joinPath(path);
}

/** The tree behind a loader, looked up each time: the entry may be gone or another one by now. */
function treeOf(call: Call, folder: string): DefinitionFolder {
  const { id, resources } = call.self(loaderObject);
  const system = resources.find(FileSystemResource, id);
  if (system === undefined) throw unknown(id);
  const log = call.services.log.named("loader");
  return {
    files: definitionTree(system),
    yaml: call.services.ports.yaml,
    folder,
    tree: "/",
    shown: (path) => path.slice(1) || ".",
    warn: (message) => log.warn(message, { filesystem: id }),
  };
}

function tables(placed: readonly PlacedEntry[]): LuaValue[] {
  return placed.map((item) => entryTable(item.entry));
}

const loaderObject: ObjectDefinition<LoaderHandle> = defineObject<LoaderHandle>({
  name: "registry.Loader",
  methods: {
    load_directory: (call) => {
      const path = pathArgument(call, "directory");
      const tree = treeOf(call, path);
      if (tree.files.stat(path)?.isDirectory !== true) {
        throw new Failure("NotFound", `directory not found: ${tree.shown(path)}`, { retryable: false });
      }
      return tables(readDefinitionFolder(tree));
    },
    load_file: (call) => {
      const path = pathArgument(call, "file");
      const tree = treeOf(call, joinPath(path, ".."));
      const facts = tree.files.stat(path);
      if (facts === undefined || facts.isDirectory) {
        throw new Failure("NotFound", `file not found: ${tree.shown(path)}`, { retryable: false });
      }
      const placed = readDefinitionFile(tree, path);
      if (placed === undefined) {
        const message = `${
          tree.shown(path)
        }: defines no entries (a namespace with entries, or with name and kind)`;
        throw invalid(message);
      }
      return tables(placed);
    },
  },
});

export default defineModule({
  name: "loader",
  types,
  classes: ["nondeterministic", "io", "storage"],
  functions: {
    new: (call) => {
      const id = call.count < 1 || call.type(1) === "nil" ? "" : call.string(1);
      if (id === "") throw invalid("filesystem name required");
      call.demand("fs.get", id, `not allowed to access filesystem: ${id}`);
      const { resources } = call.services;
      if (resources.find(FileSystemResource, id) === undefined) throw unknown(id);
      return call.create(loaderObject, { id, resources });
    },
  },
  objects: [loaderObject as never],
});
