/**
 * A client connection as a process: it has a pid, tells its target of joining, leaving and heartbeats, and passes messages
 * on to the client.
 *
 * Owns the process and the tie to the target; frames and events belong to the output.
 *
 * RS1. The target is told of every join and, if it still lives, of the leave that ends it.
 * RS2. A session ends once, whoever ends it; from then on nothing reaches the client or the target.
 * RS3. Messages reach the client in the order in which they came. What it does not take yet waits in the server's relay, and
 *      is written before the connection is closed.
 * RS4. A client for which too much waits, or which takes nothing of it for long, is disconnected as too slow.
 */
import {
  Failure,
  isValueMap,
  printDurationNs,
  RELAY_STALL_MS_MAX,
  RELAY_WAITING_BYTES_MAX,
  type Value,
  type ValueMap,
} from "../../../core/mod.ts";
import { plainValue } from "../../../lua/mod.ts";
import type { NativeReceiver, TimerHandle } from "../../../ports/mod.ts";
import type { LuaValue } from "../../../vm/mod.ts";
import type { HttpServer, Session } from "../http_server.ts";
import type { RelayWorker } from "./message_relay.ts";
import { parseRelayFields, planRelay, type RelayPlan } from "./relay_plan.ts";

/** Why a connection ends: an order of the application, the end of the server, or a client that does not keep up. */
export type EndCause = "closed" | "shutdown" | "slow";

/** The client's side of a session. */
export interface RelayOutput {
  /** Whether the client takes more now. When it does again, `drained` of the session must be called. */
  readonly isReady: boolean;
  /** The text that carries a payload. */
  encode(topic: string, payload: Value): string;
  /** Writes such a text, ready or not. */
  write(topic: string, text: string): void;
  end(reason: string, cause: EndCause): void;
}

/** A message that the client does not take yet. */
interface WaitingMessage {
  readonly topic: string;
  readonly texts: readonly string[];
  readonly worker: RelayWorker;
}

/** What differs between the kinds of relay. */
export interface RelayStyle {
  /** Prefix of the topics: `ws.join`, `sse.join`. */
  readonly prefix: "ws" | "sse";
  /** Only messages on the message topic are passed on. */
  readonly isSelective: boolean;
}

const CLOSED_BY_SERVER = "Connection closed by server";
const TARGET_EXITED = "target process exited";
const TOO_SLOW = "client is too slow";

/** One connected client. */
export class RelaySession implements NativeReceiver, Session {
  readonly pid: string;
  /** Called whenever the plan changed or something was passed on. */
  onActivity: (() => void) | undefined;
  readonly #server: HttpServer;
  readonly #style: RelayStyle;
  readonly #output: RelayOutput;
  readonly #process: { end(value: Value, failure: Failure | null): void };
  readonly #startedMs: number;
  #plan: RelayPlan;
  #messageCount = 0;
  #unwatch: (() => void) | undefined;
  #heartbeat: TimerHandle | undefined;
  #waiting: WaitingMessage[] = [];
  #waitingBytes = 0;
  /** Runs while something waits. */
  #stall: TimerHandle | undefined;
  #ended = false;

  constructor(server: HttpServer, style: RelayStyle, plan: RelayPlan, output: RelayOutput) {
    this.#server = server;
    this.#style = style;
    this.#plan = plan;
    this.#output = output;
    this.#startedMs = server.clock.monotonicMs();
    const process = server.runtime.openNative(server.id, this);
    this.#process = process;
    this.pid = process.pid;
    server.sessions.add(this);
  }

  get plan(): RelayPlan {
    return this.#plan;
  }

  /** The client is connected. */
  begin(): void {
    if (this.#plan.target !== "") this.#attach();
    this.#beat();
  }

  #attach(): void {
    const { target } = this.#plan;
    let isGone = false;
    this.#unwatch = this.#server.runtime.watch(target, () => {
      isGone = true;
      if (this.#plan.target === target) this.#finish(TARGET_EXITED, "closed", false);
    });
    if (isGone) return;
    this.#tell("join", this.#introduction());
  }

  #detach(): void {
    this.#unwatch?.();
    this.#unwatch = undefined;
    if (this.#plan.target !== "") this.#tell("leave", this.#introduction());
  }

  #introduction(): ValueMap {
    return { client_pid: this.pid, metadata: this.#plan.metadata };
  }

  #tell(what: string, payload: Value): void {
    this.#send(`${this.#style.prefix}.${what}`, payload);
  }

  #send(topic: string, payload: Value): void {
    const { target } = this.#plan;
    if (target === "") return;
    try {
      this.#server.runtime.send(target, topic, [payload], this.pid);
    } catch (error) {
      // Its end is on the way to us.
      if (!(error instanceof Failure)) throw error;
    }
  }

  #beat(): void {
    this.#heartbeat?.cancel();
    const { heartbeatMs } = this.#plan;
    if (heartbeatMs === 0 || this.#ended) return;
    this.#heartbeat = this.#server.clock.timer(heartbeatMs, () => {
      const uptimeMs = Math.round(this.#server.clock.monotonicMs() - this.#startedMs);
      this.#tell("heartbeat", {
        ...this.#introduction(),
        uptime: printDurationNs(uptimeMs * 1e6),
        message_count: this.#messageCount,
      });
      this.#beat();
    });
  }

  /** Passes what the client sent on to the target. */
  received(data: string | Uint8Array): void {
    if (this.#ended) return;
    this.#messageCount++;
    this.#send(this.#plan.messageTopic, data);
  }

  message(topic: string, values: Value[], from: string): void {
    if (this.#ended) throw new Failure("NotFound", "process closed", { retryable: false });
    const { prefix, isSelective } = this.#style;
    if (topic === `${prefix}.close`) {
      const reason = plainValue(values[0] as LuaValue);
      this.close(typeof reason === "string" && reason !== "" ? reason : CLOSED_BY_SERVER);
    } else if (topic === `${prefix}.control`) this.#control(values[0]);
    else if (!isSelective || topic === this.#plan.messageTopic) {
      this.#pass(topic, values.length === 0 ? [null] : values, from);
      if (isSelective) this.#messageCount += Math.max(values.length, 1);
      this.onActivity?.();
    }
  }

  #pass(topic: string, values: readonly Value[], from: string): void {
    const texts = values.map((value) => this.#output.encode(topic, plainValue(value as LuaValue)));
    if (this.#waiting.length === 0 && this.#output.isReady) return this.#write(topic, texts);
    const worker = this.#server.relay.workerOf(from);
    worker.enter();
    this.#wait({ topic, texts, worker });
  }

  #write(topic: string, texts: readonly string[]): void {
    for (const text of texts) this.#output.write(topic, text);
  }

  #wait(message: WaitingMessage): void {
    this.#waiting.push(message);
    this.#waitingBytes += lengthOf(message);
    if (this.#waitingBytes > RELAY_WAITING_BYTES_MAX) return this.#giveUp();
    this.#stall ??= this.#server.clock.timer(RELAY_STALL_MS_MAX, () => this.#giveUp());
  }

  #giveUp(): void {
    this.#forgetWaiting();
    this.#finish(TOO_SLOW, "slow", true);
  }

  #forgetWaiting(): void {
    for (const { worker } of this.#waiting) worker.leave();
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#stall?.cancel();
    this.#stall = undefined;
  }

  /** The client took something: what waits goes on, as far as it takes more. */
  drained(): void {
    if (this.#waiting.length === 0) return;
    let written = 0;
    while (written < this.#waiting.length && this.#output.isReady) {
      const message = this.#waiting[written++]!;
      message.worker.leave();
      this.#waitingBytes -= lengthOf(message);
      this.#write(message.topic, message.texts);
    }
    this.#waiting.splice(0, written);
    this.#stall?.cancel();
    this.#stall = this.#waiting.length === 0
      ? undefined
      : this.#server.clock.timer(RELAY_STALL_MS_MAX, () => this.#giveUp());
  }

  #control(payload: Value): void {
    const value = plainValue(payload as LuaValue);
    const fields = typeof value === "string" ? parseRelayFields(value) : value;
    if (!isValueMap(fields)) {
      throw new Failure("Invalid", "control message must be a table", { retryable: false });
    }
    const next = planRelay(fields, this.#plan);
    const isMoved = next.target !== this.#plan.target;
    if (isMoved) this.#detach();
    this.#plan = next;
    if (isMoved && next.target !== "") this.#attach();
    if ("heartbeat_interval" in fields) this.#beat();
    this.onActivity?.();
  }

  event(event: { kind: string; reason?: string }): void {
    if (event.kind === "pid.cancel") this.close(event.reason || CLOSED_BY_SERVER);
    else if (event.kind === "pid.link.down") this.#finish("linked process failed", "closed", true);
  }

  /** Ends the connection because the application wants it. */
  close(reason: string): void {
    this.#finish(reason, "closed", true);
  }

  shutDown(reason: string): void {
    this.#finish(reason, "shutdown", true);
  }

  #finish(reason: string, cause: EndCause, isTargetAlive: boolean): void {
    if (this.#ended) return;
    for (const { topic, texts } of this.#waiting) this.#write(topic, texts);
    this.#end(isTargetAlive);
    this.#output.end(reason, cause);
  }

  /** The client is gone. */
  disconnected(): void {
    if (!this.#ended) this.#end(true);
  }

  #end(isTargetAlive: boolean): void {
    this.#heartbeat?.cancel();
    this.#forgetWaiting();
    if (isTargetAlive) this.#detach();
    else this.#unwatch?.();
    this.#ended = true;
    this.#server.sessions.delete(this);
    this.#process.end(null, null);
  }
}

/** About the bytes that a message takes on its way; most text is ASCII. */
function lengthOf({ texts }: WaitingMessage): number {
  return texts.reduce((sum, text) => sum + text.length, 0);
}
