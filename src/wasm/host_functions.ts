/**
 * What guests can import: the functions of WASI that need no resource, by name without version.
 *
 * What blocks or hands out resources (streams, polls, files, sockets) is not here.
 */
import { Failure } from "../core/mod.ts";
import type { Clock, Random } from "../ports/mod.ts";

/** What a thread of guests has. */
export interface HostPorts {
  readonly clock: Clock;
  readonly random: Random;
}

/** What the entry of a guest gives it, for one call. */
export interface GuestSurroundings {
  readonly args: readonly string[];
  readonly cwd: string | undefined;
  readonly env: readonly (readonly [name: string, value: string])[];
}

/** What a guest has when its entry says nothing. */
export const NO_SURROUNDINGS: GuestSurroundings = { args: [], cwd: undefined, env: [] };

/** Thrown through a guest that ends by itself. */
export class GuestExit {
  readonly isFailure: boolean;
  constructor(isFailure: boolean) {
    this.isFailure = isFailure;
  }
}

/** A function for guests: values as `abi_lift` gives and `abi_lower` takes them. */
export type HostFunction = (args: readonly unknown[], ports: HostPorts, around: GuestSurroundings) => unknown;

const NS_PER_SECOND = 1_000_000_000n;
/** Random bytes that one call gives at most. */
const RANDOM_BYTES_MAX = 16 * 1024 * 1024;

function randomBytes([count]: readonly unknown[], { random }: HostPorts): Uint8Array {
  if (Number(count) > RANDOM_BYTES_MAX) {
    throw new Failure(
      "LimitExceeded",
      `it asked for ${count} random bytes; one call gives ${RANDOM_BYTES_MAX}`,
    );
  }
  return random.bytes(Number(count));
}

function randomNumber(_: readonly unknown[], { random }: HostPorts): bigint {
  const bytes = random.bytes(8);
  return new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
}

const dateOf = (ns: bigint): unknown => ({ seconds: ns / NS_PER_SECOND, nanoseconds: ns % NS_PER_SECOND });

const FUNCTIONS: Readonly<Record<string, HostFunction>> = {
  "wasi:random/random#get-random-bytes": randomBytes,
  "wasi:random/random#get-random-u64": randomNumber,
  "wasi:random/insecure#get-insecure-random-bytes": randomBytes,
  "wasi:random/insecure#get-insecure-random-u64": randomNumber,
  "wasi:random/insecure-seed#insecure-seed": (
    args,
    ports,
  ) => [randomNumber(args, ports), randomNumber(args, ports)],
  "wasi:clocks/wall-clock#now": (_, { clock }) => dateOf(clock.nowNs()),
  "wasi:clocks/wall-clock#resolution": () => dateOf(1_000_000n),
  "wasi:clocks/monotonic-clock#now": (_, { clock }) => BigInt(Math.round(clock.monotonicMs() * 1e6)),
  "wasi:clocks/monotonic-clock#resolution": () => 1000,
  "wasi:cli/environment#get-environment": (_args, _ports, { env }) => env,
  "wasi:cli/environment#get-arguments": (_args, _ports, { args }) => args,
  "wasi:cli/environment#initial-cwd": (_args, _ports, { cwd }) => cwd,
  "wasi:cli/exit#exit": ([status]) => {
    throw new GuestExit(typeof status === "object" && status !== null);
  },
};

/** The function behind the name of an import; undefined when there is none. */
export function hostFunction(name: string): HostFunction | undefined {
  const plain = name.replace(/@[^#]*(?=#)/, "");
  return Object.hasOwn(FUNCTIONS, plain) ? FUNCTIONS[plain] : undefined;
}
