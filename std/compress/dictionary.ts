/** Zstandard dictionaries: made from samples, looked into, and used. */
import { DICTIONARY_SAMPLES_BYTES_MAX, Failure, joinBytes } from "../../src/core/mod.ts";
import { type ModuleCommand, optionsArgument } from "../../src/lua/mod.ts";
import type { Codecs, Compression, StreamCodec } from "../../src/ports/mod.ts";
import { ArgumentError, type LuaValue, type NativeResult } from "../../src/vm/mod.ts";
import { integerOption, invalid } from "./options.ts";

/** Shortest sample that training can learn from. */
const SAMPLE_BYTES_MIN = 8;

/** What all of `data` becomes; `sizeMax` bounds it. A decoder's data may be several streams in a row. */
function through(codec: StreamCodec, data: Uint8Array, sizeMax: number): Uint8Array {
  try {
    const parts: Uint8Array[] = [];
    let size = 0;
    let at = 0;
    for (;;) {
      const step = codec.step(data.subarray(at), true);
      at += step.consumed;
      size += step.output.length;
      if (size > sizeMax) {
        const message = `decompressed size exceeds limit of ${sizeMax} bytes`;
        throw new Failure("LimitExceeded", message, { retryable: false });
      }
      if (step.output.length > 0) parts.push(step.output);
      if (step.ended) {
        if (at === data.length) return joinBytes(parts);
        codec.restart();
      } else if (step.consumed === 0 && step.output.length === 0) throw invalid("invalid zstd data");
    }
  } finally {
    codec.close();
  }
}

async function codecsOf(compression: Compression): Promise<Codecs> {
  return await compression.codecs();
}

/** Compresses with a dictionary. */
export async function encodeWithDictionary(
  compression: Compression,
  data: Uint8Array,
  { level, dictionary }: { level: number; dictionary: Uint8Array },
): Promise<Uint8Array> {
  const codecs = await codecsOf(compression);
  return through(codecs.encoder("zstd", level, dictionary), data, Infinity);
}

/** Decompresses with the dictionary that compressed. */
export async function decodeWithDictionary(
  compression: Compression,
  data: Uint8Array,
  { sizeMax, dictionary }: { sizeMax: number; dictionary: Uint8Array },
): Promise<Uint8Array> {
  const codecs = await codecsOf(compression);
  return through(codecs.decoder("zstd", dictionary), data, sizeMax);
}

/** Samples as bytes, as many as training looks at. */
function samplesOf(value: LuaValue): Uint8Array[] {
  if (!Array.isArray(value)) throw invalid("samples must be a list of strings");
  let size = 0;
  const samples: Uint8Array[] = [];
  for (const [i, item] of value.entries()) {
    const bytes = typeof item === "string" ? new TextEncoder().encode(item) : item;
    if (!(bytes instanceof Uint8Array)) throw invalid(`samples[${i + 1}] must be a string`);
    if (bytes.length === 0) continue;
    size += bytes.length;
    if (size > DICTIONARY_SAMPLES_BYTES_MAX) break;
    samples.push(bytes);
  }
  if (!samples.some((sample) => sample.length >= SAMPLE_BYTES_MIN)) {
    throw invalid(`at least one sample must be ${SAMPLE_BYTES_MIN} bytes or longer`);
  }
  return samples;
}

/** `compress.zstd.train_dict`. */
export const trainDictionary: ModuleCommand = async (call): Promise<NativeResult> => {
  if (call.count < 1 || call.type(1) !== "table") throw new ArgumentError(1, "table", call.type(1));
  const options = optionsArgument(call, 2);
  const size = integerOption(options, "size", {
    min: 256,
    max: 1_048_576,
    normal: 114_688,
    name: "dict size",
  });
  const id = integerOption(options, "id", { min: 0, max: 0xffff_ffff, normal: 0, name: "dict id" });
  const level = integerOption(options, "level", { min: 1, max: 22, normal: 3, name: "compression level" });
  const samples = samplesOf(call.value(1));
  const { compression } = call.services.ports;
  return (await codecsOf(compression)).train(samples, { size, id, level });
};

/** `compress.zstd.inspect_dict`. */
export const inspectDictionary: ModuleCommand = async (call): Promise<NativeResult> => {
  const dictionary = call.bytes(1);
  const { compression } = call.services.ports;
  const info = (await codecsOf(compression)).inspect(dictionary);
  if (info === undefined) throw invalid("invalid zstd dictionary");
  return { id: info.id, content_size: info.contentSize };
};
