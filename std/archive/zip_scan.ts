/** A zip archive read from front to back, by the headers before its entries. */
import type { Codecs, Compression } from "../../src/ports/mod.ts";
import type { Entry } from "./entry.ts";
import { codecOf, EntryStream, Inflater } from "./entry_stream.ts";
import { invalid, type Meter } from "./options.ts";
import type { SequentialReader } from "./source.ts";
import type { Scan, ScannedEntry } from "./walker.ts";
import {
  BYTES,
  decodeName,
  dosSeconds,
  EXTRA_64,
  extraField,
  extraSeconds,
  FLAG,
  MARK,
  methodName,
  viewOf,
  widened,
} from "./zip_fields.ts";

/** What may stand behind the last entry. */
const ENDS: readonly number[] = [MARK.central, MARK.end, MARK.end64, MARK.archiveExtra];
/** Marks of archives in several parts, before the first entry. */
const MARKERS: readonly number[] = [MARK.descriptor, 0x30304b50];

/** What the header before an entry says. */
interface LocalHeader extends Entry {
  readonly hasDescriptor: boolean;
  readonly isEncrypted: boolean;
  /** Sizes in the descriptor take eight bytes. */
  readonly isWide: boolean;
}

/** Scans the entries of a zip archive. */
export class ZipScan implements Scan {
  readonly #reader: SequentialReader;
  readonly #meter: Meter;
  readonly #checksum: Compression["crc32"];
  readonly #codecs: Codecs;
  #isFirst = true;

  constructor(
    reader: SequentialReader,
    { checksum, codecs, meter }: { meter: Meter; checksum: Compression["crc32"]; codecs: Codecs },
  ) {
    this.#reader = reader;
    this.#meter = meter;
    this.#checksum = checksum;
    this.#codecs = codecs;
  }

  async next(): Promise<ScannedEntry | undefined> {
    const header = await this.#header();
    if (header === undefined) return undefined;
    this.#meter.entry();
    return { entry: header, stream: this.#stream(header) };
  }

  async #header(): Promise<LocalHeader | undefined> {
    let mark = await this.#mark();
    if (this.#isFirst && MARKERS.includes(mark)) {
      await this.#reader.take(4);
      mark = await this.#mark();
    }
    this.#isFirst = false;
    if (ENDS.includes(mark)) return undefined;
    if (mark !== MARK.local) throw invalid("zip archive is corrupt: no entry where one should be");
    const view = viewOf(await this.#reader.take(BYTES.local));
    const lengths = [view.getUint16(26, true), view.getUint16(28, true)] as const;
    const name = decodeName(await this.#reader.take(lengths[0]));
    const extra = await this.#reader.take(lengths[1]);
    const flags = view.getUint16(6, true);
    const hasDescriptor = (flags & FLAG.descriptor) !== 0;
    const written = [view.getUint32(22, true), view.getUint32(18, true)];
    const [size, compressedSize] = widened(written, extra) as [number, number];
    const method = methodName(view.getUint16(8, true));
    const isKnown = !hasDescriptor || compressedSize > 0 || (method === "store" && await this.#isEmpty());
    const type = name.endsWith("/") ? "directory" : "file";
    return {
      name,
      type,
      mode: type === "directory" ? 0o755 : 0o644,
      size: isKnown ? size : -1,
      compressedSize: isKnown ? compressedSize : -1,
      modified: extraSeconds(extra) ?? dosSeconds(view.getUint16(12, true), view.getUint16(10, true)),
      method,
      crc32: hasDescriptor ? 0 : view.getUint32(14, true),
      hasDescriptor,
      isEncrypted: (flags & FLAG.encrypted) !== 0,
      isWide: extraField(extra, EXTRA_64) !== undefined,
    };
  }

  /** True when the descriptor of an entry without data is next. */
  async #isEmpty(): Promise<boolean> {
    const next = await this.#reader.peek(16);
    return next.length === 16 && viewOf(next).getUint32(0, true) === MARK.descriptor &&
      next.subarray(4).every((byte) => byte === 0);
  }

  async #mark(): Promise<number> {
    const bytes = await this.#reader.peek(4);
    if (bytes.length < 4) throw invalid("zip archive is truncated: its directory is missing");
    return viewOf(bytes).getUint32(0, true);
  }

  #stream(header: LocalHeader): EntryStream {
    const { name } = header;
    if (header.isEncrypted) throw invalid(`${name}: entry is encrypted`);
    const codec = codecOf(header.method, name);
    const expected = header.hasDescriptor
      ? { size: header.size < 0 ? undefined : header.size }
      : { size: header.size, crc32: header.crc32 };
    if (codec === undefined && header.compressedSize < 0) {
      throw invalid(
        `${name}: stored without a size, it can't be scanned: open the archive from a file instead`,
      );
    }
    const limited = this.#limited(header);
    const inflater = codec === undefined
      ? undefined
      : new Inflater(this.#codecs.decoder(codec), limited, { many: false });
    let isEnded = false;
    const produce = async (): Promise<Uint8Array | null> => {
      if (isEnded) return null;
      const chunk = inflater === undefined
        ? await limited(this.#meter.options.bufferBytes)
        : await inflater.next();
      if (chunk !== null) return chunk;
      isEnded = true;
      if (inflater !== undefined) this.#reader.unread(inflater.rest);
      if (header.hasDescriptor) await this.#descriptor(header, stream);
      return null;
    };
    const stream = new EntryStream(name, produce, {
      meter: this.#meter,
      checksum: this.#checksum,
      expected,
      release: () => inflater?.close(),
    });
    return stream;
  }

  /** The compressed bytes: as many as the header says, or all that follow. */
  #limited(header: LocalHeader): (size: number) => Promise<Uint8Array | null> {
    let left = header.compressedSize < 0 ? Infinity : header.compressedSize;
    return async (size) => {
      if (left === 0) return null;
      const part = await this.#reader.some(Math.min(size, left));
      if (part === null) throw invalid(`archive is truncated: ${header.name} is incomplete`);
      left -= part.length;
      return part;
    };
  }

  /** Checksum and sizes that stand behind the data, with or without a mark. */
  async #descriptor(header: LocalHeader, stream: EntryStream): Promise<void> {
    const marked = await this.#mark();
    if (marked === MARK.descriptor) await this.#reader.take(4);
    const crc32 = viewOf(await this.#reader.take(4)).getUint32(0, true);
    const width = header.isWide ? 8 : 4;
    const sizes = viewOf(await this.#reader.take(2 * width));
    const size = header.isWide ? Number(sizes.getBigUint64(8, true)) : sizes.getUint32(4, true);
    stream.check({ crc32, size });
  }
}
