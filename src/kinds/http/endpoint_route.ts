/**
 * An endpoint: a method and a path of a router, answered by a function.
 *
 * The function runs with the request attached to its frame. What it wrote becomes the answer; a failure before anything was
 * written is answered with 500 and its message.
 */
import type { Failure } from "../../core/mod.ts";
import type { CallOutcome, Runtime } from "../../ports/mod.ts";
import type { Entry } from "../../registry/mod.ts";
import { type Answer, textAnswer } from "./answer.ts";
import type { Exchange } from "./exchange.ts";
import type { RoutePattern } from "./route_pattern.ts";
import type { Routed } from "./route_table.ts";
import type { HttpRouter } from "./http_router.ts";

/** An endpoint under its router. */
export interface Endpoint extends Routed {
  readonly id: string;
  readonly entry: Entry;
  readonly method: string;
  /** Prefix of the router and path of the endpoint. */
  readonly pattern: RoutePattern;
  /** Id of the function. */
  readonly target: string;
  readonly router: HttpRouter;
}

const NO_ARGUMENTS: [] = [];
const JSON_TYPE = "application/json";

/** Runs the endpoint's function for a request. */
export function invoke(exchange: Exchange, runtime: Runtime): Answer | Promise<Answer> {
  const outcome = runtime.call(exchange.endpoint!.target, NO_ARGUMENTS, new CallOptions(exchange));
  return outcome instanceof Promise ? awaited(exchange, outcome) : finished(exchange, outcome);
}

/** What a call takes from the exchange. The signal costs something, and is read only by calls that do not end at once. */
class CallOptions {
  readonly frame;
  readonly #exchange: Exchange;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
    this.frame = exchange.frame();
  }

  get signal(): AbortSignal {
    return this.#exchange.signal;
  }
}

/** The answer of a call that takes its time: when it is over, or as soon as it wants to be streamed. */
function awaited(exchange: Exchange, outcome: Promise<CallOutcome>): Promise<Answer> {
  const { response } = exchange;
  return new Promise((resolve) => {
    const stream = (): void => resolve(response.streamed(exchange));
    outcome.then((end) => {
      response.onStream = undefined;
      if (!response.isStreaming) resolve(finished(exchange, end));
      else {
        if (!end.ok) logFailure(exchange, end.failure);
        exchange.finish();
        response.end();
      }
    });
    if (response.wantsStream) stream();
    else response.onStream = stream;
  });
}

function finished(exchange: Exchange, outcome: CallOutcome): Answer {
  const { response } = exchange;
  exchange.finish();
  response.end();
  if (!outcome.ok) {
    logFailure(exchange, outcome.failure);
    return response.headersSent ? response.whole() : textAnswer(500, outcome.failure.message);
  }
  if (response.handled) return response.whole();
  const { value } = outcome;
  if (value === null || value === undefined) return textAnswer(500, "no response sent");
  const body = value instanceof Uint8Array ? new Uint8Array(value) : null;
  return {
    status: response.status || 200,
    headers: { "content-type": JSON_TYPE, ...response.headers },
    body,
  };
}

function logFailure(exchange: Exchange, failure: Failure): void {
  if (failure.kind === "Canceled") return;
  exchange.server.log.error("request failed", {
    method: exchange.method,
    path: exchange.path,
    endpoint: exchange.endpoint!.id,
    function: exchange.endpoint!.target,
    error: failure.message,
  });
}
