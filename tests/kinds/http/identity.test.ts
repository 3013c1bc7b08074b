/** Under which identity requests run, and what firewalls make of it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type EntryFields, handler, router, server, withGateway } from "./gateway.ts";

const HELLO = handler("hello", "/hello", 'res:write("hello")');

const POLICY = {
  name: "read",
  kind: "security.policy",
  policy: { actions: ["access", "read"], resources: "*", effect: "allow" },
};
const WHO = handler(
  "who",
  "/who",
  `local actor = security.actor()
   res:write_json({actor and actor:id() or "", actor and actor:meta().team or "", security.can("read", "x"), security.can("write", "x")})`,
  { modules: ["security"] },
);

test("requests run under the identity of the server [kind.http.service.security]", async () => {
  const security = { actor: { id: "web", meta: { team: "blue" } }, policies: ["read"] };
  const entries = [POLICY, server({ lifecycle: { auto_start: true, security } }), ...WHO];
  await withGateway(entries, async ({ json }) => {
    assert.deepEqual(await json("/who"), ["web", "blue", true, false]);
  });
  await withGateway(WHO, async ({ text }) => assert.match(await text("/who"), /false,false\]$/));
});

/** Entries of a token store and of a function that issues tokens. */
const TOKENS: EntryFields[] = [
  POLICY,
  { name: "data", kind: "store.memory", lifecycle: { auto_start: true } },
  { name: "tokens", kind: "security.token_store", store: "data" },
  {
    name: "issue",
    kind: "function.lua",
    method: "main",
    modules: ["security"],
    source: `local security = require("security")
      return { main = function(id, policies)
        local chosen = {}
        for _, name in ipairs(policies) do chosen[#chosen + 1] = security.policy(name) end
        local store = security.token_store("app:tokens")
        return store:create(security.new_actor(id), security.new_scope(chosen))
      end }`,
  },
];

test("a token sets actor and scope, an invalid one changes nothing [mw.token-auth] [security.token_store.mw] [token.mw]", async () => {
  const api = router("api", "/", { middleware: ["token_auth"], options: { "token_auth.store": "tokens" } });
  const security = { actor: { id: "web" } };
  const gateway = server({ lifecycle: { auto_start: true, security } });
  await withGateway([gateway, ...TOKENS, api, ...WHO], async ({ json, call }) => {
    const token = await call("app:issue", "ann", ["app:read"]) as string;
    const who = async (headers: Record<string, string>) => (await json("/who", { headers }) as unknown[])[0];
    assert.equal(await who({ authorization: `Bearer ${token}` }), "ann");
    assert.equal(await who({}), "web");
    assert.equal(await who({ authorization: "Bearer wrong" }), "web");
    assert.equal(await who({ authorization: `Basic ${token}` }), "web");
    assert.deepEqual(
      await json("/who", { headers: { authorization: `Bearer ${token}` } }).then((all) =>
        (all as unknown[]).slice(2)
      ),
      [true, false],
    );
  });
});

test("what a request starts has the rights of its token [token.scope.spawn]", async () => {
  const api = router("api", "/", { middleware: ["token_auth"], options: { "token_auth.store": "tokens" } });
  const policy = (name: string, actions: string[]): EntryFields => ({
    name,
    kind: "security.policy",
    policy: { actions, resources: "*", effect: "allow" },
  });
  const entries: EntryFields[] = [
    ...TOKENS,
    api,
    policy("spawner", ["process.spawn", "process.spawn.monitored", "process.host"]),
    { name: "host", kind: "process.host", lifecycle: { auto_start: true } },
    {
      name: "worker",
      kind: "process.lua",
      method: "main",
      modules: ["security"],
      source:
        'return { main = function() return security.actor():id() .. " " .. tostring(security.can("read", "x")) end }',
    },
    ...handler(
      "start",
      "/start",
      `local pid, err = process.spawn_monitored("app:worker", "app:host")
       if err then return res:write_json({refused = err:message()}) end
       res:write_json({said = process.events():receive().result.value})`,
    ),
  ];
  await withGateway(entries, async ({ json, call }) => {
    const start = async (...policies: string[]): Promise<unknown> => {
      const token = await call("app:issue", "ann", policies) as string;
      return await json("/start", { headers: { authorization: `Bearer ${token}` } });
    };
    assert.deepEqual(await start("app:spawner", "app:read"), { said: "ann true" });
    assert.deepEqual(await start("app:spawner"), { said: "ann false" });
    assert.match(JSON.stringify(await start("app:read")), /refused":"not allowed/);
  });
});

test("tokens are looked for in header, query and cookie, in that order [mw.token-auth.sources] [token.mw]", async () => {
  const options = { "token_auth.store": "app:tokens" };
  const api = router("api", "/", { middleware: ["token_auth"], options });
  const renamed = router("other", "/other", {
    middleware: ["token_auth"],
    options: {
      token_store: "app:tokens",
      "token_auth.header.name": "X-Key",
      header_prefix: "Key ",
      "token_auth.query.param": "k",
      "token_auth.cookie.name": "ck",
    },
  });
  const again = {
    name: "w2",
    kind: "http.endpoint",
    meta: { router: "other" },
    method: "GET",
    path: "/who",
    func: "who",
  };
  await withGateway([...TOKENS, api, renamed, ...WHO, again], async ({ json, call }) => {
    const [a, b, c] = await Promise.all(
      ["a", "b", "c"].map((id) => call("app:issue", id, ["app:read"]) as Promise<string>),
    );
    const who = async (path: string, headers: Record<string, string>) =>
      (await json(path, { headers }) as unknown[])[0];
    const header = { authorization: `Bearer ${a}` };
    const cookie = { cookie: `other=1; x-auth-token=${encodeURIComponent(c!)}` };
    const query = `/who?x-auth-token=${encodeURIComponent(b!)}`;
    assert.equal(await who(query, { ...header, ...cookie }), "a");
    assert.equal(await who(query, cookie), "b");
    assert.equal(await who("/who", cookie), "c");
    assert.equal(await who(query, { authorization: "", ...cookie }), "b");
    assert.equal(await who("/other/who", { "x-key": `Key ${a}` }), "a");
    assert.equal(await who(`/other/who?k=${encodeURIComponent(b!)}`, {}), "b");
    assert.equal(await who("/other/who", { cookie: `ck=${encodeURIComponent(c!)}` }), "c");
  });
});

test("firewalls answer 401 without an actor and 403 without the permission [mw.endpoint-firewall] [mw.resource-firewall] [mw.firewall.body] [security.action.http.firewall] [token.mw.handler]", async () => {
  const guarded = (name: string, post: string, post_options: EntryFields): EntryFields =>
    router(name, `/${name}`, {
      middleware: ["token_auth"],
      options: { "token_auth.store": "app:tokens" },
      post_middleware: [post],
      post_options,
    });
  const only = {
    name: "only",
    kind: "security.policy",
    policy: { actions: ["access", "admin"], resources: ["app:ep.endpoint", "app:panel"], effect: "allow" },
  };
  const entries = [
    ...TOKENS,
    only,
    guarded("e", "endpoint_firewall", {}),
    guarded("f", "endpoint_firewall", { "endpoint_firewall.action": "admin" }),
    guarded("r", "resource_firewall", {
      "resource_firewall.action": "admin",
      "resource_firewall.target": "panel",
    }),
    ...handler("ep", "/x", 'res:write("in")', { router: "e" }),
    ...handler("fp", "/x", 'res:write("in")', { router: "f" }),
    ...handler("rp", "/x", 'res:write("in")', { router: "r" }),
  ];
  await withGateway(entries, async ({ get, call }) => {
    const reader = await call("app:issue", "reader", ["app:read"]) as string;
    const admin = await call("app:issue", "admin", ["app:only"]) as string;
    const of = async (path: string, token?: string) => {
      const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
      const response = await get(path, { headers });
      return response.status === 200
        ? await response.text()
        : [response.status, (await response.json() as { error: string }).error];
    };
    const missing = [401, "Authentication required"];
    const denied = [403, "Access denied"];
    assert.deepEqual([await of("/e/x"), await of("/e/x", reader), await of("/e/x", admin)], [
      missing,
      "in",
      "in",
    ]);
    assert.deepEqual([await of("/f/x"), await of("/f/x", reader), await of("/f/x", admin)], [
      missing,
      denied,
      denied,
    ]);
    assert.deepEqual([await of("/r/x"), await of("/r/x", reader), await of("/r/x", admin)], [
      missing,
      denied,
      "in",
    ]);
    const body = await (await get("/e/x")).json() as Record<string, unknown>;
    assert.deepEqual([body["success"], typeof body["details"]], [false, "string"]);
  });
});

test("a firewall before matching is a mistake of configuration [mw.firewall.body]", async () => {
  const wrong = router("api", "/", { middleware: ["endpoint_firewall"] });
  await withGateway([wrong, ...HELLO], async ({ get }) => {
    const response = await get("/hello");
    assert.equal(response.status, 500);
    assert.equal((await response.json() as { error: string }).error, "Configuration error");
  });
});
