/**
 * `websocket_relay`: a handler that sets `X-WS-Relay` turns its request into a WebSocket that is tied to a process.
 *
 * WR1. Every message to the client is one text frame `{"data": ..., "topic": ...}`; bytes are base64.
 */
import { asFailure, WEBSOCKET_QUEUED_BYTES_MAX } from "../../../core/mod.ts";
import type { WebSocketHandlers, WebSocketPeer } from "../../../ports/mod.ts";
import { type Answer, emptyAnswer, textAnswer, whenAnswered } from "../answer.ts";
import type { Exchange } from "../exchange.ts";
import type { HttpServer } from "../http_server.ts";
import { defaultRelayPlan, parseRelayFields, planRelay, type RelayPlan } from "../relay/relay_plan.ts";
import { type EndCause, RelaySession } from "../relay/relay_session.ts";
import { frameText } from "../relay/frame_text.ts";
import { textOfHeader } from "../response_writer.ts";
import { defineMiddleware } from "./definition.ts";
import { originGuard } from "./origin_guard.ts";

const HEADER = "x-ws-relay";
/** Normal closure, going away, try again later. */
const CLOSE_CODES: Readonly<Record<EndCause, number>> = { closed: 1000, shutdown: 1001, slow: 1013 };
/** A close frame holds 125 bytes, two of them for the code. */
const REASON_BYTES_MAX = 123;

const encoder = new TextEncoder();

/** A reason that fits a close frame. */
function shortReason(reason: string): string {
  if (encoder.encode(reason).length <= REASON_BYTES_MAX) return reason;
  let short = "";
  for (const character of reason) {
    if (encoder.encode(short + character).length > REASON_BYTES_MAX) break;
    short += character;
  }
  return short;
}

/** What ties a socket to a session. */
function relay(server: HttpServer, plan: RelayPlan): WebSocketHandlers {
  let session: RelaySession | undefined;
  const open = (socket: WebSocketPeer): void => {
    session = new RelaySession(server, { prefix: "ws", isSelective: false }, plan, {
      get isReady() {
        return socket.bufferedBytes <= WEBSOCKET_QUEUED_BYTES_MAX;
      },
      encode: frameText,
      write: (_topic, text) => socket.send(text),
      end: (reason, cause) => socket.close(CLOSE_CODES[cause], shortReason(reason)),
    });
    session.begin();
  };
  return {
    open,
    message: (_socket, data) => session?.received(data),
    drain: () => session?.drained(),
    close: () => session?.disconnected(),
  };
}

function upgrade(exchange: Exchange, answer: Answer, text: string): Answer {
  if (exchange.header("upgrade")?.toLowerCase() !== "websocket") {
    return { ...textAnswer(426, "websocket upgrade required"), headers: { upgrade: "websocket" } };
  }
  let plan: RelayPlan;
  try {
    plan = planRelay(parseRelayFields(text), defaultRelayPlan("ws.message"));
  } catch (error) {
    return textAnswer(400, asFailure(error).message);
  }
  if (plan.target === "") return textAnswer(400, "Invalid target PID: target_pid is required");
  const protocol = answer.headers["sec-websocket-protocol"];
  const handedOver = exchange.connection.upgrade(relay(exchange.server, plan), { protocol });
  if (handedOver === undefined) return textAnswer(400, "websocket upgrade failed");
  return { ...emptyAnswer(101), handedOver };
}

/** WebSockets tied to processes. */
export const websocketRelay = defineMiddleware({
  name: "websocket_relay",
  prefix: "wsrelay",
  create({ options }) {
    const refuses = originGuard(options);
    return (next) => (exchange) =>
      whenAnswered(next(exchange), (answer) => {
        const text = answer.headers[HEADER];
        if (text === undefined || answer.status >= 400) return answer;
        return refuses(exchange) ?? upgrade(exchange, answer, textOfHeader(text));
      });
  },
});
