/**
 * What a core module says of itself, read from its binary: the types of its functions, its imports and its memory.
 *
 * The engine tells names and kinds of exports only, and lets a memory grow to 4 GB; both are mended here. Whether the module is
 * sound is for the engine to say, which is asked before.
 */
import { Failure, GUEST_MEMORY_BYTES_MAX } from "../core/mod.ts";
import { BinaryReader, unreadable } from "./binary_reader.ts";
import { BinaryWriter, leb } from "./binary_writer.ts";

/** Types of values at the border of a core module. */
export type CoreType = "i32" | "i64" | "f32" | "f64" | "other";

/** The type of a core function. */
export interface CoreFunction {
  readonly params: readonly CoreType[];
  readonly results: readonly CoreType[];
}

/** Facts of a core module. */
export interface CoreModule {
  /** The module; its memories end at `GUEST_MEMORY_BYTES_MAX`. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly imports: readonly {
    readonly module: string;
    readonly name: string;
    readonly kind: number;
  }[];
  /** Exported functions by name. */
  readonly functions: ReadonlyMap<string, CoreFunction>;
  /** Name of the memory that it exports under the name that hosts use. */
  readonly hasMemory: boolean;
}

const MAGIC = 0x6d736100;
const CORE_VERSION = 1;
/** Magic number and version. */
const HEAD_BYTES = 8;
const PAGE_BYTES = 65536;
const PAGES_MAX = GUEST_MEMORY_BYTES_MAX / PAGE_BYTES;

const SECTION = { type: 1, import: 2, function: 3, memory: 5, export: 7 } as const;
const TYPES: Readonly<Record<number, CoreType>> = { 0x7f: "i32", 0x7e: "i64", 0x7d: "f32", 0x7c: "f64" };

/** Whether bytes are a WebAssembly component, a core module, or neither. */
export function binaryForm(bytes: Uint8Array): "core" | "component" | "other" {
  if (bytes.length < 8) return "other";
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  if (view.getUint32(0, true) !== MAGIC) return "other";
  return view.getUint32(4, true) === CORE_VERSION ? "core" : "component";
}

/** A value type; those of references may take two bytes. */
export function valueType(reader: BinaryReader): CoreType {
  const code = reader.byte();
  if (code === 0x63 || code === 0x64) reader.number();
  return TYPES[code] ?? "other";
}

function limits(reader: BinaryReader): { flags: number; min: number; max: number | undefined } {
  const flags = reader.byte();
  return { flags, min: reader.number(), max: flags & 1 ? reader.number() : undefined };
}

function readTypes(reader: BinaryReader): CoreFunction[] {
  return reader.list(() => {
    if (reader.byte() !== 0x60) {
      throw unreadable("it has types that are no functions, which are not supported");
    }
    const params = reader.list(() => valueType(reader));
    return { params, results: reader.list(() => valueType(reader)) };
  });
}

/** A part of a module. */
export interface Section {
  readonly id: number;
  readonly body: Uint8Array<ArrayBuffer>;
  /** Begins to read it. */
  readonly open: () => BinaryReader;
}

/** The parts of a module in order. */
export function sectionsOf(bytes: Uint8Array<ArrayBuffer>): Section[] {
  const sections: Section[] = [];
  const reader = new BinaryReader(bytes);
  reader.at = HEAD_BYTES;
  while (!reader.isAtEnd) {
    const id = reader.byte();
    const length = reader.number();
    const body = reader.view(reader.at, reader.at + length);
    sections.push({ id, body, open: () => new BinaryReader(body) });
    reader.at += length;
  }
  return sections;
}

/** Reads imports, with the numbers of their kinds; type numbers of functions among them go to `functions`. */
export function readImports(
  reader: BinaryReader,
  functions: number[],
): { module: string; name: string; kind: number }[] {
  return reader.list(() => {
    const module = reader.name();
    const name = reader.name();
    const kind = reader.byte();
    switch (kind) {
      case 0:
        functions.push(reader.number());
        break;
      case 1:
        valueType(reader);
        limits(reader);
        break;
      case 2:
        limits(reader);
        break;
      case 3:
        valueType(reader);
        reader.byte();
        break;
      default:
        reader.byte();
        reader.number();
    }
    return { module, name, kind };
  });
}

/** The memories of a module with an end to each. */
function boundedMemories(reader: BinaryReader): number[] {
  const memories = reader.list(() => limits(reader));
  const body = [...leb(memories.length)];
  for (const { flags, max, min } of memories) {
    if (flags > 1) throw unreadable("it has a shared or 64-bit memory, which is not supported");
    if (min > PAGES_MAX) {
      const wanted = `the module wants ${min} pages of memory at once`;
      throw new Failure(
        "LimitExceeded",
        `${wanted}; a guest has at most ${PAGES_MAX} (${GUEST_MEMORY_BYTES_MAX} bytes)`,
        {
          retryable: false,
        },
      );
    }
    body.push(1, ...leb(min), ...leb(Math.min(max ?? PAGES_MAX, PAGES_MAX)));
  }
  return body;
}

/** Reads a core module that the engine has found sound. Fails with Invalid for what is not supported. */
export function readCoreModule(bytes: Uint8Array<ArrayBuffer>): CoreModule {
  let types: CoreFunction[] = [];
  let imports: CoreModule["imports"] = [];
  const functionTypes: number[] = [];
  const functions = new Map<string, CoreFunction>();
  let hasMemory = false;
  const bounded = new BinaryWriter();
  bounded.add(bytes.subarray(0, HEAD_BYTES));
  for (const { body, id, open } of sectionsOf(bytes)) {
    const reader = open();
    bounded.section(id, id === SECTION.memory ? boundedMemories(reader) : body);
    if (id === SECTION.type) types = readTypes(reader);
    else if (id === SECTION.import) imports = readImports(reader, functionTypes);
    else if (id === SECTION.function) functionTypes.push(...reader.list(() => reader.number()));
    else if (id === SECTION.export) {
      reader.each(() => {
        const name = reader.name();
        const kind = reader.byte();
        const index = reader.number();
        if (kind === 0) functions.set(name, types[functionTypes[index]!]!);
        if (kind === 2 && name === "memory") hasMemory = true;
      });
    }
  }
  return { bytes: bounded.bytes, imports, functions, hasMemory };
}
