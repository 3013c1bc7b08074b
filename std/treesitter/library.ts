/**
 * Tree-sitter as it runs in this program: one instance, languages loaded into it when they are first needed.
 *
 * L1. After a grammar has broken the instance (an assertion, no memory), nothing in it can be trusted: everything fails.
 * L2. The text and the nodes of all live trees together are bounded, since their memory is not that of any Lua process.
 */
import type * as TreeSitter from "web-tree-sitter";
import {
  Failure,
  TREE_NODES_MAX,
  TREE_SOURCE_BYTES_MAX,
  TREE_SOURCES_BYTES_MAX,
} from "../../src/core/mod.ts";
import type { Compression } from "../../src/ports/mod.ts";
import { ArgumentError } from "../../src/vm/mod.ts";
import { type LanguageEntry, languageNamed, LANGUAGES, LIBRARY } from "./languages.ts";

/** Unpacked grammars are no larger. */
const WASM_BYTES_MAX = 64 * 1024 * 1024;

/** A loaded language. */
export interface LoadedLanguage {
  readonly name: string;
  readonly grammar: TreeSitter.Language;
  readonly library: Library;
}

/** Functions of the instance that the binding does not offer. */
interface Instance {
  readonly wasmBinary: Uint8Array;
  _ts_query_string_count?(query: number): number;
  _ts_query_start_byte_for_pattern?(query: number, pattern: number): number;
}

/** The running instance. */
export class Library {
  readonly api: typeof TreeSitter;
  readonly instance: Instance;
  readonly #languages = new Map<string, LoadedLanguage>();
  #sourceBytes = 0;
  #nodes = 0;
  #broken = "";

  constructor(api: typeof TreeSitter, instance: Instance) {
    this.api = api;
    this.instance = instance;
  }

  /** A language that has been loaded. */
  language(name: string): LoadedLanguage | undefined {
    return this.#languages.get(name);
  }

  /** Makes a language known. */
  add(name: string, grammar: TreeSitter.Language): LoadedLanguage {
    const language: LoadedLanguage = { name, grammar, library: this };
    this.#languages.set(name, language);
    return language;
  }

  /** Text of all live trees, in bytes. */
  get sourceBytes(): number {
    return this.#sourceBytes;
  }

  /** Nodes of all live trees. */
  get nodes(): number {
    return this.#nodes;
  }

  /** Books the nodes of a tree. */
  addNodes(count: number): void {
    this.#nodes += count;
  }

  /** Books the text of a tree. Fails with LimitExceeded. */
  take(bytes: number): void {
    if (bytes > TREE_SOURCE_BYTES_MAX) {
      throw new Failure(
        "LimitExceeded",
        `source has ${bytes} bytes, at most ${TREE_SOURCE_BYTES_MAX} can be parsed`,
        {
          retryable: false,
        },
      );
    }
    const full = this.#sourceBytes + bytes > TREE_SOURCES_BYTES_MAX
      ? `${TREE_SOURCES_BYTES_MAX} bytes of source`
      : this.#nodes > TREE_NODES_MAX
      ? `${TREE_NODES_MAX} nodes`
      : "";
    if (full !== "") {
      throw new Failure(
        "LimitExceeded",
        `syntax trees hold more than ${full}: close those no longer needed`,
        {
          retryable: true,
        },
      );
    }
    this.#sourceBytes += bytes;
  }

  /** Gives back what was booked. */
  giveBack(bytes: number, nodes = 0): void {
    this.#sourceBytes -= bytes;
    this.#nodes -= nodes;
  }

  /** Runs `work` in the instance. What it throws other than a Failure, or what `expected` knows, breaks the instance. */
  run<T>(work: () => T, expected: (error: unknown) => boolean = () => false): T {
    if (this.#broken !== "") {
      throw new Failure("Internal", `tree-sitter has stopped: ${this.#broken}`, { retryable: false });
    }
    try {
      return work();
    } catch (error) {
      if (error instanceof Failure || error instanceof ArgumentError || expected(error)) throw error;
      this.#broken = error instanceof Error ? error.message : String(error);
      throw new Failure("Internal", `tree-sitter has stopped: ${this.#broken}`, {
        retryable: false,
        cause: error,
      });
    }
  }
}

let library: Library | undefined;
let loadingLibrary: Promise<Library> | undefined;
const loadingLanguages = new Map<string, Promise<LoadedLanguage>>();

async function unpack(text: string, compression: Compression): Promise<Uint8Array> {
  const result = compression.decode("brotli", Uint8Array.fromBase64(text), WASM_BYTES_MAX);
  return result instanceof Promise ? await result : result.slice();
}

async function startLibrary(compression: Compression): Promise<Library> {
  const [api, packed] = await Promise.all([import("web-tree-sitter"), LIBRARY()]);
  const instance: Instance = { wasmBinary: await unpack(packed.default, compression) };
  await api.Parser.init(instance as never);
  return library = new Library(api, instance);
}

/** The instance, started on first use. */
export function loadLibrary(compression: Compression): Library | Promise<Library> {
  return library ?? (loadingLibrary ??= startLibrary(compression).finally(() => loadingLibrary = undefined));
}

async function startLanguage(entry: LanguageEntry, compression: Compression): Promise<LoadedLanguage> {
  const [running, packed] = await Promise.all([loadLibrary(compression), entry.load()]);
  const grammar = await running.api.Language.load(await unpack(packed.default, compression));
  return running.add(entry.name, grammar);
}

/** The language called `name`, loaded on first use. Fails with Invalid when there is none. */
export function loadLanguage(
  name: string,
  compression: Compression,
): LoadedLanguage | Promise<LoadedLanguage> {
  const entry = languageNamed(name);
  if (entry === undefined) {
    const known = LANGUAGES.map((language) => language.name).join(", ");
    throw new Failure("Invalid", `unsupported language: ${name}; there are: ${known}`, { retryable: false });
  }
  const loaded = library?.language(entry.name);
  if (loaded !== undefined) return loaded;
  let loading = loadingLanguages.get(entry.name);
  if (loading === undefined) {
    // One that failed is loaded again when it is next wanted.
    loading = startLanguage(entry, compression).finally(() => loadingLanguages.delete(entry.name));
    loadingLanguages.set(entry.name, loading);
  }
  return loading;
}
