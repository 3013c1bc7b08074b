/**
 * One connection: a peer of the outside and a channel of its process.
 *
 * W1. Messages are handed over in order. While the channel is full reading stops, so memory is bounded by its capacity and
 *     one message's limit; what the channel could not take is tried again soon.
 * W2. The channel is closed once, after the last message was handed over, and let go of when Lua has dropped the client as well.
 *     The connection ends with its process.
 */
import { Failure, WEBSOCKET_RETRY_MS } from "../../src/core/mod.ts";
import type { FedChannel } from "../../src/lua/mod.ts";
import type { Clock, TimerHandle, WebSocketClientPeer } from "../../src/ports/mod.ts";
import type { LuaValue } from "../../src/vm/mod.ts";

const NORMAL_CLOSURE = 1000;

/** Limits of a connection in milliseconds; 0 is none. */
export interface ClientLimits {
  readonly readTimeoutMs: number;
  readonly writeTimeoutMs: number;
}

/** A connection in the hands of a script. */
export class Client {
  readonly fed: FedChannel;
  readonly #clock: Clock;
  readonly #limits: ClientLimits;
  readonly #waiting: LuaValue[] = [];
  #peer: WebSocketClientPeer | undefined;
  #state: "connecting" | "open" | "closing" | "closed" = "connecting";
  /** Everything was handed over and the channel closed. */
  #isOver = false;
  #isDropped = false;
  #silence: TimerHandle | undefined;
  #retry: TimerHandle | undefined;

  constructor(fed: FedChannel, clock: Clock, limits: ClientLimits) {
    this.fed = fed;
    this.#clock = clock;
    this.#limits = limits;
  }

  /** The connection stands. */
  opened(peer: WebSocketClientPeer): void {
    this.#peer = peer;
    if (this.#state === "closed") peer.terminate();
    if (this.#state === "connecting") this.#state = "open";
    if (this.#retry !== undefined) peer.pause();
    this.heard();
  }

  /** Something came; the limit of silence begins anew. */
  heard(): void {
    const { readTimeoutMs } = this.#limits;
    if (readTimeoutMs === 0 || this.#state === "closed") return;
    this.#silence?.cancel();
    this.#silence = this.#clock.timer(readTimeoutMs, () => this.#peer?.terminate());
  }

  received(data: Uint8Array, isText: boolean): void {
    this.#waiting.push({ type: isText ? "text" : "binary", data: isText ? textOf(data) : data.slice() });
    this.#deliver();
  }

  #deliver(): void {
    if (this.#retry !== undefined) return;
    while (this.#waiting.length > 0 && this.fed.send(this.#waiting[0]!, "drop")) this.#waiting.shift();
    if (this.#waiting.length === 0) {
      this.#peer?.resume();
      if (this.#state === "closed") {
        this.fed.close();
        this.#isOver = true;
        if (this.#isDropped) this.fed.release();
      }
      return;
    }
    this.#peer?.pause();
    this.#retry = this.#clock.timer(WEBSOCKET_RETRY_MS, () => {
      this.#retry = undefined;
      this.#deliver();
    });
  }

  /** Lua has no more use for the object itself; it may still wait on the channel. */
  drop(): void {
    this.#isDropped = true;
    if (this.#isOver) this.fed.release();
  }

  /** The connection is gone. */
  closed(): void {
    this.#state = "closed";
    this.#silence?.cancel();
    this.#deliver();
  }

  #open(): WebSocketClientPeer {
    if (this.#state !== "open") throw new Failure("Internal", "connection is closed", { retryable: false });
    return this.#peer!;
  }

  send(data: Uint8Array, isText: boolean): Promise<void> {
    return this.#timed(this.#open().send(data, isText));
  }

  ping(): Promise<void> {
    return this.#timed(this.#open().ping());
  }

  /** Settles as `work`, or fails when it takes longer than writing may. */
  async #timed(work: Promise<void>): Promise<void> {
    const { writeTimeoutMs } = this.#limits;
    const { promise, reject } = Promise.withResolvers<never>();
    const timer = writeTimeoutMs === 0 ? undefined : this.#clock.timer(writeTimeoutMs, () => {
      this.#peer?.terminate();
      reject(new Failure("Internal", `write timed out after ${writeTimeoutMs / 1000}s`, { retryable: true }));
    });
    try {
      await Promise.race([work, promise]);
    } catch (error) {
      if (error instanceof Failure && error.kind === "Unavailable") {
        throw new Failure("Internal", error.message, { retryable: true, cause: error });
      }
      throw error;
    } finally {
      timer?.cancel();
    }
  }

  /** Begins the closing handshake; nothing happens when it has begun. */
  close(code = NORMAL_CLOSURE, reason = ""): void {
    if (this.#state !== "open") return;
    try {
      this.#peer!.close(code, reason);
    } catch (error) {
      throw new Failure("Invalid", `close code ${code} can't be sent`, { retryable: false, cause: error });
    }
    this.#state = "closing";
  }

  /** Ends everything: nobody is there any more. A closing handshake that has begun goes on. */
  abandon(): void {
    const isClosing = this.#state === "closing";
    this.#retry?.cancel();
    this.#silence?.cancel();
    this.#waiting.length = 0;
    this.#state = "closed";
    if (!isClosing) this.#peer?.terminate();
  }
}

function textOf(data: Uint8Array): LuaValue {
  return new TextDecoder().decode(data);
}
