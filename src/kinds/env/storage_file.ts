/** `env.storage.file`: variables in a file of `KEY=VALUE` lines. */
import { Failure, schema } from "../../core/mod.ts";
import type { EnvStorage, Files } from "../../ports/mod.ts";
import { fileMode } from "../file_mode.ts";
import { editEnvText, parseEnvText } from "./env_text.ts";
import { storageKind } from "./storage_kind.ts";

/**
 * A storage over one file. Edits from outside are seen at the next read; a write replaces the file as a whole, so that a
 * reader never meets half of it.
 */
class FileStorage implements EnvStorage {
  readonly readonly = false;
  readonly #files: Files;
  readonly #path: string;
  readonly #mode: number;
  #values: ReadonlyMap<string, string> = new Map();
  #stamp = "";

  constructor(files: Files, path: string, mode: number) {
    this.#files = files;
    this.#path = path;
    this.#mode = mode;
  }

  get(key: string): string | undefined {
    return this.#read().get(key);
  }

  set(key: string, value: string): void {
    this.#edit(key, value);
  }

  delete(key: string): void {
    this.#edit(key, undefined);
  }

  all(): Record<string, string> {
    return Object.fromEntries(this.#read());
  }

  #read(): ReadonlyMap<string, string> {
    const info = this.#files.stat(this.#path);
    if (info === undefined) return new Map();
    const stamp = `${info.modifiedMs}:${info.size}`;
    if (stamp !== this.#stamp) {
      this.#values = parseEnvText(this.#files.readText(this.#path));
      this.#stamp = stamp;
    }
    return this.#values;
  }

  #edit(key: string, value: string | undefined): void {
    const exists = this.#files.stat(this.#path) !== undefined;
    const text = editEnvText(exists ? this.#files.readText(this.#path) : "", key, value);
    // A link to the file stays a link: what it points at is replaced.
    const target = this.#files.realPath(this.#path) ?? this.#path;
    const draft = `${target}.tmp`;
    this.#files.writeFile(draft, text, { mode: this.#mode });
    this.#files.rename(draft, target);
    this.#values = parseEnvText(text);
    this.#stamp = "";
  }
}

export default storageKind({
  name: "env.storage.file",
  doc: "Variables kept in a file of KEY=VALUE lines.",
  config: schema.object({
    file_path: schema.string({ nonEmpty: true, doc: "Path of the file; relative to the project." }),
    auto_create: schema.boolean({ default: false, doc: "Create the file, and its folder, when missing." }),
    file_mode: fileMode({ default: 0o644, doc: "Permissions of the file." }),
    dir_mode: fileMode({ default: 0o755, doc: "Permissions of folders that are created." }),
  }),
  create({ config, ports, baseDirectory }) {
    const { files } = ports;
    const path = files.resolve(baseDirectory, config.file_path);
    const info = files.stat(path);
    if (info?.isDirectory) throw refusal(`file_path: ${path} is a directory`);
    if (info === undefined) {
      if (!config.auto_create) {
        throw new Failure("NotFound", `file_path: there is no file ${path} (auto_create: true makes one)`, {
          retryable: false,
        });
      }
      files.makeDirectory(files.directory(path), { recursive: true, mode: config.dir_mode });
      files.writeFile(path, "", { mode: config.file_mode, exclusive: true });
    }
    return new FileStorage(files, path, config.file_mode);
  },
});

function refusal(message: string): Failure {
  return new Failure("Invalid", message, { retryable: false });
}
