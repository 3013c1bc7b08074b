/** `fs.directory`: a directory of the machine as a file system of the application. */
import { type Decoded, Failure, schema } from "../../core/mod.ts";
import { type Files, FileSystemResource } from "../../ports/mod.ts";
import { defineKind, type KindContext, moduleOf } from "../../registry/mod.ts";
import { directoryMode, fileMode } from "../file_mode.ts";
import { DirectoryFileSystem } from "./directory_file_system.ts";

const CONFIG = schema.object({
  directory: schema.string({ nonEmpty: true, doc: "Root; a relative path starts at `base`." }),
  auto_init: schema.boolean({ default: false, doc: "Create the directory when missing." }),
  mode: fileMode({ default: 0o755, doc: "Limits all operations; execute bits follow read bits." }),
  base: schema.oneOf(["project", "module"], {
    default: "project",
    doc:
      "What a relative root starts at: the project, or the folder that the entry's module was loaded from.",
  }),
});

type Config = Decoded<typeof CONFIG>;

/** What a relative directory starts at. */
function baseOf({ config, entry, baseDirectory, moduleRoot }: KindContext<Config>): string {
  if (config.base === "project") return baseDirectory;
  const module = moduleOf(entry);
  const root = moduleRoot === undefined ? baseDirectory : moduleRoot(module);
  if (root !== undefined) return root;
  throw new Failure(
    "NotFound",
    `base: module: ${module} was not loaded from a folder on disk; use base: project`,
    {
      retryable: false,
    },
  );
}

/** The resolved root, made when it is missing and may be. */
function rootOf(files: Files, path: string, config: { auto_init: boolean; mode: number }): string {
  const info = files.stat(path);
  if (info === undefined) {
    if (!config.auto_init) {
      throw new Failure("NotFound", `directory: there is no ${path} (auto_init: true makes it)`, {
        retryable: false,
      });
    }
    files.makeDirectory(path, { recursive: true, mode: directoryMode(config.mode) });
  } else if (!info.isDirectory) {
    throw new Failure("Invalid", `directory: ${path} is not a directory`, { retryable: false });
  }
  return files.realPath(path) ?? path;
}

export default defineKind({
  name: "fs.directory",
  announces: {
    system: "fs",
    register: "fs.register",
    remove: "fs.delete",
    accept: "fs.accept",
    reject: "fs.reject",
  },
  doc: "Files below a directory.",
  config: CONFIG,
  provides: FileSystemResource,
  open(context) {
    const { config, ports } = context;
    const root = rootOf(ports.files, ports.files.resolve(baseOf(context), config.directory), config);
    const resource = new DirectoryFileSystem(ports.files, root, config.mode);
    return { resource };
  },
});
