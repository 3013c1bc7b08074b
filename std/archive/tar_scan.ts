/** Tar archives: read from front to back, or indexed for reading at any place. */
import type { Entry } from "./entry.ts";
import { EntryStream } from "./entry_stream.ts";
import { invalid, type Meter } from "./options.ts";
import { pullRange, type SequentialReader, type Source } from "./source.ts";
import {
  BLOCK_BYTES,
  decodeHeader,
  extend,
  type Extended,
  isExtended,
  isZero,
  padded,
  tarEntry,
} from "./tar_header.ts";
import type { Scan, ScannedEntry } from "./walker.ts";

/** Extended headers before one entry; writers need two. */
const EXTENDED_MAX = 8;

/** Gives the next `size` bytes; fewer only at the end. */
type Take = (size: number) => Promise<Uint8Array>;

/** The next entry; undefined at the end of the archive. */
async function nextEntry(take: Take): Promise<Entry | undefined> {
  const extended: Extended = {};
  for (let count = 0; count <= EXTENDED_MAX; count++) {
    const block = await take(BLOCK_BYTES);
    if (block.length === 0 && count === 0) return undefined;
    if (block.length < BLOCK_BYTES) throw invalid("archive is truncated");
    if (isZero(block)) return undefined;
    const header = decodeHeader(block);
    if (!isExtended(header)) return tarEntry(header, extended);
    const data = await take(padded(header.size));
    if (data.length < padded(header.size)) throw invalid("archive is truncated");
    extend(extended, header, data.subarray(0, header.size));
  }
  throw invalid("tar archive is corrupt: too many extended headers");
}

/** Scans the entries of a tar archive. */
export class TarScan implements Scan {
  readonly #reader: SequentialReader;
  readonly #meter: Meter;

  constructor(reader: SequentialReader, meter: Meter) {
    this.#reader = reader;
    this.#meter = meter;
  }

  async next(): Promise<ScannedEntry | undefined> {
    const entry = await nextEntry(async (size) => {
      const bytes = await this.#reader.peek(size);
      return await this.#reader.take(bytes.length);
    });
    if (entry === undefined) return undefined;
    this.#meter.entry();
    return { entry, stream: this.#stream(entry) };
  }

  #stream(entry: Entry): EntryStream {
    let left = entry.size;
    const produce = async (): Promise<Uint8Array | null> => {
      if (left === 0) {
        await this.#reader.take(padded(entry.size) - entry.size);
        return null;
      }
      const part = await this.#reader.some(Math.min(left, this.#meter.options.bufferBytes));
      if (part === null) throw invalid(`archive is truncated: ${entry.name} is incomplete`);
      left -= part.length;
      return part;
    };
    return new EntryStream(entry.name, produce, { meter: this.#meter, expected: { size: entry.size } });
  }
}

/** An entry and where its data is. */
export interface TarEntry extends Entry {
  readonly dataAt: number;
}

/** Finds all entries; their data is passed over. */
export async function indexTar(source: Source, meter: Meter): Promise<TarEntry[]> {
  const entries: TarEntry[] = [];
  let at = 0;
  for (;;) {
    const entry = await nextEntry(async (size) => {
      const bytes = await source.read(at, size);
      at += bytes.length;
      return bytes;
    });
    if (entry === undefined) return entries;
    meter.entry();
    entries.push({ ...entry, dataAt: at });
    at += padded(entry.size);
    if (at > source.size) throw invalid(`archive is truncated: ${entry.name} is incomplete`);
  }
}

/** The bytes of an entry. */
export function openTarEntry(source: Source, entry: TarEntry, meter: Meter): EntryStream {
  const { fileBytesMax } = meter.options;
  if (entry.size > fileBytesMax) {
    throw invalid(`${entry.name}: larger than ${fileBytesMax} bytes (max_file_bytes)`);
  }
  const pull = pullRange(source, entry.dataAt, entry.dataAt + entry.size);
  const produce = async (): Promise<Uint8Array | null> => await pull(meter.options.bufferBytes);
  return new EntryStream(entry.name, produce, { meter, expected: { size: entry.size } });
}
