/** Which pages may open relays. */
import { type Answer, textAnswer } from "../answer.ts";
import type { Exchange } from "../exchange.ts";
import type { MiddlewareOptions } from "./definition.ts";
import { compileOrigins, isSameOrigin } from "./origin.ts";

/**
 * A function that gives the refusal of a request from a page of a foreign origin. Without configured origins only the
 * server's own pages are welcome; clients that are no browsers send no origin and always are.
 */
export function originGuard(options: MiddlewareOptions): (exchange: Exchange) => Answer | undefined {
  const origins = options.list("allowed.origins", "", "allow_origins", "allowed_origins");
  const matches = compileOrigins(origins);
  return (exchange) => {
    const origin = exchange.header("origin");
    if (origin === undefined) return undefined;
    const isWelcome = origins.length === 0 ? isSameOrigin(origin, exchange.host) : matches(origin);
    return isWelcome ? undefined : textAnswer(403, "origin not allowed");
  };
}
