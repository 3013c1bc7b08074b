/** The parts of a workbook: files in a zip archive, or texts made here. */
import { EXCEL_FILE_BYTES_MAX, EXCEL_PART_BYTES_MAX, joinBytes } from "../../src/core/mod.ts";
import type { ByteStream, Codecs, Compression } from "../../src/ports/mod.ts";
import { type ArchiveOptions, Meter } from "../archive/options.ts";
import { bytesSource, type Pull } from "../archive/source.ts";
import { openZipEntry, readDirectory, type ZipEntry } from "../archive/zip_directory.ts";
import { internal } from "./cell.ts";

const PART_BYTES = 64 * 1024;
const PARTS_MAX = 10_000;

/** Bounds of reading one part. */
const LIMITS: ArchiveOptions = {
  format: "zip",
  entriesMax: PARTS_MAX,
  totalBytesMax: EXCEL_PART_BYTES_MAX,
  fileBytesMax: EXCEL_PART_BYTES_MAX,
  inlineBytesMax: EXCEL_PART_BYTES_MAX,
  bufferBytes: PART_BYTES,
};

/** Parts by name. */
export interface Parts {
  readonly names: readonly string[];
  has(name: string): boolean;
  /** The bytes of a part, piece by piece. */
  open(name: string): Promise<Pull>;
}

/** Parts that are texts. */
export function textParts(texts: ReadonlyMap<string, string>): Parts {
  return {
    names: [...texts.keys()],
    has: (name) => texts.has(name),
    open(name) {
      let bytes: Uint8Array | null = new TextEncoder().encode(texts.get(name) ?? "");
      return Promise.resolve(() => {
        const whole = bytes;
        bytes = null;
        return whole;
      });
    },
  };
}

/** What reading archives needs. */
export interface ZipTools {
  readonly codecs: Codecs;
  readonly checksum: Compression["crc32"];
}

/** Reads all of a stream, up to a limit: the script may close it right afterwards. */
async function readWhole(stream: ByteStream): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for (let piece = await stream.read!(PART_BYTES); piece !== null; piece = await stream.read!(PART_BYTES)) {
    size += piece.length;
    if (size > EXCEL_FILE_BYTES_MAX) {
      throw internal(`Excel file is larger than ${EXCEL_FILE_BYTES_MAX} bytes`);
    }
    pieces.push(piece);
  }
  return joinBytes(pieces);
}

/** Parts of an Excel file. */
export async function zipParts(stream: ByteStream, tools: ZipTools): Promise<Parts> {
  const source = bytesSource(await readWhole(stream));
  const entries = new Map<string, ZipEntry>();
  for (const entry of await readDirectory(source, new Meter(LIMITS), PART_BYTES)) {
    if (entry.type === "file") entries.set(entry.name.replaceAll("\\", "/").replace(/^\//, ""), entry);
  }
  return {
    names: [...entries.keys()],
    has: (name) => entries.has(name),
    async open(name) {
      const entry = entries.get(name);
      if (entry === undefined) throw internal(`invalid Excel file: ${name} is missing`);
      const opened = await openZipEntry(source, entry, { ...tools, meter: new Meter(LIMITS) });
      return () => opened.next();
    },
  };
}
