/**
 * A client connection as a process: it has a pid, tells its target of joining, leaving and heartbeats, and passes messages
 * on to the client.
 *
 * Owns the process and the tie to the target; frames and events belong to the output.
 *
 * RS1. The target is told of every join and, if it still lives, of the leave that ends it.
 * RS2. A session ends once, whoever ends it; from then on nothing reaches the client or the target.
 */
import { Failure, isValueMap, printDurationNs, type Value, type ValueMap } from "../../../core/mod.ts";
import { plainValue } from "../../../lua/mod.ts";
import type { NativeReceiver, TimerHandle } from "../../../ports/mod.ts";
import type { LuaValue } from "../../../vm/mod.ts";
import type { HttpServer, Session } from "../http_server.ts";
import { parseRelayFields, planRelay, type RelayPlan } from "./relay_plan.ts";

/** The client's side of a session. */
export interface RelayOutput {
  /** Passes a payload on; throws RateLimited when the client does not keep up. */
  deliver(topic: string, payload: Value): void;
  /** Ends the connection. `cause` tells an order of the application from the server's own end. */
  end(reason: string, cause: "closed" | "shutdown"): void;
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

  message(topic: string, values: Value[]): void {
    if (this.#ended) throw new Failure("NotFound", "process closed", { retryable: false });
    const { prefix, isSelective } = this.#style;
    if (topic === `${prefix}.close`) {
      const reason = plainValue(values[0] as LuaValue);
      this.close(typeof reason === "string" && reason !== "" ? reason : CLOSED_BY_SERVER);
    } else if (topic === `${prefix}.control`) this.#control(values[0]);
    else if (!isSelective || topic === this.#plan.messageTopic) {
      for (const value of values.length === 0 ? [null] : values) {
        this.#output.deliver(topic, plainValue(value as LuaValue));
        if (isSelective) this.#messageCount++;
      }
      this.onActivity?.();
    }
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

  #finish(reason: string, cause: "closed" | "shutdown", isTargetAlive: boolean): void {
    if (this.#ended) return;
    this.#end(isTargetAlive);
    this.#output.end(reason, cause);
  }

  /** The client is gone. */
  disconnected(): void {
    if (!this.#ended) this.#end(true);
  }

  #end(isTargetAlive: boolean): void {
    this.#heartbeat?.cancel();
    if (isTargetAlive) this.#detach();
    else this.#unwatch?.();
    this.#ended = true;
    this.#server.sessions.delete(this);
    this.#process.end(null, null);
  }
}
