/** The `excel` module: workbooks (.xlsx) made, read and changed. */
import { asFailure, Failure } from "../../src/core/mod.ts";
import {
  type Call,
  defineModule,
  defineObject,
  type ModuleCommand,
  type ObjectDefinition,
  Pace,
} from "../../src/lua/mod.ts";
import type { LuaValue, NativeResult } from "../../src/vm/mod.ts";
import { Meter } from "../archive/options.ts";
import { streamSink } from "../archive/sink.ts";
import { type CellValue, internal } from "./cell.ts";
import { textParts, zipParts, type ZipTools } from "./parts.ts";
import type { SheetReader } from "./sheet_reader.ts";
import { emptyWorkbook } from "./template.ts";
import { Workbook } from "./workbook.ts";
import types from "./excel.d.lua" with { type: "text" };

const BATCH_MAX = 10_000;
const WRITE_LIMITS = {
  format: "zip",
  entriesMax: 100_000,
  totalBytesMax: Number.MAX_SAFE_INTEGER,
  // A part that may be larger would need another form of its sizes.
  fileBytesMax: 0xffff_fffe,
  inlineBytesMax: 0,
  bufferBytes: 64 * 1024,
} as const;

/** Whatever goes wrong is Internal, by the specification. */
function asInternal(error: unknown, what: string): Failure {
  const failure = asFailure(error);
  if (failure.kind === "Canceled" || (failure.kind === "Internal" && failure.retryable === false)) {
    return failure;
  }
  return internal(`${what}: ${failure.message}`, error);
}

async function toolsOf(call: Call): Promise<ZipTools> {
  const { compression } = call.services.ports;
  return { codecs: await compression.codecs(), checksum: compression.crc32 };
}

/** The workbook that a method was called on. */
function workbookOf(call: Call): Workbook {
  const workbook = call.object(1, workbookObject);
  if (workbook === undefined) throw new Failure("Invalid", "invalid workbook", { retryable: false });
  workbook.demandOpen();
  return workbook;
}

const open: ModuleCommand = (call): Promise<NativeResult> => {
  const stream = call.stream(1);
  if (stream?.read === undefined) throw internal("not a reader");
  return toolsOf(call).then((tools) => zipParts(stream, tools)).then((parts) => Workbook.open(parts)).then(
    (workbook) => call.create(workbookObject, workbook),
    (error) => {
      throw asInternal(error, "invalid Excel file");
    },
  );
};

const create: ModuleCommand = async (call): Promise<NativeResult> =>
  call.create(workbookObject, await Workbook.open(textParts(emptyWorkbook())));

function valueArgument(call: Call, i: number): CellValue {
  const value = call.count < i ? null : call.value(i);
  if (value instanceof Uint8Array) return new TextDecoder().decode(value);
  if (typeof value === "bigint") return Number(value);
  const isValue = value === null || ["string", "number", "boolean"].includes(typeof value);
  if (isValue) return value as CellValue;
  throw internal(`unsupported cell value: ${call.type(i)} (string, number or boolean)`);
}

/** Runs a method whose one result is its error. */
function errorOnly(call: Call, run: () => void): LuaValue {
  try {
    run();
    return null;
  } catch (error) {
    if (error instanceof Failure) return call.error(error);
    throw error;
  }
}

const writeTo: ModuleCommand = async (call): Promise<NativeResult> => {
  try {
    const workbook = workbookOf(call);
    const stream = call.stream(2);
    if (stream?.write === undefined) throw internal("not a writer");
    const pace = new Pace(call);
    const seconds = Math.floor(call.services.ports.clock.nowMs() / 1000);
    const tools = {
      ...await toolsOf(call),
      meter: new Meter(WRITE_LIMITS),
      seconds,
      rest: () => pace.rest(),
    };
    await workbook.write(streamSink(stream), tools);
    return null;
  } catch (error) {
    return call.error(asInternal(error, "write failed"));
  }
};

/** Reads the rows of a sheet batch by batch. */
class Cursor {
  readonly #workbook: Workbook;
  #reader: SheetReader | undefined;
  #state: { kind: "open" } | { kind: "ended" } | { kind: "failed"; failure: Failure } | { kind: "closed" } = {
    kind: "open",
  };

  constructor(workbook: Workbook, reader: SheetReader) {
    this.#workbook = workbook;
    this.#reader = reader;
  }

  /** At most `count` rows; null at the end and ever after. */
  async read(count: number, pace: Pace): Promise<string[][] | null> {
    if (this.#state.kind === "closed") throw internal("cursor is closed");
    if (this.#workbook.isClosed) throw internal("workbook is closed");
    if (this.#state.kind === "failed") throw this.#state.failure;
    if (this.#state.kind === "ended") return null;
    const rows: string[][] = [];
    const reader = this.#reader!;
    try {
      while (rows.length < count) {
        const row = await reader.next();
        if (row === undefined) {
          this.#state = { kind: "ended" };
          this.#reader = undefined;
          break;
        }
        rows.push(row);
        await pace.rest();
      }
    } catch (error) {
      this.#state = { kind: "failed", failure: asInternal(error, "invalid Excel file") };
      this.#reader = undefined;
      throw this.#state.failure;
    }
    return rows.length === 0 ? null : rows;
  }

  close(): void {
    this.#state = { kind: "closed" };
    this.#reader = undefined;
  }
}

const readBatch: ModuleCommand = (call): Promise<NativeResult> => {
  const cursor = call.self(cursorObject);
  const asked = call.count < 2 || call.type(2) === "nil" ? 1 : call.number(2);
  if (!(asked >= 1)) throw internal("number of rows must be at least 1");
  return cursor.read(Math.min(Math.floor(asked), BATCH_MAX), new Pace(call));
};

/** The rows of a sheet, batch by batch. */
const cursorObject: ObjectDefinition<Cursor> = defineObject<Cursor>({
  name: "excel.Cursor",
  methods: {
    close: (call) => {
      call.self(cursorObject).close();
      return true;
    },
  },
  commands: { read: readBatch },
});

/** A workbook. */
const workbookObject: ObjectDefinition<Workbook> = defineObject<Workbook>({
  name: "excel.Workbook",
  methods: {
    new_sheet: (call) => workbookOf(call).addSheet(call.string(2)),
    get_sheet_list: (call) => workbookOf(call).sheetNames,
    set_cell_value: (call) =>
      errorOnly(call, () => workbookOf(call).setCell(call.string(2), call.string(3), valueArgument(call, 4))),
    close: (call) => {
      call.self(workbookObject).isClosed = true;
      return null;
    },
  },
  commands: {
    get_rows: (call): Promise<NativeResult> => {
      const pace = new Pace(call);
      return workbookOf(call).allRows(call.string(2), () => pace.rest()).catch((error) => {
        throw asInternal(error, "invalid Excel file");
      });
    },
    rows: (call): Promise<NativeResult> => {
      const workbook = workbookOf(call);
      return workbook.rows(call.string(2)).then(
        (reader) => call.create(cursorObject, new Cursor(workbook, reader)),
        (error) => {
          throw asInternal(error, "invalid Excel file");
        },
      );
    },
    write_to: writeTo,
  },
  tostring: (workbook) => workbook.isClosed ? "excel.Workbook{closed}" : "excel.Workbook{}",
});

export default defineModule({
  name: "excel",
  types,
  classes: ["io", "encoding", "nondeterministic"],
  commands: { new: create, open },
  objects: [workbookObject as never, cursorObject as never],
});
