/** Applications with `wippy/views`: the module, bundles, and callers with and without rights. */
import { type EntryFields, router, server } from "../kinds/http/gateway.ts";

/** The dependency, and more of its parameters. */
export function views(parameters: Readonly<Record<string, string>> = {}): EntryFields {
  const all = { api_router: "app:api", ...parameters };
  return {
    name: "dependency.views",
    kind: "ns.dependency",
    component: "wippy/views",
    version: "*",
    parameters: Object.entries(all).map(([name, value]) => ({ name, value })),
  };
}

/** An entry with `meta.type: view.page` whose page is a bundle. */
export function page(name: string, meta: EntryFields): EntryFields {
  return { name, kind: "registry.entry", meta: { type: "view.page", ...meta } };
}

/** An entry with `meta.type: view.component`. */
export function component(name: string, meta: EntryFields): EntryFields {
  return { name, kind: "registry.entry", meta: { type: "view.component", ...meta } };
}

/** A page that is a template of `app:set`. */
export function template(
  name: string,
  source: string,
  meta: EntryFields = {},
  data: EntryFields = {},
): EntryFields {
  return { name, kind: "template.jet", meta: { type: "view.page", ...meta }, set: "set", source, ...data };
}

/** The set of those templates. */
export const SET: EntryFields = { name: "set", kind: "template.set" };

/** Bundles: the folder `bundles` under `/app`. */
export const BUNDLES: EntryFields[] = [
  { name: "bundles", kind: "fs.directory", directory: "./bundles" },
  { name: "mount", kind: "http.static", meta: { server: "gateway" }, path: "/app", fs: "bundles" },
];

/** Routers of which one takes tokens, and what issues them; a token allows `view` on what its policies name. */
export const SECURED: EntryFields[] = [
  server(),
  router("api", "/", { middleware: ["token_auth"], options: { "token_auth.store": "tokens" } }),
  { name: "data", kind: "store.memory", lifecycle: { auto_start: true } },
  { name: "tokens", kind: "security.token_store", store: "data" },
  {
    name: "general",
    kind: "security.policy",
    policy: {
      actions: [
        "registry.get",
        "funcs.call",
        "template.get",
        "env.get",
        "store.get",
        "store.key.set",
        "system.read",
        "http_client.*",
      ],
      resources: "*",
      effect: "allow",
    },
  },
  {
    name: "viewer",
    kind: "security.policy",
    policy: { actions: "view", resources: ["page:app:secret", "component:app:hidden"], effect: "allow" },
  },
  {
    name: "issue",
    kind: "function.lua",
    method: "main",
    modules: ["security"],
    source: `return { main = function(...)
      local chosen = {}
      for _, name in ipairs({...}) do chosen[#chosen + 1] = assert(security.policy(name)) end
      local store = assert(security.token_store("app:tokens"))
      return store:create(security.new_actor("ann"), security.new_scope(chosen))
    end }`,
  },
];
