/**
 * Channels of Lua that the host feeds.
 */
import { Failure } from "../core/mod.ts";
import type { Exchange } from "./exchange.ts";
import type { VmExports } from "./instance.ts";
import { LuaChannel, type LuaValue } from "./value.ts";

/** Fed channels of one universe. */
export class FedChannels {
  readonly #exchange: Exchange;
  readonly #vm: VmExports;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
    this.#vm = exchange.vm;
  }

  /** A channel that the host feeds. */
  open(slot: number, capacity: number): LuaChannel {
    const id = this.#vm.open_channel(slot, capacity);
    if (id === 0) throw new Failure("LimitExceeded", "no memory for a channel");
    return new LuaChannel(id);
  }

  /** Feeds a channel; with "drop" a full one refuses. */
  send(slot: number, channel: LuaChannel, value: LuaValue, mode: "queue" | "drop" = "queue"): boolean {
    const length = this.#exchange.put([value]);
    return this.#vm.channel_send(slot, channel.id, length, mode === "drop" ? 1 : 0) !== 0;
  }

  /** Closes a channel after what is queued. */
  close(slot: number, channel: LuaChannel): void {
    this.#vm.channel_close(slot, channel.id);
  }

  /** How many values of a channel nobody has received yet; undefined when there is no such channel. */
  unread(slot: number, channel: LuaChannel): number | undefined {
    const count = this.#vm.channel_unread(slot, channel.id);
    return count < 0 ? undefined : count;
  }

  /** Drops unreceived values of a channel. */
  clear(slot: number, channel: LuaChannel): void {
    this.#vm.channel_clear(slot, channel.id);
  }

  /** Leaves a channel to Lua: it can't be named any more, and goes when Lua drops it. */
  release(slot: number, channel: LuaChannel): void {
    this.#vm.channel_release(slot, channel.id);
  }
}
