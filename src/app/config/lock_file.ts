/** `wippy.lock`: where the sources and modules of a project are, and which modules at which version. */
import { type Decoded, Failure, schema, type Value } from "../../core/mod.ts";
import type { YamlReader } from "../../ports/mod.ts";
import { readYaml } from "./yaml_file.ts";

/** Default name of the lock file. */
export const LOCK_FILE = "wippy.lock";

const LOCK = schema.object({
  directories: schema.object({
    modules: schema.string({ default: ".wippy" }),
    src: schema.string({ default: "./src" }),
  }),
  modules: schema.list(schema.object({
    name: schema.string({ nonEmpty: true }),
    version: schema.string({ default: "" }),
    hash: schema.string({ default: "" }),
  })),
  options: schema.object({ unpack_modules: schema.boolean({ default: false }) }),
  replacements: schema.any(),
});

/** A decoded lock file. */
export type LockFile = Decoded<typeof LOCK>;

/** What holds without a lock file: definitions are looked for in the whole folder. */
export const NO_LOCK: LockFile = {
  directories: { modules: ".wippy", src: "." },
  modules: [],
  options: { unpack_modules: false },
  replacements: undefined,
};

/** Reads the text of a lock file; `name` is for messages. */
export function parseLockFile(text: string, name: string, yaml: YamlReader): LockFile {
  const file = readYaml(text, name, yaml);
  try {
    return LOCK.decode(file.values, { path: "", ns: "", references: [] });
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const path = String(error.details?.path ?? "").split(/[.[\]]+/).filter((part) => part !== "");
    throw new Failure("Invalid", `${file.origin(path)}: ${error.message}`, { cause: error });
  }
}

/** The text of a new lock file. */
export function printLockFile(directories: LockFile["directories"]): string {
  const line = (key: string, value: Value): string => `  ${key}: ${plain(String(value))}\n`;
  return `directories:\n${line("modules", directories.modules)}${line("src", directories.src)}`;
}

/** A YAML scalar: as it is when it can be mistaken for nothing else, quoted otherwise. */
function plain(text: string): string {
  return /^[A-Za-z./_][\w./-]*$/.test(text) && !/^(true|false|null|yes|no|on|off|~)$/i.test(text)
    ? text
    : JSON.stringify(text);
}
