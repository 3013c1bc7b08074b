/** Lua sources compiled for one universe. */
import { Failure } from "../core/mod.ts";
import { formatDiagnostic, LineMap, parseForRun } from "../lang/mod.ts";
import { type CodeRef, LuaSyntaxError, type Universe } from "../vm/mod.ts";
import type { LuaCache, PlainSource, TypeSource } from "./lua_cache.ts";
import type { TypeUnits } from "./type_units.ts";

/** A compiled source, with its types when it uses them as values. */
export interface CompiledSource {
  readonly code: CodeRef;
  readonly types: { readonly code: CodeRef; readonly values: TypeSource } | undefined;
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
        return this.#load(known, known.source, id);
      } catch (error) {
        if (!(error instanceof Failure && error.kind === "Invalid")) throw error;
        this.#cache?.forgetSource(id, source);
      }
    }
    const plain = plainSource(source, id);
    const compiled = this.#load(plain, plain.source, id);
    this.#cache?.keepSource(id, source, plain);
    return compiled;
  }

  /** Compiles a source that is given at run time inside `frame`; fails as `compileEntry` does. */
  compile(source: string, id: string, frame: SourceFrame): CompiledSource {
    const plain = plainSource(source, id);
    return this.#load(plain, `${frame.before}${plain.source}\n${frame.after}`, id);
  }

  #load({ types }: PlainSource, text: string, id: string): CompiledSource {
    try {
      const code = this.#universe.code.compile(text, id);
      return { code, types: types && { code: this.#types.compile(types, id), values: types } };
    } catch (error) {
      if (!(error instanceof LuaSyntaxError)) throw error;
      const chunk = { id: error.chunk, line: error.line };
      throw new Failure("Invalid", `${error.chunk}:${error.line}: ${error.message}`, {
        retryable: false,
        details: { chunk },
      });
    }
  }

  /** Forgets a source; programs made of it keep it. */
  release({ code, types }: CompiledSource): void {
    this.#universe.code.releaseCode(code);
    if (types !== undefined) this.#universe.code.releaseCode(types.code);
  }
}

function plainSource(source: string, id: string): PlainSource {
  const parsed = parseForRun(source, id, { hasTypeValues: true });
  if (parsed.ok) return parsed;
  const text = parsed.diagnostics.map((found) => formatDiagnostic(found, id, source)).join("\n");
  const first = new LineMap(source).position(parsed.diagnostics[0]!.start);
  const chunk = { id, line: first.line, column: first.column };
  throw new Failure("Invalid", text, { retryable: false, details: { chunk } });
}
