/** The text format of WebAssembly, read by wabt, which is loaded when the first text is read: it is 0.7 MB. */
import { Failure } from "../core/mod.ts";

/** The part of wabt that is used. */
interface Wabt {
  parseWat(name: string, text: string, features: Record<string, boolean>): {
    toBinary(options: Record<string, boolean>): { buffer: Uint8Array<ArrayBuffer> };
    destroy(): void;
  };
}

let library: Promise<Wabt> | undefined;

async function open(): Promise<Wabt> {
  const { default: wabt } = await import("wabt");
  return await wabt() as unknown as Wabt;
}

/** What engines have switched on by now. */
const FEATURES: Readonly<Record<string, boolean>> = {
  mutable_globals: true,
  sat_float_to_int: true,
  sign_extension: true,
  simd: true,
  multi_value: true,
  bulk_memory: true,
  reference_types: true,
  tail_call: true,
  extended_const: true,
};

/** Reads a module in the text format. Fails with Invalid, which names line and column. */
export async function binaryOf(source: string): Promise<Uint8Array<ArrayBuffer>> {
  const { parseWat } = await (library ??= open());
  try {
    const module = parseWat("source", source, FEATURES);
    try {
      return module.toBinary({}).buffer.slice();
    } finally {
      module.destroy();
    }
  } catch (error) {
    const text = String((error as Error)?.message ?? error).replace(/^\w+ failed:\s*/, "");
    throw new Failure("Invalid", text.trim(), { retryable: false });
  }
}
