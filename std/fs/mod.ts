/** The `fs` module: files of the file systems that entries provide. */
import { Failure } from "../../src/core/mod.ts";
import {
  type Call,
  defineModule,
  defineObject,
  type ModuleCommand,
  type ModuleFunction,
  type ObjectDefinition,
  Pace,
} from "../../src/lua/mod.ts";
import {
  type ByteStream,
  type FileMode,
  type FileSystem,
  FileSystemResource,
  type Resources,
} from "../../src/ports/mod.ts";
import type { LuaValue, NativeResult } from "../../src/vm/mod.ts";
import { fileObject, infoTable, OpenFile, scannerObject } from "./file.ts";
import types from "./fs.d.lua" with { type: "text" };

const COPY_PART = 64 * 1024;

function failure(kind: Failure["kind"], message: string): Failure {
  return new Failure(kind, message, { retryable: false });
}

function unknown(id: string): Failure {
  return failure("NotFound", `filesystem not found: ${id}`);
}

/** A file system as one script sees it: with a working directory. */
export class Volume {
  readonly id: string;
  readonly #resources: Resources;
  /** Absolute, normalised. */
  directory = "/";

  constructor(resources: Resources, id: string) {
    this.#resources = resources;
    this.id = id;
  }

  /** Looked up each time: the entry may be gone or another one by now. */
  get system(): FileSystem {
    const system = this.#resources.find(FileSystemResource, this.id);
    if (system === undefined) throw unknown(this.id);
    return system;
  }

  /** The path from the root that a script means; refuses one that climbs above the root. */
  resolve(path: string): string {
    const parts: string[] = [];
    for (const part of (path.startsWith("/") ? path : `${this.directory}/${path}`).split("/")) {
      if (part === "" || part === ".") continue;
      if (part !== "..") parts.push(part);
      else if (parts.pop() === undefined) throw failure("Invalid", "path traversal not allowed");
    }
    return `/${parts.join("/")}`;
  }
}

/** The volume a method was called on, and the path of its first argument. */
function target(call: Call): { volume: Volume; system: FileSystem; path: string } {
  const volume = call.self(volumeObject);
  if (call.count < 2 || call.type(2) === "nil") throw failure("Invalid", "path required");
  const path = call.string(2);
  if (path === "") throw failure("Invalid", "path required");
  return { volume, system: volume.system, path: volume.resolve(path) };
}

const readFile: ModuleFunction = (call) => {
  const { system, path } = target(call);
  return system.readFile(path);
};

const writeFile: ModuleCommand = (call) => {
  const { system, path } = target(call);
  const mode = call.count < 4 || call.type(4) === "nil" ? "w" : call.string(4);
  if (mode !== "w" && mode !== "wx" && mode !== "a") {
    throw failure("Invalid", "invalid mode; must be 'w', 'wx' or 'a'");
  }
  const stream = call.stream(3);
  if (stream !== undefined) return copy(stream, { system, path, mode, pace: new Pace(call) });
  system.writeFile(path, call.view(3), mode);
  return true;
};

/** Writes what is left of a stream; the stream stays open. */
async function copy(
  stream: ByteStream,
  { mode, pace, path, system }: { system: FileSystem; path: string; mode: FileMode; pace: Pace },
): Promise<NativeResult> {
  if (stream.read === undefined) throw failure("Invalid", "stream is not readable");
  const file = system.open(path, mode);
  try {
    for (;;) {
      const part = await stream.read(COPY_PART);
      if (part === null) return true;
      file.write(part, null);
      await pace.rest();
    }
  } finally {
    file.close();
  }
}

const open: ModuleFunction = (call) => {
  const { system, path } = target(call);
  const mode = call.count < 3 || call.type(3) === "nil" ? "r" : call.string(3);
  if (mode !== "r" && mode !== "w" && mode !== "wx" && mode !== "a") {
    throw failure("Invalid", "invalid mode: must be 'r', 'w', 'wx' or 'a'");
  }
  return call.create(fileObject, new OpenFile(system.open(path, mode), mode));
};

const stat: ModuleFunction = (call) => {
  const { system, path } = target(call);
  const info = system.stat(path);
  if (info === undefined) throw failure("NotFound", `path not found: ${path}`);
  return infoTable(info);
};

const changeDirectory: ModuleFunction = (call) => {
  const { volume, system, path } = target(call);
  const info = system.stat(path);
  if (info === undefined) throw failure("NotFound", `path not found: ${path}`);
  if (!info.isDirectory) throw failure("Invalid", `not a directory: ${path}`);
  volume.directory = path;
  return true;
};

const readDirectory: ModuleFunction = (call) => {
  const { system, path } = target(call);
  const entries = system.list(path).map(({ name, isDirectory }): LuaValue => ({
    name,
    type: isDirectory ? "directory" : "file",
  }));
  return call.create(listingObject, entries.reverse());
};

/** The iterator of `readdir`: called without end by a generic `for`, it gives the next entry, at last nil. Entries stand last to first. */
const listingObject: ObjectDefinition<LuaValue[]> = defineObject<LuaValue[]>({
  name: "fs.Listing",
  invoke: (call) => call.self(listingObject).pop() ?? null,
});

/** A file system in the hands of a script. */
export const volumeObject: ObjectDefinition<Volume> = defineObject<Volume>({
  name: "fs.FS",
  methods: {
    readfile: readFile,
    read_file: readFile,
    open,
    stat,
    readdir: readDirectory,
    chdir: changeDirectory,
    pwd: (call) => call.self(volumeObject).directory,
    exists: (call) => {
      const { system, path } = target(call);
      return system.stat(path) !== undefined;
    },
    isdir: (call) => {
      const { system, path } = target(call);
      return system.stat(path)?.isDirectory === true;
    },
    mkdir: (call) => {
      const { system, path } = target(call);
      system.makeDirectory(path);
      return true;
    },
    remove: (call) => {
      const { system, path } = target(call);
      system.remove(path);
      return true;
    },
  },
  commands: { writefile: writeFile, write_file: writeFile },
  tostring: (volume) => `fs.FS{cwd=${volume.directory}}`,
});

function get(call: Call): NativeResult {
  const id = call.string(1);
  if (id === "") throw failure("Invalid", "filesystem ID required");
  call.demand("fs.get", id, `not allowed to access filesystem: ${id}`);
  const { resources } = call.services;
  if (resources.find(FileSystemResource, id) === undefined) throw unknown(id);
  return call.create(volumeObject, new Volume(resources, id));
}

export default defineModule({
  name: "fs",
  types,
  classes: ["nondeterministic", "io", "storage"],
  constants: {
    type: { FILE: "file", DIR: "directory" },
    seek: { SET: "set", CUR: "cur", END: "end" },
  },
  functions: { get },
  objects: [volumeObject as never, fileObject as never, scannerObject as never, listingObject as never],
});
