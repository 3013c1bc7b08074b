/** A project with one server, and the way to it. */
import { connect } from "node:net";
import type { Value } from "../../../src/core/mod.ts";
import { type ApplicationTestOptions, type TestApplication, withApplication } from "../../application.ts";

/** An entry with fields in the order they are given. */
export type EntryFields = Record<string, Value>;

/** A definition file of namespace `app`. */
export function definition(entries: readonly EntryFields[]): string {
  // JSON is YAML.
  return JSON.stringify({ version: "1.0", namespace: "app", entries });
}

/** A server on any free port. */
export function server(fields: EntryFields = {}): EntryFields {
  return {
    name: "gateway",
    kind: "http.service",
    addr: "127.0.0.1:0",
    lifecycle: { auto_start: true },
    ...fields,
  };
}

/** A router of that server. */
export function router(name: string, prefix: string, fields: EntryFields = {}): EntryFields {
  return { name, kind: "http.router", meta: { server: "gateway" }, prefix, ...fields };
}

/** What a handler is besides its code. */
export interface HandlerOptions {
  readonly method?: string;
  readonly router?: string;
  readonly modules?: readonly string[];
}

/** A function whose body is `code`, with `req` and `res` at hand, and its endpoint. */
export function handler(
  name: string,
  path: string,
  code: string,
  options: HandlerOptions = {},
): EntryFields[] {
  const source = [
    'local http = require("http")',
    "local function handler()",
    "  local req, res = http.request(), http.response()",
    code,
    "end",
    "return { handler = handler }",
  ].join("\n");
  const modules = ["http", ...options.modules ?? []];
  return [
    { name, kind: "function.lua", method: "handler", modules, source },
    {
      name: `${name}.endpoint`,
      kind: "http.endpoint",
      meta: { router: options.router ?? "api" },
      method: options.method ?? "GET",
      path,
      func: name,
    },
  ];
}

/** A running server. */
export interface Gateway extends TestApplication {
  readonly port: number;
  /** `http://127.0.0.1:port`. */
  readonly base: string;
  get(path: string, init?: RequestInit): Promise<Response>;
  /** Body of a GET, as text. */
  text(path: string, init?: RequestInit): Promise<string>;
  json(path: string, init?: RequestInit): Promise<unknown>;
}

/** The port a server says it listens on. */
export function portOf(app: TestApplication, id = "app:gateway"): number {
  const details = app.application.supervisor.state(id)?.details ?? "";
  return Number(/:(\d+)$/.exec(details)?.[1]);
}

/** Runs a server with a router `api` at `/`, unless `entries` bring their own. */
export function withGateway(
  entries: readonly EntryFields[],
  body: (gateway: Gateway) => Promise<void>,
  options: ApplicationTestOptions & { files?: Record<string, string> } = {},
): Promise<void> {
  const has = (kind: string): boolean => entries.some((entry) => entry["kind"] === kind);
  const all = [
    ...(has("http.service") ? [] : [server()]),
    ...(has("http.router") ? [] : [router("api", "/")]),
    ...entries,
  ];
  const files = { ...options.files, "src/_index.yaml": definition(all) };
  return withApplication(files, async (app) => {
    const port = portOf(app);
    const base = `http://127.0.0.1:${port}`;
    const get = (path: string, init?: RequestInit): Promise<Response> =>
      fetch(base + path, { redirect: "manual", ...init });
    await body({
      ...app,
      application: app.application,
      port,
      base,
      get,
      text: async (path, init) => await (await get(path, init)).text(),
      json: async (path, init) => await (await get(path, init)).json(),
    });
  }, options);
}

/** Sends `text` as it is and gives everything that comes back until the other side closes or `stop` is satisfied. */
export function raw(port: number, text: string, stop?: (received: string) => boolean): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let received = "";
  const socket = connect(port, "127.0.0.1", () => socket.write(text, "latin1"));
  socket.on("data", (data) => {
    received += data.toString("latin1");
    if (stop?.(received)) socket.destroy();
  });
  socket.on("close", () => resolve(received));
  socket.on("error", reject);
  return promise;
}
