/**
 * Compiled Lua as bytes: what a pack holds instead of a source.
 *
 * CC1. A pack says which machine compiled its code, and another one refuses it: the VM checks nothing in what it loads. CC2. The same source
 *      gives the same bytes. CC3. Lines and names are kept, so that errors and traces say what they say of a source.
 */
import { Failure, type Value } from "../core/mod.ts";
import { digestBytes, packValue, unpackValue } from "../registry/mod.ts";
import { VM_ID } from "../vm/mod.ts";
import REGEX from "./type_regex.lua" with { type: "text" };
import RUNTIME from "./type_runtime.lua" with { type: "text" };

/** One compiled source. */
export interface CompiledChunk {
  readonly code: Uint8Array;
  /** The chunk that makes its types, when it uses them as values. */
  readonly types?: {
    readonly code: Uint8Array;
    readonly imports: readonly string[];
    readonly builtins: readonly string[];
  };
}

let machine: string | undefined;

/** Names what compiled code depends on: the virtual machine, and the runtime of types that it is linked with. */
export function machineName(): string {
  return machine ??= `${VM_ID}-${
    digestBytes(new TextEncoder().encode(RUNTIME + REGEX)).slice(0, VM_ID.length)
  }`;
}

/** The bytes of a chunk. */
export function encodeChunk({ code, types }: CompiledChunk): Uint8Array {
  const { code: typeCode, imports = [], builtins = [] } = types ?? {};
  const parts: Value[] = types === undefined ? [] : [typeCode, [...imports], [...builtins]];
  return packValue([code, ...parts]);
}

/** Fails with Invalid when the code of entry `id` was compiled by another machine. */
export function demandMachine(made: string, id: string): void {
  if (made === machineName()) return;
  throw new Failure(
    "Invalid",
    `${id}: the code was compiled by another version of this program (${made}, this one is ${machineName()}); ` +
      "make the pack again with this one, or leave the code as source (wippy pack without --bytecode)",
    { retryable: false, details: { id } },
  );
}

/** The chunk of entry `id` in its bytes. */
export function decodeChunk(bytes: Uint8Array, id: string): CompiledChunk {
  const value = unpackValue(bytes);
  const [code, typeCode, imports, builtins] = Array.isArray(value) ? value : [];
  if (!(code instanceof Uint8Array)) throw broken(id);
  if (typeCode === undefined) return { code };
  if (!(typeCode instanceof Uint8Array) || !isTextList(imports) || !isTextList(builtins)) throw broken(id);
  return { code, types: { code: typeCode, imports, builtins } };
}

function isTextList(value: Value): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

function broken(id: string): Failure {
  return new Failure("Invalid", `${id}: the compiled code is malformed; make the pack again`, {
    retryable: false,
  });
}
