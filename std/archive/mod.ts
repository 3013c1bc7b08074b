/** The `archive` module: zip and tar archives, read and written in bounded memory. */
import { Failure } from "../../src/core/mod.ts";
import { type Call, defineModule, type ModuleCommand } from "../../src/lua/mod.ts";
import type { Codecs, Compression } from "../../src/ports/mod.ts";
import type { NativeResult } from "../../src/vm/mod.ts";
import { ArgumentError } from "../../src/vm/mod.ts";
import { volumeObject } from "../fs/mod.ts";
import type { Entry } from "./entry.ts";
import { Inflater, loadCodecs } from "./entry_stream.ts";
import { type ArchiveOptions, archiveOptions, type Format, FORMATS, invalid, Meter } from "./options.ts";
import { listingObject, Reader, readerObject } from "./reader.ts";
import { compressedSink, fileSink, type Sink, streamSink } from "./sink.ts";
import {
  bytesSource,
  fileSource,
  type Pull,
  pullRange,
  pullStream,
  SequentialReader,
  type Source,
  streamSource,
} from "./source.ts";
import { isHeader } from "./tar_header.ts";
import { indexTar, openTarEntry, type TarEntry, TarScan } from "./tar_scan.ts";
import { Walker, walkerObject, walkObject } from "./walker.ts";
import { TarWriter, Writer, writerObject } from "./writer.ts";
import { openZipEntry, readDirectory, type ZipEntry } from "./zip_directory.ts";
import { ZipScan } from "./zip_scan.ts";
import { ZipWriter } from "./zip_write.ts";
import types from "./archive.d.lua" with { type: "text" };

/** Bytes by which a format is known: the header of a tar archive is a whole block. */
const HEAD_BYTES = 512;
const GZIP_LEVEL = 6;
const ZSTD_LEVEL = 3;
const EXTENSIONS: readonly (readonly [RegExp, Format])[] = [
  [/\.(zip|jar)$/i, "zip"],
  [/\.tar$/i, "tar"],
  [/\.(tar\.gz|tgz)$/i, "tar.gz"],
  [/\.(tar\.zst|tzst)$/i, "tar.zst"],
];

function formatOfName(name: string): Format | undefined {
  return EXTENSIONS.find(([pattern]) => pattern.test(name))?.[1];
}

/** The format of an archive: the one asked for, else by its first bytes, else by its name. */
function formatOf(options: ArchiveOptions, head: Uint8Array, name: string): Format {
  if (options.format !== undefined) return options.format;
  const start = Array.from(head.subarray(0, 4), (byte) => String.fromCharCode(byte)).join("");
  if (["PK\x03\x04", "PK\x05\x06", "PK\x07\x08"].includes(start)) return "zip";
  if (start.startsWith("\x1f\x8b")) return "tar.gz";
  if (start === "\x28\xb5\x2f\xfd") return "tar.zst";
  if (isHeader(head)) return "tar";
  const format = formatOfName(name);
  if (format === undefined) throw invalid(`unknown archive format (${FORMATS.join(", ")})`);
  return format;
}

/** Where an archive comes from, with the place of the options among the arguments. */
interface Origin {
  readonly name: string;
  readonly optionsAt: number;
  source(): Source;
  pull(bufferBytes: number): { pull: Pull; close: () => void };
}

function fromSource(source: Source): { pull: Pull; close: () => void } {
  return { pull: pullRange(source, 0, source.size), close: () => source.close() };
}

function originOf(call: Call): Origin {
  const volume = call.object(1, volumeObject);
  if (volume !== undefined) {
    const path = volume.resolve(call.string(2));
    const { system } = volume;
    const source = (): Source => fileSource(system.open(path, "r"));
    return { name: path, optionsAt: 3, source, pull: () => fromSource(source()) };
  }
  const stream = call.stream(1);
  if (stream !== undefined) {
    return {
      name: "",
      optionsAt: 2,
      source: () => streamSource(stream),
      pull: () => ({ pull: pullStream(stream), close: () => undefined }),
    };
  }
  if (call.type(1) !== "string") throw new ArgumentError(1, "fs.FS, stream or string", call.type(1));
  const source = bytesSource(call.bytes(1));
  return { name: "", optionsAt: 2, source: () => source, pull: () => fromSource(source) };
}

/** Files that the entries of `entries` come from. */
async function readerOf(source: Source, format: Format, tools: Tools): Promise<Reader> {
  const close = (): void => source.close();
  const { meter } = tools;
  if (format === "tar") {
    const entries = await indexTar(source, meter);
    const open = (entry: Entry) => openTarEntry(source, entry as TarEntry, meter);
    return new Reader({ entries, meter, open, close });
  }
  const entries = await readDirectory(source, meter, meter.options.bufferBytes);
  const open = (entry: Entry) => openZipEntry(source, entry as ZipEntry, tools);
  return new Reader({ entries, meter, open, close });
}

/** What reading and writing needs. */
interface Tools {
  readonly meter: Meter;
  readonly codecs: Codecs;
  readonly checksum: Compression["crc32"];
}

async function toolsOf(compression: Compression, options: ArchiveOptions): Promise<Tools> {
  return { meter: new Meter(options), codecs: await loadCodecs(compression), checksum: compression.crc32 };
}

const open: ModuleCommand = async (call): Promise<NativeResult> => {
  const origin = originOf(call);
  const options = archiveOptions(call, origin.optionsAt);
  call.demand("archive.read", origin.name, "not allowed to read archives");
  const { compression } = call.services.ports;
  const source = origin.source();
  try {
    const format = formatOf(options, await source.read(0, HEAD_BYTES), origin.name);
    if (format === "tar.gz" || format === "tar.zst") {
      const message = `${format} archives have no random access: use archive.scan`;
      throw new Failure("Unavailable", message, { retryable: false });
    }
    return call.create(readerObject, await readerOf(source, format, await toolsOf(compression, options)));
  } catch (error) {
    source.close();
    throw error;
  }
};

const scan: ModuleCommand = async (call): Promise<NativeResult> => {
  const origin = originOf(call);
  const options = archiveOptions(call, origin.optionsAt);
  call.demand("archive.read", origin.name, "not allowed to read archives");
  const { compression } = call.services.ports;
  const { close, pull } = origin.pull(options.bufferBytes);
  try {
    const reader = new SequentialReader(pull, options.bufferBytes);
    const format = formatOf(options, await reader.peek(HEAD_BYTES), origin.name);
    return call.create(
      walkerObject,
      walkerOf(reader, format, { ...await toolsOf(compression, options), close }),
    );
  } catch (error) {
    close();
    throw error;
  }
};

function walkerOf(reader: SequentialReader, format: Format, tools: Tools & { close: () => void }): Walker {
  const { close, codecs, meter } = tools;
  if (format === "zip") return new Walker(new ZipScan(reader, tools), close);
  if (format === "tar") return new Walker(new TarScan(reader, meter), close);
  const codec = codecs.decoder(format === "tar.gz" ? "gzip" : "zstd");
  const inflater = new Inflater(codec, (size) => reader.some(size), { many: true });
  const inner = new SequentialReader(() => inflater.next(), meter.options.bufferBytes);
  return new Walker(new TarScan(inner, meter), () => {
    inflater.close();
    close();
  });
}

const create: ModuleCommand = async (call): Promise<NativeResult> => {
  const volume = call.object(1, volumeObject);
  const stream = volume === undefined ? call.stream(1) : undefined;
  if (volume === undefined && stream === undefined) {
    throw new ArgumentError(1, "fs.FS or stream", call.type(1));
  }
  const path = volume?.resolve(call.string(2)) ?? "";
  const options = archiveOptions(call, volume === undefined ? 2 : 3);
  call.demand("archive.write", path, "not allowed to write archives");
  const format = options.format ?? formatOfName(path);
  if (format === undefined) throw invalid(`format is required (${FORMATS.join(", ")})`);
  // Before the file is opened: nobody would close it if this failed.
  const tools = await toolsOf(call.services.ports.compression, options);
  const sink = stream === undefined ? fileSink(volume!.system.open(path, "w")) : streamSink(stream);
  return call.create(writerObject, writerOf(sink, format, tools));
};

function writerOf(sink: Sink, format: Format, tools: Tools): Writer {
  const { codecs, meter } = tools;
  if (format === "zip") return new Writer(new ZipWriter(sink, tools), sink, meter);
  const outer = format === "tar" ? sink : compressedSink(
    format === "tar.gz" ? codecs.encoder("gzip", GZIP_LEVEL) : codecs.encoder("zstd", ZSTD_LEVEL),
    sink,
  );
  return new Writer(new TarWriter(outer, meter), outer, meter);
}

export default defineModule({
  name: "archive",
  types,
  classes: ["io", "encoding", "nondeterministic"],
  functions: { formats: () => [...FORMATS] },
  commands: { open, scan, create },
  objects: [
    readerObject as never,
    listingObject as never,
    walkerObject as never,
    walkObject as never,
    writerObject as never,
  ],
});
