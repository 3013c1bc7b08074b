/** Lua sources compiled for one universe. */
import { Failure } from "../core/mod.ts";
import { formatDiagnostic, LineMap, parseForRun, type TypeValues } from "../lang/mod.ts";
import { type CodeRef, LuaSyntaxError, type Universe } from "../vm/mod.ts";
import type { TypeUnits } from "./type_units.ts";

/** A compiled source, with its types when it uses them as values. */
export interface CompiledSource {
  readonly code: CodeRef;
  readonly types: { readonly code: CodeRef; readonly values: TypeValues } | undefined;
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

  constructor(universe: Universe, types: TypeUnits) {
    this.#universe = universe;
    this.#types = types;
  }

  /** Compiles a source of entry `id`. Fails with Invalid; `details.chunk` says where. */
  compile(source: string, id: string, frame?: SourceFrame): CompiledSource {
    const parsed = parseForRun(source, id, { hasTypeValues: true });
    if (!parsed.ok) {
      const text = parsed.diagnostics.map((found) => formatDiagnostic(found, id, source)).join("\n");
      const first = new LineMap(source).position(parsed.diagnostics[0]!.start);
      const chunk = { id, line: first.line, column: first.column };
      throw new Failure("Invalid", text, { retryable: false, details: { chunk } });
    }
    const text = frame === undefined ? parsed.source : `${frame.before}${parsed.source}\n${frame.after}`;
    try {
      const code = this.#universe.code.compile(text, id);
      const values = parsed.types;
      return { code, types: values && { code: this.#types.compile(values, id), values } };
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
