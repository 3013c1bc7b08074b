/** Which endpoint answers a request, and which definitions are refused. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type EntryFields, handler, router, withGateway } from "./gateway.ts";

/** An endpoint that answers with its name. */
function named(
  name: string,
  path: string,
  options: { method?: string; router?: string } = {},
): EntryFields[] {
  return handler(name, path, `res:write("${name}")`, options);
}

test("a route is the router's prefix and the endpoint's path [http.route.prefix] [kind.http.router.prefix]", async () => {
  const entries = [
    router("api", "/api/v1/"),
    { ...router("bare", ""), prefix: null },
    ...named("list", "/users"),
    ...named("root", "/", {}),
    ...named("health", "/health", { router: "bare" }),
  ];
  await withGateway(entries, async ({ text, get }) => {
    assert.equal(await text("/api/v1/users"), "list");
    assert.equal(await text("/api/v1/users/"), "list");
    assert.equal(await text("/api/v1"), "root");
    assert.equal(await text("/api/v1/"), "root");
    assert.equal(await text("/health"), "health");
    assert.equal((await get("/users")).status, 404);
    assert.equal((await get("/api/v1/users/7")).status, 404);
  });
});

test("methods of one path are separate endpoints, in any case [http.route.prefix] [http.route.method] [kind.http.endpoint.method]", async () => {
  const entries = [
    ...named("read", "/x", { method: "get" }),
    ...named("write", "/x", { method: "Post" }),
    ...named("patch", "/x", { method: "PATCH" }),
    ...named("remove", "/x", { method: "DELETE" }),
    ...named("put", "/x", { method: "PUT" }),
  ];
  await withGateway(entries, async ({ text, get }) => {
    assert.equal(await text("/x"), "read");
    assert.equal(await text("/x", { method: "POST" }), "write");
    assert.equal(await text("/x", { method: "PATCH" }), "patch");
    assert.equal(await text("/x", { method: "DELETE" }), "remove");
    assert.equal(await text("/x", { method: "PUT" }), "put");
    assert.equal((await get("/x", { method: "HEAD" })).status, 200);
  });
  await withGateway(named("only", "/x", { method: "POST" }), async ({ get }) => {
    const response = await get("/x");
    assert.equal(response.status, 405);
    assert.equal(response.headers.get("allow"), "OPTIONS, POST");
  });
});

test("a tail matches all remaining segments and has no value [http.route.wildcard] [kind.http.endpoint.path]", async () => {
  const code = 'res:write(tostring((req:param("path"))) .. " " .. req:path())';
  await withGateway(handler("files", "/files/{path...}", code), async ({ text }) => {
    assert.equal(await text("/files/docs/readme.md"), "nil /files/docs/readme.md");
    assert.equal(await text("/files"), "nil /files");
  });
});

test("every route answers OPTIONS through its router unless an endpoint does [http.route.options]", async () => {
  const entries = [
    router("api", "/", { middleware: ["cors"] }),
    ...named("read", "/x"),
    ...named("write", "/x", { method: "POST" }),
    ...named("own", "/y", { method: "OPTIONS" }),
  ];
  await withGateway(entries, async ({ get, text }) => {
    const plain = await get("/x", { method: "OPTIONS", headers: { origin: "https://a.test" } });
    assert.equal(plain.status, 204);
    assert.equal(plain.headers.get("allow"), "GET, HEAD, OPTIONS, POST");
    assert.equal(plain.headers.get("access-control-allow-origin"), "*");
    assert.equal(await text("/y", { method: "OPTIONS" }), "own");
    assert.equal((await get("/none", { method: "OPTIONS" })).status, 404);
  });
});

test("the more specific of two patterns answers [http.route.conflict] [http.route.param]", async () => {
  const entries = [
    router("api", "/api"),
    router("deep", "/api/deep"),
    ...named("any", "/{x}"),
    ...named("me", "/me"),
    ...named("rest", "/{x...}"),
    ...named("inner", "/y", { router: "deep" }),
  ];
  await withGateway(entries, async ({ text, get }) => {
    assert.equal(await text("/api/me"), "me");
    assert.equal(await text("/api/you"), "any");
    assert.equal(await text("/api/deep/y"), "inner");
    assert.equal(await text("/api/other/z"), "rest");
    assert.equal((await get("/api/deep/z")).status, 404);
    assert.equal(await text("/api/deep"), "any");
  });
});

/** Boots and expects to be refused. */
async function refused(entries: readonly EntryFields[], reason: RegExp): Promise<void> {
  await assert.rejects(withGateway(entries, () => Promise.resolve()), (error: Error) => {
    assert.match(error.message, reason);
    return true;
  });
}

test("routes that overlap without order are refused [http.route.conflict]", async () => {
  await refused(
    [...named("a", "/posts/{id}"), ...named("b", "/{kind}/latest")],
    /GET \/\S+ \(app:\S+\) conflicts with GET \/\S+ \(app:\S+\)/,
  );
  await refused([...named("a", "/x/{id}"), ...named("b", "/x/{name}")], /conflicts with/);
  await refused(
    [
      router("api", "/"),
      router("other", "/x"),
      ...named("a", "/x/y"),
      ...named("b", "/y", { router: "other" }),
    ],
    /conflicts with/,
  );
});

test("two routers of a server may not share a prefix [http.route.prefix-unique]", async () => {
  await refused(
    [router("a", "/api"), router("b", "/api/")],
    /prefix \/api of app:\w is already used by router app:\w/,
  );
});

test("endpoints that are wrong are refused with the reason [http.route.method] [kind.http.endpoint.router] [kind.http.endpoint.path] [kind.http.endpoint.func]", async () => {
  const endpoint = (fields: EntryFields): EntryFields => ({
    name: "e",
    kind: "http.endpoint",
    meta: { router: "api" },
    method: "GET",
    path: "/e",
    func: "f",
    ...fields,
  });
  const f = { name: "f", kind: "function.lua", method: "main", source: "return { main = function() end }" };
  await refused([f, endpoint({ method: "FETCH" })], /method: "FETCH" is none of/);
  await refused([f, endpoint({ method: null })], /method/);
  await refused([f, endpoint({ path: "e" })], /must start with \//);
  await refused([f, endpoint({ path: "/{a...}/b" })], /must be the last segment/);
  await refused([f, endpoint({ meta: {} })], /meta\.router is required/);
  await refused([f, endpoint({ meta: { router: "nowhere" } })], /app:nowhere/);
  await refused([f, endpoint({ func: null })], /func/);
  await refused([{ ...router("api", "/"), meta: { server: "nowhere" } }], /app:nowhere/);
  await refused([{ ...router("api", "/"), meta: {} }], /meta\.server is required/);
});

test("a router may belong to another namespace than its endpoints [kind.http.endpoint.router] [kind.http.router.server]", async () => {
  const other = JSON.stringify({
    version: "1.0",
    namespace: "other",
    entries: [
      {
        name: "f",
        kind: "function.lua",
        method: "main",
        modules: ["http"],
        source: 'return { main = function() require("http").response():write("far") end }',
      },
      {
        name: "e",
        kind: "http.endpoint",
        meta: { router: "app:api" },
        method: "GET",
        path: "/far",
        func: "f",
      },
    ],
  });
  await withGateway([router("api", "/")], async ({ text }) => {
    assert.equal(await text("/far"), "far");
  }, { files: { "src/other/_index.yaml": other } });
});

test("one function may stand behind several endpoints of several servers [kind.http.endpoint.func] [kind.http.router.server]", async () => {
  const entries = [
    { name: "gateway", kind: "http.service", addr: "127.0.0.1:0", lifecycle: { auto_start: true } },
    { name: "admin", kind: "http.service", addr: "127.0.0.1:0", lifecycle: { auto_start: true } },
    router("api", "/"),
    { ...router("internal", "/"), meta: { server: "admin" } },
    ...named("f", "/a"),
    { name: "e2", kind: "http.endpoint", meta: { router: "internal" }, method: "GET", path: "/b", func: "f" },
  ];
  await withGateway(entries, async ({ text, get, application }) => {
    assert.equal(await text("/a"), "f");
    assert.equal((await get("/b")).status, 404);
    const details = application.supervisor.state("app:admin")!.details;
    const port = /:(\d+)$/.exec(details)![1];
    assert.equal(await (await fetch(`http://127.0.0.1:${port}/b`)).text(), "f");
  });
});
