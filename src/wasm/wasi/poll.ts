/** `wasi:io/poll` and `wasi:clocks`: what guests wait for, and the time. */
import { Failure } from "../../core/mod.ts";
import { Resource } from "./handles.ts";
import type { Host, HostFunctions } from "./host.ts";

const NS_PER_MS = 1e6;
const NS_PER_SECOND = 1_000_000_000n;

/** Something to wait for: ready at a time of the monotonic clock, or always. */
export class Pollable extends Resource {
  readonly #readyAtMs: number;

  constructor(readyAtMs = -Infinity) {
    super();
    this.#readyAtMs = readyAtMs;
  }

  /** How long it takes until it is ready; 0 once it is. */
  leftMs({ clock }: Host["ports"]): number {
    return Math.max(0, this.#readyAtMs - clock.monotonicMs());
  }
}

function pollableOf(handle: unknown, { handles }: Host): Pollable {
  return handles.get(handle, Pollable);
}

function wait(host: Host, leftMs: () => number): void {
  for (let left = leftMs(); left > 0; left = leftMs()) host.outside.sleep(left);
}

/** Places of those that are ready, once one is. */
function poll([given]: readonly unknown[], host: Host): number[] {
  const all = (given as number[]).map((handle) => pollableOf(handle, host));
  if (all.length === 0) throw new Failure("Internal", "the guest waits for nothing, without end");
  const left = (): number[] => all.map((pollable) => pollable.leftMs(host.ports));
  wait(host, () => Math.min(...left()));
  return left().flatMap((ms, i) => ms === 0 ? [i] : []);
}

const dateOf = (ns: bigint): unknown => ({ seconds: ns / NS_PER_SECOND, nanoseconds: ns % NS_PER_SECOND });

/** Functions of `wasi:io/poll` and `wasi:clocks`. */
export const POLL: HostFunctions = {
  "wasi:io/poll#poll": poll,
  "wasi:io/poll#[method]pollable.ready": ([handle], host) =>
    pollableOf(handle, host).leftMs(host.ports) === 0,
  "wasi:io/poll#[method]pollable.block": ([handle], host) => {
    const pollable = pollableOf(handle, host);
    wait(host, () => pollable.leftMs(host.ports));
  },
  "wasi:clocks/wall-clock#now": (_, { ports: { clock } }) => dateOf(clock.nowNs()),
  "wasi:clocks/wall-clock#resolution": () => dateOf(1_000_000n),
  "wasi:clocks/monotonic-clock#now": (_, { ports: { clock } }) =>
    BigInt(Math.round(clock.monotonicMs() * NS_PER_MS)),
  "wasi:clocks/monotonic-clock#resolution": () => 1000,
  "wasi:clocks/monotonic-clock#subscribe-instant": ([at], { handles }) =>
    handles.add(new Pollable(Number(at) / NS_PER_MS)),
  "wasi:clocks/monotonic-clock#subscribe-duration": ([length], { handles, ports: { clock } }) =>
    handles.add(new Pollable(clock.monotonicMs() + Number(length) / NS_PER_MS)),
};
