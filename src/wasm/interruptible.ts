/**
 * Makes a core module ask now and then whether it should go on: not every engine ends a thread that is inside of WebAssembly.
 *
 * Every function and every turn of a loop counts down a global; when that is below zero a function of the host is asked, through a
 * table that it fills, and the module traps when the answer is not 0. A trap, unlike what a host throws, can't be caught by a guest.
 *
 * IR1. Whatever is added comes behind what is there, so that no index of the module changes.
 * IR2. What the module begins with by itself becomes an export: the table is filled before it runs.
 */
import { type BinaryReader, unreadable } from "./binary_reader.ts";
import { BinaryWriter, leb, nameBytes, signedLeb } from "./binary_writer.ts";
import { readImports, sectionsOf, valueType } from "./core_module.ts";

/** The export that is added for the function of the host, which stands in its first place. */
export const TURN_TABLE = "wippy:turn";
/** The export that is added for what a module begins with, where there is such a thing. */
export const START_FUNCTION = "wippy:start";

/** Turns and calls between two questions. */
const TURNS = 1000;
/** As how many of them something counts that may touch all of the memory at once. */
const BULK_TURNS = 100;

const SECTION = {
  custom: 0,
  type: 1,
  import: 2,
  function: 3,
  table: 4,
  global: 6,
  export: 7,
  start: 8,
  code: 10,
  tag: 13,
} as const;
/** The order in which sections stand. */
const ORDER = [1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11];

const OP = {
  if: 0x04,
  end: 0x0b,
  call: 0x10,
  callIndirect: 0x11,
  globalGet: 0x23,
  globalSet: 0x24,
  const: 0x41,
  less: 0x48,
  subtract: 0x6b,
} as const;
const VOID = 0x40;
const I32 = 0x7f;
const FUNCTION_REFERENCE = 0x70;

/** Indices of what is added. */
interface Added {
  readonly hostType: number;
  readonly turnType: number;
  readonly turn: number;
  readonly table: number;
  readonly counter: number;
}

/** A list with more at its end. */
function appended(
  body: Uint8Array | undefined,
  reader: BinaryReader | undefined,
  items: number[][],
): BinaryWriter {
  const output = new BinaryWriter();
  const count = reader?.number() ?? 0;
  output.add(leb(count + items.length));
  if (body !== undefined && reader !== undefined) output.add(body.subarray(reader.at));
  for (const item of items) output.add(item);
  return output;
}

/** Counts down by `turns`, and asks when that is below zero. */
function tick({ counter, turn }: Added, turns: number): number[] {
  const index = leb(counter);
  return [
    ...[OP.globalGet, ...index, OP.const, ...signedLeb(turns), OP.subtract, OP.globalSet, ...index],
    ...[OP.globalGet, ...index, OP.const, 0, OP.less, OP.if, VOID, OP.call, ...leb(turn), OP.end],
  ];
}

/** The function that asks: traps, or lets the counting begin again. */
function turnBody({ counter, hostType, table }: Added): number[] {
  const code = [
    ...[0, OP.const, 0, OP.callIndirect, ...leb(hostType), ...leb(table), OP.if, VOID, 0, OP.end],
    ...[OP.const, ...signedLeb(TURNS), OP.globalSet, ...leb(counter), OP.end],
  ];
  return [...leb(code.length), ...code];
}

/** A module that the engine has found sound, as one that can be ended. Fails with Invalid for what is not known here. */
export function interruptible(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const sections = sectionsOf(bytes).filter(({ id }) => id !== SECTION.custom);
  const count = (id: number): number => {
    const reader = sections.find((section) => section.id === id)?.open();
    return reader?.number() ?? 0;
  };
  const imports = sections.filter(({ id }) => id === SECTION.import).flatMap(({ open }) =>
    readImports(open(), [])
  );
  const imported = (kind: number): number => imports.filter((one) => one.kind === kind).length;
  const types = count(SECTION.type);
  const added: Added = {
    hostType: types,
    turnType: types + 1,
    turn: imported(0) + count(SECTION.function),
    table: imported(1) + count(SECTION.table),
    counter: imported(3) + count(SECTION.global),
  };
  const start = sections.find(({ id }) => id === SECTION.start)?.open().number();
  const more = new Map<number, number[][]>([
    [SECTION.type, [[0x60, 0, 1, I32], [0x60, 0, 0]]],
    [SECTION.function, [leb(added.turnType)]],
    [SECTION.table, [[FUNCTION_REFERENCE, 1, 1, 1]]],
    [SECTION.global, [[I32, 1, OP.const, ...signedLeb(TURNS), OP.end]]],
    [SECTION.export, [
      [...nameBytes(TURN_TABLE), 1, ...leb(added.table)],
      ...start === undefined ? [] : [[...nameBytes(START_FUNCTION), 0, ...leb(start)]],
    ]],
  ]);
  const output = new BinaryWriter();
  output.add(bytes.subarray(0, 8));
  for (const id of ORDER) {
    const section = sections.find((one) => one.id === id);
    if (id === SECTION.start) continue;
    const items = more.get(id);
    let body: Uint8Array | undefined;
    if (id === SECTION.code) body = codeOf(section?.open(), added);
    else if (items !== undefined) body = appended(section?.body, section?.open(), items).bytes;
    else body = section?.body;
    if (body === undefined) continue;
    output.section(id, body);
  }
  return output.bytes;
}

/** All functions, each of which counts, and the one that asks. */
function codeOf(reader: BinaryReader | undefined, added: Added): Uint8Array {
  const output = new BinaryWriter();
  const count = reader?.number() ?? 0;
  output.add(leb(count + 1));
  for (let i = 0; i < count; i++) {
    const length = reader!.number();
    const body = functionOf(reader!, reader!.at + length, added);
    output.add(leb(body.length));
    output.add(body);
  }
  output.add(turnBody(added));
  return output.bytes;
}

/** A function that counts where it begins, at each turn of its loops, and before what works on much memory. */
function functionOf(reader: BinaryReader, end: number, added: Added): Uint8Array {
  const output = new BinaryWriter();
  const once = tick(added, 1);
  const bulk = tick(added, BULK_TURNS);
  let copied = reader.at;
  const copyTo = (at: number): void => {
    output.add(reader.view(copied, at));
    copied = at;
  };
  reader.each(() => {
    reader.number();
    valueType(reader);
  });
  copyTo(reader.at);
  output.add(once);
  while (reader.at < end) {
    const at = reader.at;
    const what = skipInstruction(reader);
    if (what === "loop") {
      copyTo(reader.at);
      output.add(once);
    } else if (what === "bulk") {
      copyTo(at);
      output.add(bulk);
    }
  }
  copyTo(end);
  return output.bytes;
}

function skipMemory(reader: BinaryReader): void {
  const align = reader.number();
  if (align & 64) reader.number();
  reader.number();
}

/** The type of a block: nothing, a value, or a function type. */
function skipBlock(reader: BinaryReader): void {
  const code = reader.byte();
  if (code === 0x63 || code === 0x64) reader.skipNumber();
  else if (code >= 128) reader.skipNumber();
}

/** How many numbers follow an instruction; what is not here has none or is told apart below. */
const NUMBERS: ReadonlyMap<number, number> = new Map([
  ...[0x07, 0x08, 0x09, 0x0c, 0x0d, 0x10, 0x12, 0x14, 0x15, 0x18].map((code) => [code, 1] as const),
  ...[0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x3f, 0x40, 0x41, 0x42].map((code) => [code, 1] as const),
  ...[0xd0, 0xd2, 0xd5, 0xd6].map((code) => [code, 1] as const),
  [0x11, 2],
  [0x13, 2],
]);
/** Those of instructions behind 0xfc. */
const BULK_NUMBERS = [0, 0, 0, 0, 0, 0, 0, 0, 2, 1, 2, 1, 2, 1, 2, 1, 1, 1];
/** Of these, what works on as much as it is told to. */
const BULK = new Set([8, 10, 11, 12, 14, 17]);
/** Instructions without anything behind them. */
const isPlain = (code: number): boolean =>
  code <= 1 || code === 0x05 || code === 0x0a || code === 0x0b || code === 0x0f || code === 0x19 ||
  code === 0x1a || code === 0x1b || (code >= 0x45 && code <= 0xc4) || code === 0xd1 || code === 0xd3 ||
  code === 0xd4;

/** Goes past an instruction; whether it begins a loop or works on much at once. */
function skipInstruction(reader: BinaryReader): "loop" | "bulk" | undefined {
  const code = reader.byte();
  const numbers = NUMBERS.get(code);
  if (numbers !== undefined) {
    for (let i = 0; i < numbers; i++) reader.skipNumber();
  } else if (code >= 0x28 && code <= 0x3e) skipMemory(reader);
  else if (code === 0x02 || code === 0x03 || code === 0x04 || code === 0x06) {
    skipBlock(reader);
    if (code === 0x03) return "loop";
  } else if (code === 0x0e) {
    reader.each(() => reader.number());
    reader.number();
  } else if (code === 0x1c) reader.each(() => valueType(reader));
  else if (code === 0x1f) {
    skipBlock(reader);
    reader.each(() => {
      if (reader.byte() < 2) reader.number();
      reader.number();
    });
  } else if (code === 0x43) reader.at += 4;
  else if (code === 0x44) reader.at += 8;
  else if (code === 0xfc) return skipBulk(reader);
  else if (code === 0xfd) skipVector(reader);
  else if (!isPlain(code)) throw unreadable(`the instruction 0x${code.toString(16)} is not supported`);
  return undefined;
}

function skipBulk(reader: BinaryReader): "bulk" | undefined {
  const code = reader.number();
  const numbers = BULK_NUMBERS[code];
  if (numbers === undefined) throw unreadable(`the instruction 0xfc ${code} is not supported`);
  for (let i = 0; i < numbers; i++) reader.number();
  return BULK.has(code) ? "bulk" : undefined;
}

/** Instructions on sixteen bytes at once. */
function skipVector(reader: BinaryReader): void {
  const code = reader.number();
  if (code <= 11 || code === 92 || code === 93) skipMemory(reader);
  else if (code === 12 || code === 13) reader.at += 16;
  else if (code >= 21 && code <= 34) reader.at += 1;
  else if (code >= 84 && code <= 91) {
    skipMemory(reader);
    reader.at += 1;
  }
}
