/** Applications with `keeper/keeper`, an administrator, and clients that speak MCP. */
import assert from "node:assert/strict";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { ToolListChangedNotificationSchema } from "@modelcontextprotocol/sdk/types.js";
import type { Value, ValueMap } from "../../src/core/mod.ts";
import type { ApplicationTestOptions } from "../application.ts";
import { type EntryFields, type Gateway, router, withGateway } from "../kinds/http/gateway.ts";

const LOGIN = `local security = require("security")
return { main = function(name, group)
  local scope = group == nil and security.new_scope() or assert(security.named_scope(group))
  return assert(security.token_store("app:tokens"):create(security.new_actor(name, { role = "tester" }), scope))
end }`;

/** The dependency, with more of its parameters. */
export function keeper(parameters: Readonly<Record<string, string>> = {}): EntryFields {
  return {
    name: "keeper",
    kind: "ns.dependency",
    component: "keeper/keeper",
    version: "*",
    parameters: Object.entries({ admin_scope: "app:admin", env_storage: "app:envs", ...parameters })
      .map(([name, value]) => ({ name, value })),
  };
}

/** What keeper binds to, with one policy for administrators and one for readers. */
export const SURROUNDINGS: readonly EntryFields[] = [
  router("api", "/api/v1", { middleware: ["token_auth"], options: { "token_auth.store": "app:tokens" } }),
  { name: "tokens", kind: "security.token_store", store: "app:kv" },
  { name: "kv", kind: "store.memory", lifecycle: { auto_start: true } },
  { name: "db", kind: "db.sql.sqlite", file: "data.db", lifecycle: { auto_start: true } },
  { name: "envs", kind: "env.storage.memory" },
  { name: "processes", kind: "process.host", lifecycle: { auto_start: true } },
  policy("everything", "*", "admin"),
  policy("reading", "registry.get", "readers"),
  policy("sleeping", "sleep", "sleepers"),
  policy("seeing", ["registry.get", "security.policy_group.get"], "seers"),
  { name: "login", kind: "function.lua", modules: ["security"], method: "main", source: LOGIN },
];

function policy(name: string, actions: string | string[], group: string): EntryFields {
  return {
    name,
    kind: "security.policy",
    policy: { actions, resources: "*", effect: "allow" },
    groups: [group],
  };
}

/** A function of the application. */
export function func(name: string, body: string, fields: EntryFields = {}): EntryFields {
  return {
    name,
    kind: "function.lua",
    method: "main",
    source: `return { main = function(...)\n${body}\nend }`,
    ...fields,
  };
}

/** An answer of the API. */
export interface Answer {
  readonly status: number;
  readonly body: ValueMap;
}

/** What a tool gave: its data, or the text of its error. */
export type Given = { readonly data: ValueMap } | { readonly error: string } | { readonly text: string };

/** A client of the official library. */
export interface McpClient {
  readonly client: Client;
  readonly session: string;
  /** Changes of the list of tools that it was told of. */
  changes(): number;
  /** Names of the tools it is offered. */
  tools(): Promise<string[]>;
  call(name: string, given?: Record<string, unknown>): Promise<Given>;
  /** What a tool gives that must go well. */
  fine(name: string, given?: Record<string, unknown>): Promise<ValueMap>;
  close(): Promise<void>;
}

/** A running application with keeper. */
export interface Keeper extends Gateway {
  /** A token of the application for somebody in a policy group. */
  login(name?: string, group?: string): Promise<string>;
  /** Asks the API as `ada`, an administrator, or by the given token. */
  ask(method: string, path: string, body?: unknown, token?: string): Promise<Answer>;
  /** Makes an MCP token. */
  mint(request: Record<string, unknown>): Promise<string>;
  /** Connects a client; `token` is the text of an MCP token, or a request for one. */
  connect(token: string | Record<string, unknown>): Promise<McpClient>;
}

/** Connects the official client to an endpoint. */
export async function connectClient(url: string, token: string): Promise<McpClient> {
  const transport = new StreamableHTTPClientTransport(new URL(url), {
    requestInit: { headers: { Authorization: `Bearer ${token}` } },
  });
  const client = new Client({ name: "test", version: "1.0.0" });
  let changes = 0;
  client.setNotificationHandler(ToolListChangedNotificationSchema, () => {
    changes++;
  });
  await client.connect(transport);
  const call = async (name: string, given: Record<string, unknown> = {}): Promise<Given> => {
    const { content, isError, structuredContent } = await client.callTool({ name, arguments: given });
    const text = (content as { text: string }[])[0]!.text;
    if (isError === true) return { error: text };
    if (structuredContent === undefined) return { text };
    assert.deepEqual(JSON.parse(text), structuredContent);
    return { data: structuredContent as ValueMap };
  };
  return {
    client,
    session: transport.sessionId!,
    changes: () => changes,
    tools: async () => (await client.listTools()).tools.map(({ name }) => name),
    call,
    async fine(name, given) {
      const result = await call(name, given);
      assert.ok("data" in result, `${name}: ${JSON.stringify(result)}`);
      return result.data;
    },
    close: () => client.close(),
  };
}

/** Runs an application with keeper and more entries. */
export function withKeeper(
  entries: readonly EntryFields[],
  body: (keeper: Keeper) => Promise<void>,
  options: ApplicationTestOptions & { files?: Record<string, string>; parameters?: Record<string, string> } =
    {},
): Promise<void> {
  return withGateway([...SURROUNDINGS, keeper(options.parameters), ...entries], async (gateway) => {
    await gateway.until(
      () => gateway.logs.some(({ message }) => message === "boot sequence ended"),
      "the tables of keeper",
    );
    const login = async (name = "ada", group: string | null = "app:admin"): Promise<string> =>
      await gateway.call("app:login", name, group) as string;
    const admin = await login();
    const ask = async (method: string, path: string, given?: unknown, token = admin): Promise<Answer> => {
      const response = await gateway.get(`/api/v1/keeper${path}`, {
        method,
        headers: token === "" ? {} : { Authorization: `Bearer ${token}` },
        ...given === undefined ? {} : { body: typeof given === "string" ? given : JSON.stringify(given) },
      });
      return { status: response.status, body: await response.json() as ValueMap };
    };
    const mint = async (request: Record<string, unknown>): Promise<string> => {
      const { status, body } = await ask("POST", "/mcp/tokens", { label: "test", ...request });
      assert.equal(status, 201, JSON.stringify(body));
      return (body["token"] as ValueMap)["token"] as string;
    };
    const clients: McpClient[] = [];
    try {
      await body({
        ...gateway,
        application: gateway.application,
        login: login as Keeper["login"],
        ask,
        mint,
        async connect(token) {
          const text = typeof token === "string" ? token : await mint(token);
          const client = await connectClient(`${gateway.base}/keeper-mcp/`, text);
          clients.push(client);
          return client;
        },
      });
    } finally {
      for (const client of clients) await client.close();
    }
  }, options);
}

/** Names or ids in a list. */
export function named(list: Value | undefined, key = "id"): Value[] {
  return (list as ValueMap[]).map((each) => each[key]!);
}

/** A function that greets. */
export const HELLO = func("hello", 'local name = ...\nreturn "hi " .. tostring(name)', {
  meta: { comment: "greets" },
});

/** The text of an error that a tool gave. */
export function errorOf(given: Given): string {
  assert.ok("error" in given, JSON.stringify(given));
  return given.error;
}

/** Runs with one client that may do everything. */
export function withRoot(
  entries: Parameters<typeof withKeeper>[0],
  body: (mcp: McpClient, keeper: Keeper) => Promise<void>,
  options?: Parameters<typeof withKeeper>[2],
): Promise<void> {
  return withKeeper(
    entries,
    async (keeper) => await body(await keeper.connect({ preset: "root" }), keeper),
    options,
  );
}
