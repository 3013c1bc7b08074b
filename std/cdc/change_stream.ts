/** A stream of changes in the hands of a script: its wishes, and the channel that it receives from. */
import { Failure } from "../../src/core/mod.ts";
import type { Call, FedChannel } from "../../src/lua/mod.ts";
import type { CdcEvent, CdcOperation, CdcSource, CdcSubscriber } from "../../src/ports/mod.ts";
import type { LuaChannel, LuaValue } from "../../src/vm/mod.ts";

/** Which changes a stream is about, and how many of them may wait. */
export interface StreamWishes {
  readonly tables?: ReadonlySet<string>;
  readonly operations?: ReadonlySet<CdcOperation>;
  readonly buffer: number;
}

/** A stream; it subscribes when its channel is first asked for, and ends with the process that asked. */
export class ChangeStream {
  readonly source: CdcSource;
  readonly #wishes: StreamWishes;
  #fed: FedChannel | undefined;
  #unsubscribe: (() => void) | undefined;
  #forget: (() => void) | undefined;
  #isClosed = false;

  constructor(source: CdcSource, wishes: StreamWishes) {
    this.source = source;
    this.#wishes = wishes;
  }

  /** The channel that changes come by, the same each time. Fails with Invalid once the stream is closed without one. */
  channel(call: Pick<Call, "openChannel" | "process">): LuaChannel {
    if (this.#fed !== undefined) return this.#fed.channel;
    if (this.#isClosed) throw new Failure("Invalid", "the stream is closed", { retryable: false });
    const fed = this.#fed = call.openChannel(this.#wishes.buffer);
    this.#forget = call.process.onEnd(() => this.close());
    const { operations, tables } = this.#wishes;
    const subscriber: CdcSubscriber = {
      ...tables && { tables },
      ...operations && { operations },
      take: (event) => fed.send(tableOf(event), "drop"),
      unread: () => fed.unread(),
      end: () => fed.close(),
    };
    this.#unsubscribe = this.source.subscribe(subscriber);
    return fed.channel;
  }

  /** Ends it; what nobody has received is dropped. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#forget?.();
    this.#unsubscribe?.();
    this.#fed?.clear();
    this.#fed?.close();
  }
}

function tableOf(event: CdcEvent): LuaValue {
  return event as unknown as LuaValue;
}
