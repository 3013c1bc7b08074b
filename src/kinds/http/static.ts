/** `http.static`: files of a file system under a path of a server. */
import { type Decoded, Failure, schema } from "../../core/mod.ts";
import { defineResource, FileSystemResource } from "../../ports/mod.ts";
import { defineKind, type KindContext, type Opened } from "../../registry/mod.ts";
import type { HttpServer } from "./http_server.ts";
import { composeMiddleware } from "./middleware/catalog.ts";
import { parsePattern } from "./route_pattern.ts";
import { serverOf } from "./service.ts";
import { StaticMount } from "./static_mount.ts";

/** A mount and the server it is on. */
interface Mounted {
  readonly server: HttpServer;
  readonly mount: StaticMount;
}

/** Resource type of static mounts. */
export const StaticMountResource = defineResource<Mounted>("http.static");

const INDEX = "index.html";

const CONFIG = schema.object({
  path: schema.string({ nonEmpty: true, doc: "URL path of the mount; starts with /." }),
  fs: schema.reference({ doc: "File system to serve." }),
  static_options: schema.object({
    spa: schema.boolean({ default: false, doc: "Answer paths that are no files with the index." }),
    index: schema.string({ default: "", doc: "Index file; required with spa." }),
    cache: schema.string({ default: "", doc: "Value of Cache-Control." }),
  }),
  middleware: schema.list(schema.string(), { doc: "Middleware around the files, in order." }),
  options: schema.map(schema.string(), {
    doc: "Options of that middleware; spa, index and cache are read here as well.",
  }),
  mime_types: schema.map(schema.string(), {
    doc: "Content types by the ends of names, before those that are known.",
  }),
});

function mountOf(context: KindContext<Decoded<typeof CONFIG>>): Mounted {
  const { config, entry, resources } = context;
  const { static_options: own, options } = config;
  const spa = own.spa || options["spa"] === "true";
  const index = own.index || (options["index"] ?? "");
  const cache = own.cache || (options["cache"] ?? "");
  if (spa && index === "") {
    throw new Failure("Invalid", "static_options.index is required when spa is true", { retryable: false });
  }
  const path = parsePattern(config.path);
  if (path.names.length > 0) {
    throw new Failure("Invalid", `path "${config.path}": a mount takes no parameters`, { retryable: false });
  }
  const server = serverOf(context);
  server.checkMount(entry.id, path, context.entries);
  const stage = { stage: "before", entryId: entry.id, ns: context.ns, services: context, server } as const;
  const mount = new StaticMount({
    entry,
    path,
    files: () => resources.find(FileSystemResource, config.fs),
    spa,
    index: index === "" ? INDEX : index,
    cache,
    types: new Map(
      Object.entries(config.mime_types).map(([end, type]) => [end.replace(/^\./, "").toLowerCase(), type]),
    ),
    around: composeMiddleware(config.middleware, config.options, stage),
  });
  return { server, mount };
}

export default defineKind({
  name: "http.static",
  doc: "Files of a file system under a path of a server.",
  config: CONFIG,
  provides: StaticMountResource,
  references: ["meta.server"],
  open(context): Opened<Mounted> {
    const mounted = mountOf(context);
    mounted.server.addMount(mounted.mount);
    return { resource: mounted };
  },
  change(current, context): Opened<Mounted> {
    const { server: previous, mount } = current.resource!;
    const mounted = mountOf(context);
    if (previous !== mounted.server) previous.removeMount(mount.id);
    mounted.server.addMount(mounted.mount);
    return { resource: mounted };
  },
  close(current) {
    const { server, mount } = current.resource!;
    server.removeMount(mount.id);
  },
});
