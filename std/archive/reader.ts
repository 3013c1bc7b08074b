/** The `Reader` object: entries of an archive at any place. */
import { Failure, joinBytes } from "../../src/core/mod.ts";
import {
  type Call,
  defineObject,
  type ModuleCommand,
  type ObjectDefinition,
  type Options,
  optionsArgument,
  Pace,
} from "../../src/lua/mod.ts";
import { ArgumentError, type LuaValue, type NativeResult } from "../../src/vm/mod.ts";
import { type Volume, volumeObject } from "../fs/mod.ts";
import { type Entry, entryTable, safeParts } from "./entry.ts";
import type { EntryStream } from "./entry_stream.ts";
import { ensureFolder, writeEntry } from "./extract.ts";
import { invalid, type Meter, wholeOption } from "./options.ts";

/** What a reader works with. */
export interface ReaderParts {
  readonly entries: readonly Entry[];
  readonly meter: Meter;
  open(entry: Entry): Promise<EntryStream> | EntryStream;
  close(): void;
}

/** An open archive. */
export class Reader {
  readonly #parts: ReaderParts;
  readonly #byName = new Map<string, Entry>();
  #isClosed = false;
  /** The reader's own object and the streams of scripts. */
  #holders = 1;

  constructor(parts: ReaderParts) {
    this.#parts = parts;
    // Of several entries of one name the last is meant: archives are appended to.
    for (const entry of parts.entries) this.#byName.set(entry.name, entry);
  }

  get entries(): readonly Entry[] {
    this.#demandOpen();
    return this.#parts.entries;
  }

  get inlineBytesMax(): number {
    return this.#parts.meter.options.inlineBytesMax;
  }

  find(name: string): Entry {
    this.#demandOpen();
    const entry = this.#byName.get(name);
    if (entry !== undefined) return entry;
    throw new Failure("NotFound", `entry not found: ${name}`, { retryable: false });
  }

  async open(entry: Entry): Promise<EntryStream> {
    this.#demandOpen();
    if (entry.type !== "file" && entry.type !== "other") {
      throw invalid(`${entry.name}: not a file (${entry.type})`);
    }
    return await this.#parts.open(entry);
  }

  /** A stream needs the source even when its reader is dropped. */
  hold(): () => void {
    this.#holders++;
    let isHeld = true;
    return () => {
      if (isHeld) this.letGo();
      isHeld = false;
    };
  }

  /** Closes it when nobody needs it any more. */
  letGo(): void {
    if (--this.#holders === 0) this.close();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#parts.close();
  }

  #demandOpen(): void {
    if (this.#isClosed) throw invalid("archive is closed");
  }
}

/** What `entries` returns: the entries that are still to come, the last one first. */
export const listingObject: ObjectDefinition<Entry[]> = defineObject<Entry[]>({
  name: "archive.Entries",
  invoke: (call) => {
    const entry = call.self(listingObject).pop();
    return entry === undefined ? null : entryTable(entry);
  },
});

function volumeArgument(call: Call, i: number): Volume {
  const volume = call.object(i, volumeObject);
  if (volume === undefined) throw new ArgumentError(i, "fs.FS", call.type(i));
  return volume;
}

const read: ModuleCommand = async (call): Promise<NativeResult> => {
  const reader = call.self(readerObject);
  const entry = reader.find(call.string(2));
  const most = reader.inlineBytesMax;
  const tooLarge = (): Failure =>
    invalid(`${entry.name}: larger than ${most} bytes (max_inline_bytes): use stream or extract`);
  if (entry.size > most) throw tooLarge();
  const pace = new Pace(call);
  const stream = await reader.open(entry);
  try {
    const parts: Uint8Array[] = [];
    for (let part = await stream.next(); part !== null; part = await stream.next()) {
      if (stream.produced > most) throw tooLarge();
      parts.push(part);
      await pace.rest();
    }
    return joinBytes(parts);
  } finally {
    stream.close();
  }
};

const stream: ModuleCommand = async (call): Promise<NativeResult> => {
  const reader = call.self(readerObject);
  const opened = await reader.open(reader.find(call.string(2)));
  const letGo = reader.hold();
  return call.createStream({
    read: (size) => opened.read(size),
    get size() {
      return opened.size;
    },
    get position() {
      return opened.position;
    },
    close() {
      opened.close();
      letGo();
    },
  });
};

const extract: ModuleCommand = async (call): Promise<NativeResult> => {
  const reader = call.self(readerObject);
  const entry = reader.find(call.string(2));
  const volume = volumeArgument(call, 3);
  const named = call.count >= 4 && call.type(4) !== "nil" ? call.string(4) : undefined;
  const inside = safeParts(entry.name);
  const parts = pathParts(volume, named ?? inside.join("/"));
  await place(reader, entry, { volume, parts, pace: new Pace(call) });
  return true;
};

/** Parts of a path from the root of the file system on. */
function pathParts(volume: Volume, path: string): string[] {
  return volume.resolve(path).split("/").filter((part) => part !== "");
}

interface Placing {
  readonly volume: Volume;
  readonly parts: readonly string[];
  readonly pace: Pace;
}

async function place(reader: Reader, entry: Entry, { pace, parts, volume }: Placing): Promise<void> {
  if (entry.type === "directory") return ensureFolder(volume, parts);
  if (parts.length === 0) throw invalid(`${entry.name}: no path to write it to`);
  const opened = await reader.open(entry);
  await writeEntry(volume, parts, { stream: opened, pace });
}

/** Entries that `extract_all` writes, with their paths. Every name is checked before anything is written. */
function planned(reader: Reader, volume: Volume, options: Options): { entry: Entry; parts: string[] }[] {
  const strip = wholeOption(options, "strip", { fallback: 0 });
  const prefix = options["prefix"] ?? "";
  if (typeof prefix !== "string") throw invalid("prefix must be a string");
  const { filter } = options;
  if (filter !== undefined && filter !== null && !Array.isArray(filter)) {
    throw invalid("filter must be a function");
  }
  const chosen = Array.isArray(filter) ? new Set(filter) : undefined;
  const plan: { entry: Entry; parts: string[] }[] = [];
  for (const [i, entry] of reader.entries.entries()) {
    if (chosen !== undefined && !chosen.has(i + 1)) continue;
    const inside = safeParts(entry.name).slice(strip);
    // Links are not extracted: what they point at may be anywhere.
    const isPlaced = entry.type === "file" || entry.type === "directory" || entry.type === "other";
    if (inside.length === 0 || !isPlaced) continue;
    plan.push({ entry, parts: pathParts(volume, prefix + inside.join("/")) });
  }
  return plan;
}

const extractAll: ModuleCommand = async (call): Promise<NativeResult> => {
  const reader = call.self(readerObject);
  const volume = volumeArgument(call, 2);
  const plan = planned(reader, volume, optionsArgument(call, 3));
  const pace = new Pace(call);
  for (const { entry, parts } of plan) {
    await place(reader, entry, { volume, parts, pace });
    await pace.rest();
  }
  return plan.length;
};

/** An open archive; closed when Lua drops it and its streams, or its process ends. */
export const readerObject: ObjectDefinition<Reader> = defineObject<Reader>({
  name: "archive.Reader",
  methods: {
    entries: (call): NativeResult => call.create(listingObject, call.self(readerObject).entries.toReversed()),
    stat: (call): LuaValue => entryTable(call.self(readerObject).find(call.string(2))),
    close: (call) => {
      call.self(readerObject).close();
      return true;
    },
  },
  commands: { read, stream, extract, extract_all: extractAll },
  wrapped: { extract_all: "base.selecting" },
  release: (reader) => reader.letGo(),
});
