/** All middleware by name, and what a list of names in an entry stands for. */
import { Failure } from "../../../core/mod.ts";
import { chain, type Handler } from "../answer.ts";
import { compressMiddleware } from "./compress.ts";
import { cors } from "./cors.ts";
import { type MiddlewareContext, type MiddlewareDefinition, MiddlewareOptions } from "./definition.ts";
import { endpointFirewall, resourceFirewall } from "./firewall.ts";
import { metrics } from "./metrics.ts";
import { otel, tracingOf } from "./otel.ts";
import { rateLimit } from "./rate_limit.ts";
import { realIp } from "./real_ip.ts";
import { sendfile } from "./sendfile.ts";
import { sseRelay } from "./sse_relay.ts";
import { tokenAuth } from "./token_auth.ts";
import { websocketRelay } from "./websocket_relay.ts";

const DEFINITIONS: readonly MiddlewareDefinition[] = [
  compressMiddleware,
  cors,
  endpointFirewall,
  metrics,
  otel,
  rateLimit,
  realIp,
  resourceFirewall,
  sendfile,
  sseRelay,
  tokenAuth,
  websocketRelay,
];

/** A function that puts the listed middleware around a handler, the first one outermost. Fails with Invalid. */
export function composeMiddleware(
  names: readonly string[],
  options: Readonly<Record<string, string>>,
  context: Omit<MiddlewareContext, "options">,
): (handler: Handler) => Handler {
  const all = names.map((name) => {
    const definition = DEFINITIONS.find((candidate) => candidate.name === name);
    if (definition === undefined) {
      const known = DEFINITIONS.map((candidate) => candidate.name).join(", ");
      throw new Failure("Invalid", `unknown middleware "${name}"; there are ${known}`, { retryable: false });
    }
    return definition.create({ ...context, options: new MiddlewareOptions(options, definition.prefix) });
  });
  const traced = context.stage === "before" ? tracingOf(context.services.tracing) : undefined;
  if (traced !== undefined) all.unshift(traced);
  return (handler) => chain(all, handler);
}
