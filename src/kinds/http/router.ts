/** `http.router`: a prefix of a server, with middleware. */
import { type Decoded, schema } from "../../core/mod.ts";
import { defineResource } from "../../ports/mod.ts";
import { defineKind, type KindContext, type Opened } from "../../registry/mod.ts";
import { HttpRouter, type RouterPlan } from "./http_router.ts";
import type { HttpServer } from "./http_server.ts";
import { composeMiddleware } from "./middleware/catalog.ts";
import { parsePattern } from "./route_pattern.ts";
import { serverOf } from "./service.ts";

/** Resource type of routers. */
export const HttpRouterResource = defineResource<HttpRouter>("http.router");

const CONFIG = schema.object({
  prefix: schema.string({ default: "/", doc: "Path under which the endpoints stand." }),
  middleware: schema.list(schema.string(), { doc: "Middleware before routing, in order." }),
  options: schema.map(schema.string(), { doc: "Options of that middleware, by `middleware.option`." }),
  post_middleware: schema.list(schema.string(), { doc: "Middleware once the endpoint is known, in order." }),
  post_options: schema.map(schema.string(), { doc: "Options of that middleware." }),
});

function planOf(context: KindContext<Decoded<typeof CONFIG>>, server: HttpServer): RouterPlan {
  const { config, entry, ns } = context;
  const shared = { entryId: entry.id, ns, services: context, server };
  return {
    entry,
    prefix: parsePattern(config.prefix.startsWith("/") ? config.prefix : `/${config.prefix}`),
    before: composeMiddleware(config.middleware, config.options, { ...shared, stage: "before" }),
    after: composeMiddleware(config.post_middleware, config.post_options, { ...shared, stage: "after" }),
  };
}

export default defineKind({
  name: "http.router",
  doc: "A prefix of a server, its endpoints and the middleware around them.",
  config: CONFIG,
  provides: HttpRouterResource,
  references: ["meta.server"],
  open(context): Opened<HttpRouter> {
    const server = serverOf(context);
    const plan = planOf(context, server);
    server.checkPrefix(context.id, plan.prefix, context.entries);
    const router = new HttpRouter(server, plan);
    server.addRouter(router);
    return { resource: router };
  },
  change(current, context) {
    const router = current.resource!;
    const server = serverOf(context);
    const plan = planOf(context, server);
    server.checkPrefix(context.id, plan.prefix, context.entries);
    for (const endpoint of router.endpointsUnder(plan)) {
      if (context.entries.get(endpoint.id) === endpoint.entry) {
        server.checkEndpoint(endpoint, context.entries);
      }
    }
    router.replace(server, plan);
    return current;
  },
  close(current) {
    const router = current.resource!;
    router.server.removeRouter(router);
  },
});
