/**
 * `sse_relay`: a handler that sets `X-SSE-Relay` leaves its response open as a stream of events that processes feed.
 *
 * SR1. With a target the stream ends when the target does; without one it tells the client its pid and waits to be used.
 */
import { asFailure, HTTP_RESPONSE_QUEUED_BYTES_MAX, SSE_MAILBOX_MESSAGES_MAX } from "../../../core/mod.ts";
import type { TimerHandle } from "../../../ports/mod.ts";
import { type Answer, textAnswer, whenAnswered } from "../answer.ts";
import type { Exchange } from "../exchange.ts";
import { jsonText } from "../relay/frame_text.ts";
import { defaultRelayPlan, parseRelayFields, planRelay, type RelayPlan } from "../relay/relay_plan.ts";
import { RelaySession } from "../relay/relay_session.ts";
import { ResponseWriter, textOfHeader } from "../response_writer.ts";
import { defineMiddleware } from "./definition.ts";
import { originGuard } from "./origin_guard.ts";

const HEADER = "x-sse-relay";

/** Closes a stream that is silent too long, or lives too long. */
class StreamLimits {
  readonly #session: RelaySession;
  readonly #exchange: Exchange;
  #idle: TimerHandle | undefined;
  #hard: TimerHandle | undefined;
  #hardMs = 0;

  constructor(exchange: Exchange, session: RelaySession) {
    this.#exchange = exchange;
    this.#session = session;
    session.onActivity = () => this.restart();
  }

  /** Begins the idle time anew, and the hard limit when it has changed. */
  restart(): void {
    const { clock } = this.#exchange.server;
    const { idleMs, hardMs } = this.#session.plan;
    this.#idle?.cancel();
    this.#idle = idleMs === 0 ? undefined : clock.timer(idleMs, () => this.#session.close("idle timeout"));
    if (hardMs === this.#hardMs) return;
    this.#hardMs = hardMs;
    this.#hard?.cancel();
    this.#hard = hardMs === 0 ? undefined : clock.timer(hardMs, () => this.#session.close("hard timeout"));
  }

  stop(): void {
    this.#session.onActivity = undefined;
    this.#idle?.cancel();
    this.#hard?.cancel();
  }
}

function open(exchange: Exchange, answer: Answer, plan: RelayPlan): Answer {
  const writer = new ResponseWriter();
  const session: RelaySession = new RelaySession(
    exchange.server,
    { prefix: "sse", isSelective: true },
    plan,
    {
      get isReady() {
        if (writer.isAwaited) return true;
        return writer.queuedChunks < SSE_MAILBOX_MESSAGES_MAX &&
          writer.queuedBytes <= HTTP_RESPONSE_QUEUED_BYTES_MAX;
      },
      encode: (_topic, payload) => jsonText(payload),
      write: (topic, text) => write(topic, text),
      end(reason, cause) {
        limits.stop();
        if (cause === "slow") return writer.cut(reason);
        write("done", jsonText({ reason }));
        writer.end();
      },
    },
  );
  const write = (name: string, data: string): void => {
    const waiting = writer.event(name, data);
    // The mailbox is bounded above; nobody waits for the client here.
    if (waiting !== undefined) waiting.catch(() => undefined);
  };
  const limits = new StreamLimits(exchange, session);
  writer.setTransfer("sse");
  writer.flush();
  const streamed = writer.streamed({
    streamBegan: () => exchange.streamBegan(),
    streamEnds: () => exchange.streamEnds(),
    taken: () => session.drained(),
    clientGone() {
      limits.stop();
      session.disconnected();
    },
  });
  if (plan.target === "") {
    write("ready", jsonText({ stream_pid: session.pid, message_topic: plan.messageTopic }));
  }
  limits.restart();
  session.begin();
  const { [HEADER]: _relay, ...kept } = answer.headers;
  return { status: 200, headers: { ...kept, ...streamed.headers }, body: streamed.body };
}

/** Event streams fed by processes. */
export const sseRelay = defineMiddleware({
  name: "sse_relay",
  prefix: "sserelay",
  create({ options }) {
    const refuses = originGuard(options);
    return (next) => (exchange) =>
      whenAnswered(next(exchange), (answer) => {
        const text = answer.headers[HEADER];
        if (text === undefined || answer.status >= 400) return answer;
        const refusal = refuses(exchange);
        if (refusal !== undefined) return refusal;
        try {
          return open(
            exchange,
            answer,
            planRelay(parseRelayFields(textOfHeader(text)), defaultRelayPlan("sse.message")),
          );
        } catch (error) {
          return textAnswer(400, asFailure(error).message);
        }
      });
  },
});
