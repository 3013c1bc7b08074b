/** Lua compiled for one universe: from sources, and from what another universe of the same machine has compiled. */
import { Failure } from "../core/mod.ts";
import { type CodeRef, LuaSyntaxError, Universe } from "../vm/mod.ts";
import { type CompiledChunk, encodeChunk } from "./compiled_chunk.ts";
import type { LuaCache, PlainSource } from "./lua_cache.ts";
import { explain, parsedSource, plainSource, readParser } from "./plain_source.ts";
import { type TypeNeeds, TypeUnits } from "./type_units.ts";

/** A compiled source, with its types when it uses them as values. */
export interface CompiledSource {
  readonly code: CodeRef;
  readonly types: { readonly code: CodeRef; readonly values: TypeNeeds } | undefined;
}

/** What stands before and after a source that was found well-formed; neither may hold a line end. */
export interface SourceFrame {
  readonly before: string;
  readonly after: string;
}

/** Compiles sources and forgets them again. */
export class SourceCompiler {
  readonly #universe: Universe;
  readonly #types: TypeUnits;
  readonly #cache: LuaCache | undefined;

  constructor(universe: Universe, types: TypeUnits, cache?: LuaCache) {
    this.#universe = universe;
    this.#types = types;
    this.#cache = cache;
  }

  /** Whether the source of an entry is known to compile, so that this can wait until it is used. */
  isKnown(source: string, id: string): boolean {
    return this.#cache?.hasSource(id, source) ?? false;
  }

  /** Compiles the source of an entry. Fails with Invalid; `details.chunk` says where. */
  compileEntry(source: string, id: string): CompiledSource {
    const known = this.#cache?.source(id, source);
    if (known !== undefined) {
      try {
        return this.#load(source, known, known.source, id);
      } catch (error) {
        if (!(error instanceof Failure && error.kind === "Invalid")) throw error;
        this.#cache?.forgetSource(id, source);
      }
    }
    const plain = plainSource(source, id);
    const compiled = this.#load(source, plain, plain.source, id);
    this.#cache?.keepSource(id, source, plain);
    return compiled;
  }

  /** Compiles a source that is given at run time inside `frame`; fails as `compileEntry` does. */
  compile(source: string, id: string, frame: SourceFrame): CompiledSource {
    const plain = parsedSource(source, id);
    return this.#load(source, plain, `${frame.before}${plain.source}\n${frame.after}`, id);
  }

  /** Compiles `text`, which is `source` in plain Lua and its frame. */
  #load(source: string, { types }: PlainSource, text: string, id: string): CompiledSource {
    try {
      const code = this.#universe.code.compile(text, id);
      return { code, types: types && { code: this.#types.compile(types, id), values: types } };
    } catch (error) {
      if (!(error instanceof LuaSyntaxError)) throw error;
      if (types === undefined) explain(source, id);
      const chunk = { id: error.chunk, line: error.line };
      throw new Failure("Invalid", `${error.chunk}:${error.line}: ${error.message}`, {
        retryable: false,
        details: { chunk },
      });
    }
  }

  /** Takes compiled code, which must come from a pack whose checksums were compared. Fails with Invalid. */
  load({ code, types }: CompiledChunk, id: string): CompiledSource {
    const load = (bytes: Uint8Array, name: string): CodeRef => {
      try {
        return this.#universe.code.load(bytes, name);
      } catch (error) {
        if (!(error instanceof LuaSyntaxError)) throw error;
        const message = `${id}: the compiled code can't be loaded: ${error.message}; make the pack again`;
        throw new Failure("Invalid", message, { retryable: false });
      }
    };
    const main = load(code, id);
    return {
      code: main,
      types: types === undefined ? undefined : { code: load(types.code, `${id}:types`), values: types },
    };
  }

  /** What was compiled, as bytes. */
  dump({ code, types }: CompiledSource): CompiledChunk {
    const bytes = this.#universe.code.dump(code);
    if (types === undefined) return { code: bytes };
    const { imports, builtins } = types.values;
    return { code: bytes, types: { code: this.#universe.code.dump(types.code), imports, builtins } };
  }

  /** Forgets a source; programs made of it keep it. */
  release({ code, types }: CompiledSource): void {
    this.#universe.code.releaseCode(code);
    if (types !== undefined) this.#universe.code.releaseCode(types.code);
  }
}

/** Compiles sources into bytes for packs, in a universe of its own where nothing runs. */
export class ChunkCompiler {
  readonly #compiler: SourceCompiler;

  private constructor() {
    const host = { exited: () => undefined, released: () => undefined };
    const universe = Universe.create({ host, now: () => 0, hashSeed: 1, randomSeed: 1 });
    this.#compiler = new SourceCompiler(universe, new TypeUnits(universe));
  }

  /** A compiler, once all that it takes has been read. */
  static async create(): Promise<ChunkCompiler> {
    await readParser();
    return new ChunkCompiler();
  }

  /** The compiled source of entry `id`. Fails with Invalid; `details.chunk` says where. */
  compile(source: string, id: string): Uint8Array {
    const compiled = this.#compiler.compileEntry(source, id);
    const bytes = encodeChunk(this.#compiler.dump(compiled));
    this.#compiler.release(compiled);
    return bytes;
  }
}
