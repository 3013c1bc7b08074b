/**
 * `endpoint_firewall` and `resource_firewall`: only actors with a permission get through.
 *
 * FW1. They need the route, so they answer 500 when they are listed before matching.
 */
import { resolveEntryId } from "../../../core/mod.ts";
import { type Answer, jsonAnswer, type Middleware } from "../answer.ts";
import type { Exchange } from "../exchange.ts";
import { defineMiddleware, type MiddlewareContext } from "./definition.ts";

function refusal(status: number, error: string, details: string): Answer {
  return jsonAnswer(status, { success: false, error, details });
}

function firewall(
  context: MiddlewareContext,
  action: string,
  resourceOf: (exchange: Exchange) => string,
): Middleware {
  if (context.stage === "before") {
    context.services.log.named("http").error("firewall middleware belongs into post_middleware", {
      router: context.entryId,
    });
    return () => () => refusal(500, "Configuration error", "firewall must be post-match middleware");
  }
  return (next) => (exchange) => {
    const { actor, scope } = exchange;
    if (actor === null) return refusal(401, "Authentication required", "no valid credentials were given");
    const resource = resourceOf(exchange);
    const attributes = { method: exchange.method, path: exchange.path };
    if (scope?.evaluate(actor, { action, resource, attributes }) === "allow") return next(exchange);
    return refusal(403, "Access denied", `${action} on ${resource} is not allowed`);
  };
}

/** Checks the permission on the matched endpoint. */
export const endpointFirewall = defineMiddleware({
  name: "endpoint_firewall",
  prefix: "endpoint_firewall",
  create: (context) =>
    firewall(context, context.options.text("action", "access"), (exchange) => exchange.endpoint!.id),
});

/** Checks the permission on one configured resource. */
export const resourceFirewall = defineMiddleware({
  name: "resource_firewall",
  prefix: "resource_firewall",
  create(context) {
    const target = resolveEntryId(context.options.required("target"), context.ns);
    return firewall(context, context.options.text("action", "access"), () => target);
  },
});
