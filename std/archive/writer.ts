/** The `Writer` object: an archive made entry by entry. */
import {
  type Call,
  defineObject,
  type ModuleCommand,
  type ObjectDefinition,
  type Options,
  optionsArgument,
  Pace,
} from "../../src/lua/mod.ts";
import type { ByteStream } from "../../src/ports/mod.ts";
import { ArgumentError, type NativeResult } from "../../src/vm/mod.ts";
import { volumeObject } from "../fs/mod.ts";
import { safeParts } from "./entry.ts";
import { invalid, type Meter, wholeOption } from "./options.ts";
import { fileSource, type Pull, pullRange, pullStream } from "./source.ts";
import type { Sink } from "./sink.ts";
import { BLOCK_BYTES, encodeHeader, padded } from "./tar_header.ts";

/** An entry to be written. */
export interface NewEntry {
  readonly name: string;
  readonly isDirectory: boolean;
  readonly method: "store" | "deflate";
  readonly mode: number;
  /** Unix seconds. */
  readonly modified: number;
}

/** Bytes to be written; the size is -1 when nobody knows it yet. */
export interface Content {
  readonly size: number;
  next(): Promise<Uint8Array | null>;
}

/** Writes the entries of one format. */
export interface EntryWriter {
  add(entry: NewEntry, content: Content): Promise<void>;
  finish(): Promise<void>;
}

/** Writes tar archives. The size stands before the data, so data of unknown size is gathered first. */
export class TarWriter implements EntryWriter {
  readonly #sink: Sink;
  readonly #meter: Meter;

  constructor(sink: Sink, meter: Meter) {
    this.#sink = sink;
    this.#meter = meter;
  }

  async add(entry: NewEntry, content: Content): Promise<void> {
    const { next, size } = content.size < 0 ? await this.#gathered(entry, content) : content;
    await this.#sink.write(encodeHeader({ ...entry, size }));
    let written = 0;
    for (let part = await next(); part !== null; part = await next()) {
      written += part.length;
      if (written > size) break;
      this.#meter.bytes(entry.name, part.length, written);
      await this.#sink.write(part);
    }
    if (written !== size) throw invalid(`${entry.name}: has not the ${size} bytes that were announced`);
    await this.#sink.write(new Uint8Array(padded(size) - size));
  }

  async #gathered(entry: NewEntry, content: Content): Promise<Content> {
    const { inlineBytesMax } = this.#meter.options;
    const parts: Uint8Array[] = [];
    let size = 0;
    for (let part = await content.next(); part !== null; part = await content.next()) {
      size += part.length;
      if (size > inlineBytesMax) {
        const what =
          `a stream of unknown size may have ${inlineBytesMax} bytes in a tar archive (max_inline_bytes)`;
        throw invalid(`${entry.name}: ${what}: write it to a file and use add_file`);
      }
      parts.push(part);
    }
    return { size, next: () => Promise.resolve(parts.shift() ?? null) };
  }

  async finish(): Promise<void> {
    await this.#sink.write(new Uint8Array(2 * BLOCK_BYTES));
  }
}

/** An archive being written. */
export class Writer {
  readonly #format: EntryWriter;
  readonly #sink: Sink;
  readonly meter: Meter;
  #state: "open" | "broken" | "closed" = "open";
  #last: Promise<unknown> = Promise.resolve();

  constructor(format: EntryWriter, sink: Sink, meter: Meter) {
    this.#format = format;
    this.#sink = sink;
    this.meter = meter;
  }

  demandOpen(): void {
    if (this.#state === "closed") throw invalid("archive is closed");
    if (this.#state === "broken") throw invalid("archive is incomplete: an entry could not be written");
  }

  /** Writes an entry, after those that are being written. */
  add(entry: NewEntry, content: Content): Promise<void> {
    return this.#then(async () => {
      this.demandOpen();
      this.meter.entry();
      try {
        await this.#format.add(entry, content);
      } catch (error) {
        this.#state = "broken";
        throw error;
      }
    });
  }

  close(): Promise<void> {
    return this.#then(async () => {
      const before = this.#state;
      if (before === "closed") return;
      this.#state = "closed";
      try {
        if (before === "open") await this.#format.finish();
      } finally {
        await this.#sink.close(before === "open");
      }
      if (before === "broken") throw invalid("archive is incomplete: an entry could not be written");
    });
  }

  #then(work: () => Promise<void>): Promise<void> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined);
    return done;
  }
}

function entryName(call: Call, isDirectory: boolean): string {
  const name = call.string(2);
  if (safeParts(name).length === 0) throw invalid("entry name required");
  if (isDirectory) return name.endsWith("/") ? name : `${name}/`;
  if (name.endsWith("/")) throw invalid(`${name}: use add_dir for a directory`);
  return name;
}

function newEntry(call: Call, name: string, options: Options): NewEntry {
  const isDirectory = name.endsWith("/");
  const method = options["method"] ?? "deflate";
  if (method !== "store" && method !== "deflate") {
    throw invalid(`unknown method: ${String(method)} (store or deflate)`);
  }
  const nowSeconds = Math.floor(call.services.ports.clock.nowMs() / 1000);
  return {
    name,
    isDirectory,
    method,
    mode: wholeOption(options, "mode", { fallback: isDirectory ? 0o755 : 0o644, max: 0o7777 }),
    modified: wholeOption(options, "modified", { fallback: nowSeconds, max: 253_402_300_799 }),
  };
}

/** Content that others get their turn between the parts of. */
function paced(call: Call, size: number, pull: Pull, partBytes: number): Content {
  const pace = new Pace(call);
  return {
    size,
    async next() {
      await pace.rest();
      return await pull(partBytes);
    },
  };
}

function streamContent(call: Call, stream: ByteStream, partBytes: number): Content {
  const size = stream.size < 0 ? -1 : Math.max(0, stream.size - stream.position);
  return paced(call, size, pullStream(stream), partBytes);
}

const add: ModuleCommand = async (call): Promise<NativeResult> => {
  const writer = call.self(writerObject);
  writer.demandOpen();
  const entry = newEntry(call, entryName(call, false), optionsArgument(call, 4));
  const { bufferBytes } = writer.meter.options;
  const stream = call.stream(3);
  if (stream !== undefined) {
    await writer.add(entry, streamContent(call, stream, bufferBytes));
    return true;
  }
  const bytes = call.bytes(3);
  const source = {
    size: bytes.length,
    read: (at: number, size: number) => Promise.resolve(bytes.subarray(at, at + size)),
  };
  const pull = pullRange({ ...source, close: () => undefined }, 0, bytes.length);
  await writer.add(entry, paced(call, bytes.length, pull, bufferBytes));
  return true;
};

const addFile: ModuleCommand = async (call): Promise<NativeResult> => {
  const writer = call.self(writerObject);
  writer.demandOpen();
  const volume = call.object(3, volumeObject);
  if (volume === undefined) throw new ArgumentError(3, "fs.FS", call.type(3));
  const path = volume.resolve(call.string(4));
  const info = volume.system.stat(path);
  const written = optionsArgument(call, 5);
  const fallback = info === undefined
    ? {}
    : { mode: info.mode & 0o7777, modified: Math.floor(info.modifiedMs / 1000) };
  const entry = newEntry(call, entryName(call, false), { ...fallback, ...written });
  const source = fileSource(volume.system.open(path, "r"));
  try {
    const content = paced(
      call,
      source.size,
      pullRange(source, 0, source.size),
      writer.meter.options.bufferBytes,
    );
    await writer.add(entry, content);
  } finally {
    source.close();
  }
  return true;
};

const addDirectory: ModuleCommand = async (call): Promise<NativeResult> => {
  const writer = call.self(writerObject);
  writer.demandOpen();
  const entry = newEntry(call, entryName(call, true), optionsArgument(call, 3));
  await writer.add(entry, { size: 0, next: () => Promise.resolve(null) });
  return true;
};

/** An archive being written; finished when it is closed, when Lua drops it, or when its process ends. */
export const writerObject: ObjectDefinition<Writer> = defineObject<Writer>({
  name: "archive.Writer",
  commands: {
    add,
    add_file: addFile,
    add_dir: addDirectory,
    close: async (call): Promise<NativeResult> => {
      await call.self(writerObject).close();
      return true;
    },
  },
  release: (writer) => {
    // Nobody is left to be told that it failed.
    writer.close().catch(() => undefined);
  },
});
