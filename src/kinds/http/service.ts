/** `http.service`: a server on a port, supervised. */
import { Failure, resolveEntryId } from "../../core/mod.ts";
import { defineResource, NetworkResource } from "../../ports/mod.ts";
import { defineKind, frameOfLifecycle, type KindContext, type Opened } from "../../registry/mod.ts";
import { HttpServer } from "./http_server.ts";
import { type ListenPlan, planListen, SERVICE_CONFIG } from "./listen_plan.ts";
import type { Decoded } from "../../core/mod.ts";

/** Resource type of servers. */
export const HttpServerResource = defineResource<HttpServer>("http.service");

type Context = KindContext<Decoded<typeof SERVICE_CONFIG>>;

/** The plan of an entry; an overlay that can't listen is Invalid. */
function planOf({ config, entries, ports, resources }: Context): ListenPlan {
  const plan = planListen(config, ports.cpus);
  if (config.network === "") return plan;
  if (resources.find(NetworkResource, config.network)?.listening !== undefined) return plan;
  const network = entries.get(config.network);
  if (network?.kind === "network.socks5") {
    throw new Failure(
      "Invalid",
      `network ${config.network} can't listen: SOCKS5 is for outbound connections only`,
      {
        retryable: false,
      },
    );
  }
  throw new Failure("Invalid", `network ${config.network} can't listen: it offers no listeners`, {
    retryable: false,
  });
}

/** The server that `meta.server` names; Invalid when there is none. */
export function serverOf(context: KindContext<unknown>): HttpServer {
  const written = context.entry.meta["server"];
  if (typeof written !== "string" || written === "") {
    throw new Failure("Invalid", `${context.id}: meta.server is required`, { retryable: false });
  }
  const id = resolveEntryId(written, context.ns);
  const server = context.resources.find(HttpServerResource, id);
  if (server === undefined) {
    throw new Failure("Invalid", `${context.id}: server not found: ${id}`, { retryable: false });
  }
  return server;
}

export default defineKind({
  name: "http.service",
  doc: "An HTTP server.",
  config: SERVICE_CONFIG,
  provides: HttpServerResource,
  open(context): Opened<HttpServer> {
    const server = new HttpServer(context.id, context, planOf(context));
    server.identify(() => frameOfLifecycle(context.entry, context.security));
    return { resource: server, service: server };
  },
  async change(current, context) {
    const server = current.resource!;
    await server.replan(planOf(context));
    server.identify(() => frameOfLifecycle(context.entry, context.security));
    return current;
  },
});
