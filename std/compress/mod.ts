/** The `compress` module: gzip, deflate, zlib, Brotli and Zstandard, with limits on what comes out. */
import { DECOMPRESSED_BYTES_DEFAULT, DECOMPRESSED_BYTES_MAX, Failure } from "../../src/core/mod.ts";
import {
  type Call,
  defineModule,
  type ModuleCommand,
  type Options,
  optionsArgument,
} from "../../src/lua/mod.ts";
import type { CodecName, Codecs, StreamCodec } from "../../src/ports/mod.ts";
import type { NativeResult } from "../../src/vm/mod.ts";
import {
  decodeWithDictionary,
  encodeWithDictionary,
  inspectDictionary,
  trainDictionary,
} from "./dictionary.ts";
import { CodecStream, type CodecStreamOptions } from "./codec_stream.ts";
import { integerOption, invalid, type Range } from "./options.ts";
import types from "./compress.d.lua" with { type: "text" };

const DEFLATE: Range = { min: 1, max: 9, normal: 6, name: "compression level" };
const FORMATS: Readonly<Record<CodecName, Range>> = {
  gzip: DEFLATE,
  deflate: DEFLATE,
  zlib: DEFLATE,
  brotli: { min: 0, max: 11, normal: 6, name: "brotli quality" },
  zstd: { min: 1, max: 22, normal: 3, name: "compression level" },
};

function levelOf(options: Options, format: CodecName): number {
  return integerOption(options, "level", FORMATS[format]);
}

function sizeOf(options: Options): number {
  return integerOption(options, "max_size", {
    min: 1,
    max: DECOMPRESSED_BYTES_MAX,
    normal: DECOMPRESSED_BYTES_DEFAULT,
    name: "max_size",
  });
}

/** The dictionary among options; undefined without one. */
function dictionaryOf(options: Options): Uint8Array | undefined {
  const { dict } = options;
  if (dict === undefined || dict === null) return undefined;
  const bytes = typeof dict === "string" ? new TextEncoder().encode(dict) : dict;
  if (!(bytes instanceof Uint8Array) || bytes.length === 0) {
    throw invalid("dict must be a string that is not empty");
  }
  return bytes;
}

/** Argument 1 as bytes that are valid until the function returns. */
function dataArgument(call: Call): Uint8Array {
  const data = call.view(1);
  if (data.length === 0) throw invalid("input data cannot be empty");
  return data;
}

/** More output than wanted is Internal here, by the specification. */
function limitAsInternal(error: unknown): never {
  if (!(error instanceof Failure) || error.kind !== "LimitExceeded") throw error;
  throw new Failure("Internal", error.message, { retryable: false, cause: error });
}

/** Whether a stream stands in place of data. */
function isStream(call: Call): boolean {
  const source = call.stream(1);
  if (source === undefined) return false;
  if (source.read === undefined) throw invalid("the stream is not readable");
  return true;
}

/** What an encoder or a decoder makes of the stream that argument 1 is, as a stream. */
async function through(
  call: Call,
  make: (codecs: Codecs) => StreamCodec,
  options: CodecStreamOptions,
): Promise<NativeResult> {
  const source = call.takeStream(1)!;
  const codecs = await call.services.ports.compression.codecs();
  return call.createStream(new CodecStream(source, make(codecs), options));
}

function encode(format: CodecName): ModuleCommand {
  return (call): NativeResult | Promise<NativeResult> => {
    const isFromStream = isStream(call);
    const options = optionsArgument(call, 2);
    const level = levelOf(options, format);
    const dictionary = format === "zstd" ? dictionaryOf(options) : undefined;
    if (isFromStream) {
      const make = (codecs: Codecs): StreamCodec => codecs.encoder(format, level, dictionary);
      return through(call, make, { format, sizeMax: Infinity, isRepeated: false });
    }
    const data = dataArgument(call);
    const { compression } = call.services.ports;
    const { process } = call;
    return dictionary === undefined
      ? compression.encode(format, data, level, () => process.ended)
      : encodeWithDictionary(compression, data.slice(), { level, dictionary });
  };
}

function decodeStream(call: Call, format: CodecName, options: Options): Promise<NativeResult> {
  const dictionary = format === "zstd" ? dictionaryOf(options) : undefined;
  // Memory is bounded whatever comes out, so that only a limit that is asked for holds.
  const sizeMax = options["max_size"] === undefined ? Infinity : sizeOf(options);
  const make = (codecs: Codecs): StreamCodec => codecs.decoder(format, dictionary);
  return through(call, make, { format, sizeMax, isRepeated: format === "gzip" || format === "zstd" });
}

function decode(format: CodecName): ModuleCommand {
  return (call): NativeResult | Promise<NativeResult> => {
    const isFromStream = isStream(call);
    const options = optionsArgument(call, 2);
    if (isFromStream) return decodeStream(call, format, options);
    const data = dataArgument(call);
    const sizeMax = sizeOf(options);
    const { compression } = call.services.ports;
    const dictionary = format === "zstd" ? dictionaryOf(options) : undefined;
    try {
      const result = dictionary === undefined
        ? compression.decode(format, data, sizeMax)
        : decodeWithDictionary(compression, data.slice(), { sizeMax, dictionary });
      return result instanceof Promise ? result.catch(limitAsInternal) : result;
    } catch (error) {
      return limitAsInternal(error);
    }
  };
}

const commands: Record<string, ModuleCommand> = {
  "zstd.train_dict": trainDictionary,
  "zstd.inspect_dict": inspectDictionary,
};
for (const format of Object.keys(FORMATS) as CodecName[]) {
  commands[`${format}.encode`] = encode(format);
  commands[`${format}.decode`] = decode(format);
}

export default defineModule({
  name: "compress",
  types,
  classes: ["deterministic", "encoding", "workflow"],
  portable: true,
  commands,
});
