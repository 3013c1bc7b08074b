/** `http.endpoint`: a method and a path of a router, answered by a function. */
import { type Decoded, Failure, resolveEntryId, schema } from "../../core/mod.ts";
import { defineResource } from "../../ports/mod.ts";
import { defineKind, type KindContext, type Opened } from "../../registry/mod.ts";
import type { EndpointPlan, HttpRouter } from "./http_router.ts";
import { parsePattern } from "./route_pattern.ts";
import { HttpRouterResource } from "./router.ts";

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE"];

const CONFIG = schema.object({
  method: schema.string({ nonEmpty: true, doc: "HTTP method." }),
  path: schema.string({
    nonEmpty: true,
    doc: "Path under the router's prefix; {name} and {name...} are parameters.",
  }),
  func: schema.reference({ doc: "Function that answers." }),
});

/** Where an endpoint stands. */
export interface EndpointPlace {
  readonly router: HttpRouter;
}

/** Resource type of endpoints. */
export const EndpointPlaceResource = defineResource<EndpointPlace>("http.endpoint");

type Context = KindContext<Decoded<typeof CONFIG>>;

function planOf({ config, entry }: Context): EndpointPlan {
  const method = config.method.toUpperCase();
  if (!METHODS.includes(method)) {
    throw new Failure("Invalid", `method: "${config.method}" is none of ${METHODS.join(", ")}`, {
      retryable: false,
    });
  }
  return { entry, method, path: parsePattern(config.path), target: config.func };
}

function routerOf(context: Context): HttpRouter {
  const written = context.entry.meta["router"];
  if (typeof written !== "string" || written === "") {
    throw new Failure("Invalid", `${context.id}: meta.router is required`, { retryable: false });
  }
  const id = resolveEntryId(written, context.ns);
  const router = context.resources.find(HttpRouterResource, id);
  if (router === undefined) {
    throw new Failure("Invalid", `${context.id}: router not found: ${id}`, { retryable: false });
  }
  return router;
}

/** Checks an endpoint and puts it into its router. */
function place(context: Context): HttpRouter {
  const router = routerOf(context);
  const plan = planOf(context);
  router.server.checkEndpoint(router.endpointOf(plan), context.entries);
  router.set(plan);
  return router;
}

export default defineKind({
  name: "http.endpoint",
  doc: "A method and a path of a router, answered by a function.",
  config: CONFIG,
  provides: EndpointPlaceResource,
  references: ["meta.router"],
  open: (context): Opened<EndpointPlace> => ({ resource: { router: place(context) } }),
  change(current, context): Opened<EndpointPlace> {
    const previous = current.resource!.router;
    const router = place(context);
    if (router !== previous) previous.delete(context.id);
    return { resource: { router } };
  },
  close(current, { id }) {
    current.resource!.router.delete(id);
  },
});
