/**
 * Modules that come with the program: Lua sources and entries, one folder each, read as modules of any other origin are.
 *
 * What a module does is written in its folder; a `wippy.yaml` there names it. Nothing here runs before a project asks for it.
 */
import { Failure } from "../core/mod.ts";
import type { FileInfo, NamedItem, YamlReader } from "../ports/mod.ts";
import { type BundledModule, type DefinitionFiles, MANIFEST_FILE, readManifest } from "../registry/mod.ts";
import { files as TEXTS } from "./index.gen.ts";

/** Where the files of modules seem to be. */
const ROOT = "/framework";

/** Files that are texts in memory; paths are absolute, with `/`. */
class TextFiles implements DefinitionFiles {
  readonly #texts = new Map<string, string>();
  readonly #folders = new Map<string, Set<string>>();

  constructor(texts: Readonly<Record<string, string>>) {
    for (const [path, text] of Object.entries(texts)) {
      const whole = `${ROOT}/${path}`;
      this.#texts.set(whole, text);
      for (let at = whole; at.length > 1; at = this.directory(at)) {
        const folder = this.directory(at);
        const names = this.#folders.get(folder) ?? new Set();
        names.add(at.slice(at.lastIndexOf("/") + 1));
        this.#folders.set(folder, names);
      }
    }
  }

  readFile(path: string): Uint8Array {
    const text = this.#texts.get(this.resolve(path));
    if (text === undefined) throw new Failure("NotFound", `${path}: no such file`);
    return new TextEncoder().encode(text);
  }

  names(path: string): NamedItem[] {
    const folder = this.resolve(path);
    return [...this.#folders.get(folder) ?? []].sort().map((name) => this.stat(`${folder}/${name}`)!);
  }

  stat(path: string): FileInfo | undefined {
    const whole = this.resolve(path);
    const name = whole.slice(whole.lastIndexOf("/") + 1);
    const text = this.#texts.get(whole);
    if (text === undefined && !this.#folders.has(whole)) return undefined;
    return { name, size: text?.length ?? 0, mode: 0o444, modifiedMs: 0, isDirectory: text === undefined };
  }

  realPath(path: string): string {
    return this.resolve(path);
  }

  resolve(...parts: string[]): string {
    const done: string[] = [];
    for (const part of parts) {
      if (part.startsWith("/")) done.length = 0;
      for (const step of part.split("/")) {
        if (step === "..") done.pop();
        else if (step !== "" && step !== ".") done.push(step);
      }
    }
    return `/${done.join("/")}`;
  }

  directory(path: string): string {
    return path.slice(0, path.lastIndexOf("/")) || "/";
  }
}

let known: readonly BundledModule[] | undefined;

/** Every module that comes with the program. */
export function bundledModules(yaml: YamlReader): readonly BundledModule[] {
  return known ??= read(yaml);
}

function read(yaml: YamlReader): BundledModule[] {
  const files = new TextFiles(TEXTS);
  return Object.keys(TEXTS).filter((path) => path.endsWith(`/${MANIFEST_FILE}`)).map((path) => {
    const folder = `${ROOT}/${path.slice(0, -MANIFEST_FILE.length - 1)}`;
    const { name, version } = readManifest(files, yaml, folder, path);
    return { name, version, files, folder };
  });
}
