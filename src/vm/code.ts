/**
 * What a universe can run and offer: classes, modules, globals, compiled chunks and programs.
 */
import { Failure } from "../core/mod.ts";
import type { Exchange } from "./exchange.ts";
import type { VmExports } from "./instance.ts";
import {
  type CodeRef,
  type GlobalsRef,
  type LuaError,
  LuaSyntaxError,
  type LuaValue,
  type ModuleMember,
  type ModuleRef,
  type ProgramRef,
} from "./value.ts";

/** Count of a line without code; as in C. */
const NO_CODE = 0xffffffff;

/** Definitions of one universe. */
export class Code {
  readonly #exchange: Exchange;
  readonly #vm: VmExports;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
    this.#vm = exchange.vm;
  }

  #define(define: (length: number) => number, value: LuaValue): number {
    const ref = define(this.#exchange.put([value]));
    if (ref < 0) {
      throw new Error(
        `definition refused: ${
          String(
            (this.#exchange.reader.first(this.#exchange.out()) as LuaError)?.message ??
              this.#exchange.reader.first(this.#exchange.out()),
          )
        }`,
      );
    }
    return ref;
  }

  /** A class of userdata; operators by their name without underscores. Returns its id. */
  defineClass(
    definition:
      & { name: string; methods: Record<string, number>; wrapped?: Readonly<Record<string, string>> }
      & { [operator: string]: unknown },
  ): number {
    const { name, methods, wrapped, ...operators } = definition;
    const meta: Record<string, number> = {};
    for (const [key, index] of Object.entries(operators)) if (typeof index === "number") meta[key] = index;
    return this.#define(this.#vm.define_class, { name, methods, wrapped: { ...wrapped }, meta });
  }

  /** A frozen module table (or any other member). */
  defineModule(definition: { name: string; members: ModuleMember }): ModuleRef {
    return this.#define(this.#vm.define_module, definition as unknown as LuaValue);
  }

  /** Globals: the base library plus these modules by name. */
  defineGlobals(modules: Record<string, ModuleRef>): GlobalsRef {
    return this.#define(this.#vm.define_globals, modules);
  }

  /** Compiles a chunk. Throws `LuaSyntaxError`. */
  compile(source: string | Uint8Array, chunk: string): CodeRef {
    return this.#load(typeof source === "string" ? new TextEncoder().encode(source) : source, chunk, false);
  }

  /**
   * Takes a chunk that `dump` of this very virtual machine gave. The machine checks nothing in it: bytes from anywhere else can
   * make it do anything to its own memory. Throws `LuaSyntaxError` for what is no chunk at all.
   */
  load(bytes: Uint8Array, chunk: string): CodeRef {
    return this.#load(bytes, chunk, true);
  }

  /** A chunk as bytes, with its lines and names. */
  dump(ref: CodeRef): Uint8Array {
    if (this.#vm.dump(ref) === 0) throw new Failure("LimitExceeded", "no memory to write a compiled chunk");
    return this.#exchange.out().slice();
  }

  #load(text: Uint8Array, chunk: string, isBinary: boolean): CodeRef {
    const name = new TextEncoder().encode(chunk);
    this.#exchange.fill(text, name);
    const ref = this.#vm.compile(text.length, name.length, isBinary ? 1 : 0);
    if (ref >= 0) return ref;
    if (ref === -2) throw new Failure("LimitExceeded", `no memory to compile ${chunk}`);
    const message = String(this.#exchange.reader.first(this.#exchange.out()));
    const match = /^(.*):(\d+): ([\s\S]*)$/.exec(message);
    if (match === null) throw new LuaSyntaxError(chunk, 1, message);
    throw new LuaSyntaxError(chunk, Number(match[2]), match[3]!);
  }

  /** Forgets a chunk; programs that use it keep it. */
  releaseCode(ref: CodeRef): void {
    this.#vm.unref(ref);
  }

  /**
   * A program: units in dependency order, the last one's `method` is called. Import units count from 0. With `doubles` each of its
   * processes has copies of the module tables of its own.
   */
  defineProgram(definition: {
    units: { code: CodeRef; globals: GlobalsRef; imports: { alias: string; unit: number }[] }[];
    method: string;
    doubles?: boolean;
  }): ProgramRef {
    const ref = this.#vm.define_program(this.#exchange.put([definition]));
    if (ref === 0) throw new Failure("LimitExceeded", "no memory for a program");
    return ref;
  }

  /** Forgets a program; running processes keep it. */
  releaseProgram(ref: ProgramRef): void {
    this.#vm.release_program(ref);
  }

  /** From now on counts how often each line of sources compiled later runs. */
  countLines(): void {
    this.#vm.lines_start();
  }

  /** How often each line of a chunk ran: index 0 is line 1, null for a line without code. Undefined for an unknown chunk. */
  lineCounts(chunk: string): (number | null)[] | undefined {
    const name = new TextEncoder().encode(chunk);
    this.#exchange.fill(name);
    const lines = this.#vm.lines_read(name.length);
    if (lines === 0) return undefined;
    const out = this.#exchange.out();
    const view = new DataView(out.buffer, out.byteOffset, out.byteLength);
    const counts: (number | null)[] = [];
    for (let line = 1; line < lines; line++) {
      const count = view.getUint32(line * 4, true);
      counts.push(count === NO_CODE ? null : count);
    }
    return counts;
  }
}
