/** Files of a file system under a path. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type EntryFields, handler, raw, router, withGateway } from "./gateway.ts";

const FILES = {
  "public/index.html": "<h1>home</h1>",
  "public/app.js": "let x = 1;",
  "public/style.css": "body {}",
  "public/data.bin": "0123456789",
  "public/docs/index.html": "docs",
  "public/docs/a b.txt": "spaced",
  "secret.txt": "secret",
};

const PUBLIC: EntryFields = { name: "public", kind: "fs.directory", directory: "./public" };

function mount(fields: EntryFields = {}): EntryFields {
  return {
    name: "static",
    kind: "http.static",
    meta: { server: "gateway" },
    path: "/",
    fs: "public",
    ...fields,
  };
}

test("the path below the mount names the file [http.static.serve] [kind.http.static.core]", async () => {
  await withGateway([PUBLIC, mount({ path: "/assets" })], async ({ get, text }) => {
    const response = await get("/assets/app.js");
    assert.equal(await response.text(), "let x = 1;");
    assert.match(response.headers.get("content-type")!, /^text\/javascript/);
    assert.match((await get("/assets/style.css")).headers.get("content-type")!, /^text\/css/);
    assert.equal((await get("/assets/data.bin")).headers.get("content-type"), "application/octet-stream");
    assert.equal(await text("/assets/docs/a%20b.txt"), "spaced");
    assert.equal((await get("/assets/none.txt")).status, 404);
    assert.equal((await get("/app.js")).status, 404);
    assert.equal((await get("/assets/app.js", { method: "POST", body: "x" })).status, 405);
    const head = await get("/assets/app.js", { method: "HEAD" });
    assert.equal(head.headers.get("content-length"), "10");
  }, { files: FILES });
});

test("a folder is answered with its index, and nothing outside the root is reached [http.static.serve]", async () => {
  await withGateway([PUBLIC, mount({ path: "/s" })], async ({ get, text, port }) => {
    assert.equal(await text("/s/"), "<h1>home</h1>");
    const moved = await get("/s/docs");
    assert.equal(moved.status, 301);
    assert.equal(moved.headers.get("location"), "/s/docs/");
    assert.equal(await text("/s/docs/"), "docs");
    for (
      const path of [
        "/s/../secret.txt",
        "/s/%2e%2e/secret.txt",
        "/s/..%2fsecret.txt",
        "/s/docs/..%5c..%5csecret.txt",
      ]
    ) {
      const received = await raw(port, `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
      assert.match(received, /^HTTP\/1\.1 404/, path);
      assert.ok(!received.includes("secret.txt\r\n"), path);
    }
  }, { files: FILES });
});

test("a mount takes what no route takes [http.static.serve]", async () => {
  const entries = [
    PUBLIC,
    mount({ static_options: { spa: true, index: "index.html" } }),
    router("api", "/api"),
    router("root", "/"),
    ...handler("hello", "/hello", 'res:write("hello")'),
    ...handler("page", "/page", 'res:write("page")', { router: "root" }),
  ];
  await withGateway(entries, async ({ text, get }) => {
    assert.equal(await text("/api/hello"), "hello");
    assert.equal(await text("/page"), "page");
    assert.equal(await text("/app.js"), "let x = 1;");
    assert.equal((await get("/api/none")).status, 404);
    assert.equal(await text("/none"), "<h1>home</h1>");
  }, { files: FILES });
});

test("with spa every path that is no file gets the index [http.static.spa] [kind.http.static.options]", async () => {
  await withGateway(
    [PUBLIC, mount({ static_options: { spa: true, index: "index.html" } })],
    async ({ text, get }) => {
      assert.equal(await text("/app.js"), "let x = 1;");
      assert.equal(await text("/users/123"), "<h1>home</h1>");
      assert.equal((await get("/users/123")).status, 200);
      assert.match((await get("/users/123")).headers.get("content-type")!, /^text\/html/);
    },
    { files: FILES },
  );
  await assert.rejects(
    withGateway([PUBLIC, mount({ static_options: { spa: true } })], () => Promise.resolve(), {
      files: FILES,
    }),
    /static_options\.index is required when spa is true/,
  );
});

test("the cache option is sent as Cache-Control [http.static.cache] [kind.http.static.options]", async () => {
  const cache = "public, max-age=3600";
  await withGateway([PUBLIC, mount({ static_options: { cache } })], async ({ get }) => {
    assert.equal((await get("/app.js")).headers.get("cache-control"), cache);
    assert.equal((await get("/none")).headers.get("cache-control"), null);
  }, { files: FILES });
});

test("unchanged files are not sent again [http.static.serve]", async () => {
  await withGateway([PUBLIC, mount()], async ({ get }) => {
    const first = await get("/app.js");
    const etag = first.headers.get("etag")!;
    const modified = first.headers.get("last-modified")!;
    await first.text();
    const status = async (headers: Record<string, string>) => (await get("/app.js", { headers })).status;
    assert.equal(await status({ "if-none-match": etag }), 304);
    assert.equal(await status({ "if-none-match": `"other", ${etag}` }), 304);
    assert.equal(await status({ "if-none-match": '"other"' }), 200);
    assert.equal(await status({ "if-modified-since": modified }), 304);
    assert.equal(await status({ "if-modified-since": "Thu, 01 Jan 1970 00:00:00 GMT" }), 200);
    assert.equal(await status({ "if-none-match": '"other"', "if-modified-since": modified }), 200);
  }, { files: FILES });
});

test("a range of a file can be had [http.static.serve]", async () => {
  await withGateway([PUBLIC, mount()], async ({ get }) => {
    const part = async (range: string) => {
      const response = await get("/data.bin", { headers: { range } });
      return [response.status, response.headers.get("content-range"), await response.text()];
    };
    assert.deepEqual(await part("bytes=2-4"), [206, "bytes 2-4/10", "234"]);
    assert.deepEqual(await part("bytes=7-"), [206, "bytes 7-9/10", "789"]);
    assert.deepEqual(await part("bytes=-3"), [206, "bytes 7-9/10", "789"]);
    assert.deepEqual(await part("bytes=5-99"), [206, "bytes 5-9/10", "56789"]);
    assert.deepEqual(await part("bytes=10-"), [416, "bytes */10", ""]);
    assert.deepEqual(await part("bytes=0-1,3-4"), [200, null, "0123456789"]);
    assert.deepEqual(await part("lines=1-2"), [200, null, "0123456789"]);
    const stale = await get("/data.bin", { headers: { range: "bytes=0-1", "if-range": '"old"' } });
    assert.equal(stale.status, 200);
  }, { files: FILES });
});

test("a large file is sent piece by piece, whole and in ranges [http.static.serve]", async () => {
  const large = "0123456789abcdef".repeat(100_000);
  const files = { ...FILES, "public/large.txt": large };
  await withGateway([PUBLIC, mount()], async ({ get, text }) => {
    const response = await get("/large.txt");
    assert.equal(response.headers.get("content-length"), String(large.length));
    assert.equal(await response.text(), large);
    const range = await get("/large.txt", { headers: { range: "bytes=100000-1299999" } });
    assert.equal(await range.text(), large.slice(100_000, 1_300_000));
    assert.equal((await text("/large.txt", { method: "HEAD" })).length, 0);
  }, { files });
});

test("middleware surrounds the files [kind.http.static.middleware]", async () => {
  const fields = { middleware: ["cors", "compress"], options: { "compress.min.length": "1" } };
  await withGateway([PUBLIC, mount(fields)], async ({ get, port }) => {
    const response = await get("/app.js", { headers: { origin: "https://a.test" } });
    assert.equal(response.headers.get("access-control-allow-origin"), "*");
    assert.equal(await response.text(), "let x = 1;");
    const received = await raw(
      port,
      "GET /app.js HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n",
    );
    assert.match(received, /content-encoding: gzip/i);
  }, { files: FILES });
});

test("mounts that are wrong are refused [kind.http.static.core]", async () => {
  const refused = (entries: readonly EntryFields[], reason: RegExp) =>
    assert.rejects(withGateway([PUBLIC, ...entries], () => Promise.resolve(), { files: FILES }), reason);
  await refused([mount({ path: "assets" })], /must start with \//);
  await refused([mount({ meta: { server: "nowhere" } })], /app:nowhere/);
  await refused([mount({ fs: null })], /fs/);
  await refused([mount(), mount({ name: "other" })], /path \/ of app:\w+ is already used by app:\w+/);
  await refused([mount({ middleware: ["nothing"] })], /unknown middleware "nothing"/);
});
