/**
 * Declarations of modules as files that an editor can open: where the members of libraries are declared.
 *
 * RF1. A file is written when something in it is asked for, read-only, and again when it is not what this program declares.
 * RF2. Without a folder, or when nothing can be written there, members of libraries have no place.
 */
import { Failure } from "../core/mod.ts";
import { BASE_LIBRARY, readReference } from "../lang/mod.ts";
import type { ModuleDeclaration } from "../lua/mod.ts";
import type { Files } from "../ports/mod.ts";
import type { Location } from "vscode-languageserver-protocol";
import { type Encoding, Text } from "./text.ts";
import { fileUri } from "./uris.ts";

/** What is asked of a file system. */
export type ReferenceDisk = Pick<
  Files,
  "stat" | "readText" | "writeFile" | "makeDirectory" | "rename" | "resolve"
>;

/** Where something is declared. */
interface Declared {
  readonly module: string;
  readonly start: number;
  readonly length: number;
}

/** Name of the file of what every source sees. */
const BASE = "base";
const READ_ONLY = 0o444;

/** Declarations of one program in one folder. */
export class ReferenceFiles {
  readonly #disk: ReferenceDisk;
  readonly #folder: string | undefined;
  readonly #sources: ReadonlyMap<string, string>;
  readonly #written = new Map<string, Text>();
  #declared: ReadonlyMap<string, Declared> | undefined;

  constructor(disk: ReferenceDisk, folder: string | undefined, modules: Iterable<ModuleDeclaration>) {
    this.#disk = disk;
    this.#folder = folder;
    this.#sources = new Map([
      [BASE, BASE_LIBRARY],
      ...[...modules].map(({ name, types }) => [name, types] as const),
    ]);
  }

  /** Where `path`, such as `json`, `json.encode` or `channel.Channel.send`, is declared, in a file that is there. */
  locate(path: string, encoding: Encoding): Location | undefined {
    if (this.#folder === undefined) return undefined;
    this.#declared ??= declaredIn(this.#sources);
    const declared = this.#declared.get(path);
    if (declared === undefined) return undefined;
    const file = this.#disk.resolve(this.#folder, `${declared.module}.d.lua`);
    const text = this.#text(declared.module, file, encoding);
    if (text === undefined) return undefined;
    return { uri: fileUri(file), range: text.range(declared.start, declared.start + declared.length) };
  }

  #text(module: string, file: string, encoding: Encoding): Text | undefined {
    const known = this.#written.get(module);
    if (known !== undefined) return known;
    const source = this.#sources.get(module)!;
    try {
      if (this.#disk.stat(file) === undefined || this.#disk.readText(file) !== source) {
        this.#write(file, source);
      }
    } catch (error) {
      if (error instanceof Failure) return undefined;
      throw error;
    }
    const text = new Text(source, encoding);
    this.#written.set(module, text);
    return text;
  }

  /** Beside it and moved: the file that is there can't be written. */
  #write(file: string, source: string): void {
    this.#disk.makeDirectory(this.#folder!, { recursive: true });
    this.#disk.writeFile(`${file}.new`, source, { mode: READ_ONLY });
    this.#disk.rename(`${file}.new`, file);
  }
}

/** All that is declared, by full name. */
function declaredIn(sources: ReadonlyMap<string, string>): Map<string, Declared> {
  const found = new Map<string, Declared>();
  for (const [module, source] of sources) {
    if (module !== BASE) found.set(module, { module, start: 0, length: 0 });
    for (const { fields, name, start } of readReference(source).items) {
      const path = name.replace(":", ".");
      found.set(path, { module, start: source.indexOf(name, start), length: name.length });
      for (const field of fields) {
        const at = source.indexOf(field.name, field.start);
        found.set(`${path}.${field.name}`, { module, start: at, length: field.name.length });
      }
    }
  }
  return found;
}
