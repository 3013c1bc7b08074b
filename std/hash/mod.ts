/** The `hash` module: digests, keyed digests, and fast hashes that are no protection. */
import { Failure } from "../../src/core/mod.ts";
import { type Call, defineModule, type ModuleCommand, Pace } from "../../src/lua/mod.ts";
import type { ByteStream, DigestName, IncrementalDigest } from "../../src/ports/mod.ts";
import type { LuaValue } from "../../src/vm/mod.ts";
import { type Fnv, Fnv32, Fnv64 } from "./fnv.ts";
import types from "./hash.d.lua" with { type: "text" };

const NAMES = ["md5", "sha1", "sha256", "sha512"] as const satisfies readonly DigestName[];
/** Bytes read from a stream at a time. */
const PART_BYTES = 262_144;

/** A stream and the digest that it goes into. */
interface StreamDigest {
  readonly stream: ByteStream;
  readonly digest: IncrementalDigest;
}

/** Argument `i` as bytes that are valid until the call returns; Invalid when it is no string. */
function text(call: Call, i: number, what: string): Uint8Array {
  if (call.count >= i && call.type(i) === "string") return call.view(i);
  throw new Failure("Invalid", `${what} must be a string`, { retryable: false });
}

/** A digest as hexadecimal digits, or raw when argument `i` says so. */
function shown(call: Call, i: number, digest: Uint8Array): LuaValue {
  return call.count >= i && call.truthy(i) ? digest : digest.toHex();
}

/** Feeds `sink` what is left of a stream; the stream stays open. */
async function drain(
  stream: ByteStream,
  sink: { update(bytes: Uint8Array): void },
  pace: Pace,
): Promise<void> {
  if (stream.read === undefined) throw new Failure("Invalid", "stream is not readable", { retryable: false });
  for (;;) {
    const part = await stream.read(PART_BYTES);
    if (part === null) return;
    sink.update(part);
    await pace.rest();
  }
}

/** The digest of a stream, shown as argument `i` says. */
function ofStream(call: Call, i: number, { digest, stream }: StreamDigest): Promise<LuaValue> {
  const isRaw = call.count >= i && call.truthy(i);
  return drain(stream, digest, new Pace(call)).then(() => {
    const bytes = digest.finish();
    return isRaw ? bytes : bytes.toHex();
  });
}

/** A hash that is a number, of argument 1. */
function fnv(create: () => Fnv): ModuleCommand {
  return (call) => {
    const hash = create();
    const stream = streamed(call);
    if (stream !== undefined) return drain(stream, hash, new Pace(call)).then(() => hash.value());
    hash.update(text(call, 1, "data"));
    return hash.value();
  };
}

/** The stream that argument 1 is; undefined for anything else. */
function streamed(call: Call): ByteStream | undefined {
  return call.count >= 1 && call.type(1) === "handle" ? call.stream(1) : undefined;
}

const commands: Record<string, ModuleCommand> = {
  fnv32: fnv(() => new Fnv32()),
  fnv64: fnv(() => new Fnv64()),
};
for (const name of NAMES) {
  commands[name] = (call) => {
    const { cryptography } = call.services.ports;
    const stream = streamed(call);
    if (stream !== undefined) return ofStream(call, 2, { stream, digest: cryptography.incremental(name) });
    return shown(call, 2, cryptography.digest(name, text(call, 1, "data")));
  };
  commands[`hmac_${name}`] = (call) => {
    const { cryptography } = call.services.ports;
    const stream = streamed(call);
    if (stream !== undefined) {
      const digest = cryptography.incremental(name, text(call, 2, "secret"));
      return ofStream(call, 3, { stream, digest });
    }
    const data = text(call, 1, "data");
    const secret = text(call, 2, "secret");
    return shown(call, 3, cryptography.hmac(name, secret, data));
  };
}

export default defineModule({
  name: "hash",
  types,
  classes: ["deterministic", "encoding", "workflow"],
  portable: true,
  commands,
});
