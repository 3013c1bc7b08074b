/** What user interfaces in a browser need of a server: their files, other origins, tokens, streams. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type EntryFields, handler, router, withGateway } from "./gateway.ts";

const FILES = {
  "files/index.html": "<p>index</p>",
  "files/main.js": "main()",
  "files/main.css": "a{}",
  "files/icon.svg": "<svg/>",
  "files/shape.glb": "shape",
  "files/wippy-meta.json": "{}",
};

function mount(fields: EntryFields = {}): EntryFields[] {
  return [
    { name: "files", kind: "fs.directory", directory: "./files" },
    { name: "mount", kind: "http.static", meta: { server: "gateway" }, path: "/app", fs: "files", ...fields },
  ];
}

test("bundles below a path have the types that browsers want [fe.static.mount] [fe.static.mime] [fe.static.meta]", () =>
  withGateway(mount(), async ({ get }) => {
    const type = async (name: string): Promise<string> => {
      const answer = await get(`/app/${name}`);
      assert.equal(answer.status, 200, name);
      return answer.headers.get("content-type")!.replace(/;.*/, "");
    };
    assert.equal(await type("main.js?declare-tag=acme-bar"), "text/javascript");
    assert.equal(await type("main.css"), "text/css");
    assert.equal(await type(""), "text/html");
    assert.equal(await type("icon.svg"), "image/svg+xml");
    assert.equal(await type("wippy-meta.json"), "application/json");
  }, { files: FILES }));

test("options of a mount have two places, and types may be said [fe.static.options]", async () => {
  await withGateway(
    mount({
      options: { spa: true, index: "index.html", cache: "no-cache" },
      mime_types: { ".GLB": "model/gltf-binary" },
    }),
    async ({ get }) => {
      const deep = await get("/app/orders/17");
      assert.deepEqual([await deep.text(), deep.headers.get("cache-control")], ["<p>index</p>", "no-cache"]);
      const shape = await get("/app/shape.glb");
      assert.equal(shape.headers.get("content-type"), "model/gltf-binary");
      const known = shape.headers.get("etag")!;
      const again = await get("/app/shape.glb", { headers: { "if-none-match": known } });
      assert.deepEqual([again.status, again.headers.get("content-type")], [304, null]);
    },
    { files: FILES },
  );
  const own = { static_options: { cache: "max-age=5" }, options: { cache: "no-cache" } };
  await withGateway(mount(own), async ({ get }) => {
    assert.equal((await get("/app/main.js")).headers.get("cache-control"), "max-age=5");
    assert.equal((await get("/app/orders")).status, 404);
  }, { files: FILES });
});

test("origins are hosts, with or without a scheme or a star, under new and old names of options [fe.cors.origins]", async () => {
  const old = {
    allow_origins: "*.wippy.ai,wippy.ai,https://only.test",
    allow_headers: "X-One",
    allow_methods: "GET,PATCH",
    allow_credentials: "true",
    allow_private_network: "true",
  };
  const names = (name: string): string => `cors.${name.replaceAll("_", ".")}`;
  const dotted = Object.fromEntries(Object.entries(old).map(([name, value]) => [names(name), value]));
  for (const options of [old, dotted]) {
    const api = router("api", "/", { middleware: ["cors"], options });
    await withGateway([api, ...handler("hello", "/hello", 'res:write("hello")')], async ({ get }) => {
      const ask = async (origin: string): Promise<(string | null)[]> => {
        const { headers } = await get("/hello", {
          method: "OPTIONS",
          headers: {
            origin,
            "access-control-request-method": "GET",
            "access-control-request-private-network": "true",
          },
        });
        return ["origin", "credentials", "methods", "headers", "private-network"].map((name) =>
          headers.get(`access-control-allow-${name}`)
        );
      };
      for (
        const origin of ["https://a.wippy.ai", "http://a.b.wippy.ai", "https://wippy.ai", "https://only.test"]
      ) {
        assert.deepEqual(await ask(origin), [origin, "true", "GET, PATCH", "X-One", "true"], origin);
      }
      for (
        const origin of ["https://evilwippy.ai", "https://wippy.ai.evil.test", "http://only.test", "null"]
      ) {
        assert.deepEqual(await ask(origin), [null, null, null, null, null], origin);
      }
    });
  }
});

const TOKENS: EntryFields[] = [
  { name: "data", kind: "store.memory", lifecycle: { auto_start: true } },
  { name: "tokens", kind: "security.token_store", store: "data" },
  {
    name: "allowed",
    kind: "security.policy",
    policy: { actions: "access", resources: "app:mine.endpoint", effect: "allow" },
  },
  {
    name: "issue",
    kind: "function.lua",
    method: "main",
    modules: ["security"],
    source: `return { main = function(...)
      local chosen = {}
      for _, name in ipairs({...}) do chosen[#chosen + 1] = assert(security.policy(name)) end
      return assert(security.token_store("app:tokens")):create(security.new_actor("ann"), security.new_scope(chosen))
    end }`,
  },
];

test("a private router asks for a token and for what its policies allow [fe.api.bearer] [fe.token.legacy] [fe.firewall]", async () => {
  for (const name of ["token_auth.store", "token_store"]) {
    const api = router("api", "/api/v1", {
      middleware: ["token_auth"],
      options: { [name]: "app:tokens" },
      post_middleware: ["endpoint_firewall"],
    });
    const hello = handler("mine", "/mine", 'res:write("mine")');
    const other = handler("other", "/other", 'res:write("other")');
    await withGateway([api, ...TOKENS, ...hello, ...other], async ({ get, call }) => {
      const headers = { authorization: `Bearer ${await call("app:issue", "app:allowed")}` };
      assert.equal(await (await get("/api/v1/mine", { headers })).text(), "mine");
      assert.equal((await get("/api/v1/other", { headers })).status, 403);
      assert.equal((await get("/api/v1/mine")).status, 401);
      assert.equal((await get("/api/v1/mine", { headers: { authorization: "Bearer wrong" } })).status, 401);
    });
  }
});

test("answers to a POST with a token come as events, one by one [fe.sse]", () =>
  withGateway([
    router("api", "/api/v1", { middleware: ["token_auth"], options: { "token_auth.store": "app:tokens" } }),
    ...TOKENS,
    ...handler(
      "stream",
      "/stream",
      `res:set_content_type("text/event-stream")
       res:set_transfer(http.TRANSFER.SSE)
       for _, word in ipairs({security.actor():id(), req:body(), "[DONE]"}) do
         res:write("data: " .. word .. "\\n\\n")
         res:flush()
       end`,
      { method: "POST", modules: ["security"] },
    ),
  ], async ({ get, call }) => {
    const headers = { authorization: `Bearer ${await call("app:issue")}` };
    const answer = await get("/api/v1/stream", { method: "POST", headers, body: "hello" });
    assert.match(answer.headers.get("content-type")!, /^text\/event-stream/);
    assert.equal(await answer.text(), "data: ann\n\ndata: hello\n\ndata: [DONE]\n\n");
  }));
