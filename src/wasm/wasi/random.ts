/** `wasi:random`. */
import { Failure } from "../../core/mod.ts";
import type { Host, HostFunctions } from "./host.ts";

/** Random bytes that one call gives at most. */
const RANDOM_BYTES_MAX = 16 * 1024 * 1024;

function randomBytes([count]: readonly unknown[], { ports: { random } }: Host): Uint8Array {
  if (Number(count) > RANDOM_BYTES_MAX) {
    throw new Failure(
      "LimitExceeded",
      `it asked for ${count} random bytes; one call gives ${RANDOM_BYTES_MAX}`,
    );
  }
  return random.bytes(Number(count));
}

function randomNumber(_: readonly unknown[], { ports: { random } }: Host): bigint {
  const bytes = random.bytes(8);
  return new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
}

/** Functions of `wasi:random`. */
export const RANDOM: HostFunctions = {
  "wasi:random/random#get-random-bytes": randomBytes,
  "wasi:random/random#get-random-u64": randomNumber,
  "wasi:random/insecure#get-insecure-random-bytes": randomBytes,
  "wasi:random/insecure#get-insecure-random-u64": randomNumber,
  "wasi:random/insecure-seed#insecure-seed": (
    args,
    host,
  ) => [randomNumber(args, host), randomNumber(args, host)],
};
