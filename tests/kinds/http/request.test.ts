/** What handlers read of a request. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { handler, raw, router, withGateway } from "./gateway.ts";

/** Answers with a list of what `expressions` give. */
function echo(name: string, path: string, expressions: string, method = "GET") {
  return handler(name, path, `res:write_json({${expressions}})`, { method });
}

test("the request line is read as it was sent [http.req.line]", async () => {
  const entries = echo("line", "/a/{x}", "req:method(), (req:path()), (req:host()), (req:remote_addr())");
  await withGateway(entries, async ({ json, port }) => {
    const [method, path, host, address] = await json("/a/b%20c?q=1") as string[];
    assert.deepEqual([method, path, host], ["GET", "/a/b c", `127.0.0.1:${port}`]);
    assert.match(address!, /^127\.0\.0\.1:\d+$/);
    const received = await raw(
      port,
      "GET /a/z HTTP/1.1\r\nHost: example.com:81\r\nConnection: close\r\n\r\n",
    );
    assert.match(received, /"example\.com:81"/);
  });
});

test("query gives the first value, query_params joins all of them [http.req.query] [http.req.query-params]", async () => {
  const code = `res:write_json({
    q = req:query("q"), tag = req:query("tag"), missing = req:query("none") == nil, all = req:query_params()
  })`;
  await withGateway(handler("query", "/q", code), async ({ json }) => {
    assert.deepEqual(await json("/q?tag=lua&q=a%20b+c&tag=go&empty="), {
      q: "a b c",
      tag: "lua",
      missing: true,
      all: { tag: "lua,go", q: "a b c", empty: "" },
    });
  });
});

test("headers are found in any spelling and joined [http.req.header]", async () => {
  const code = `res:write_json({
    canonical = req:header("X-Thing"), lower = req:header("x-thing"), none = req:header("X-None") == nil,
    utf8 = req:header("X-Name"), type = req:content_type(), length = req:content_length()
  })`;
  await withGateway(handler("headers", "/h", code, { method: "POST" }), async ({ port }) => {
    const received = await raw(
      port,
      "POST /h HTTP/1.1\r\nHost: a\r\nX-THING: one\r\nX-Thing: two\r\nX-Name: J\xc3\xb6rg\r\n" +
        "Content-Type: text/plain; charset=utf-8\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc",
    );
    const body = Buffer.from(received.slice(received.indexOf("\r\n\r\n") + 4), "latin1").toString("utf8");
    assert.deepEqual(JSON.parse(body), {
      canonical: "one, two",
      lower: "one, two",
      none: true,
      utf8: "Jörg",
      type: "text/plain; charset=utf-8",
      length: 3,
    });
  });
});

test("content length is -1 when unknown and 0 without a body [http.req.content_length] [http.req.has_body]", async () => {
  const entries = [
    ...echo("length", "/l", "(req:content_length()), (req:has_body())", "POST"),
    ...echo("none", "/n", "(req:content_length()), (req:has_body()), req:content_type() == nil"),
  ];
  await withGateway(entries, async ({ json, port }) => {
    assert.deepEqual(await json("/n"), [0, false, true]);
    assert.deepEqual(await json("/l", { method: "POST", body: "abcd" }), [4, true]);
    const chunked = await raw(
      port,
      "POST /l HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n1\r\na\r\n0\r\n\r\n",
    );
    assert.match(chunked, /\[-1,false\]$/);
  });
});

test("route parameters are read one by one and together [http.req.params] [http.route.param]", async () => {
  const entries = [
    router("api", "/orgs/{org}"),
    ...handler(
      "params",
      "/repos/:repo",
      `res:write_json({org = req:param("org"), repo = req:param("repo"), none = req:param("x") == nil, all = req:params()})`,
    ),
  ];
  await withGateway(entries, async ({ json }) => {
    assert.deepEqual(await json("/orgs/acme/repos/wid%2Fget"), {
      org: "acme",
      repo: "wid/get",
      none: true,
      all: { org: "acme", repo: "wid/get" },
    });
  });
});

test("a body is read whole, as often as wanted [http.req.body]", async () => {
  const code = `local first = req:body()
    local second = http.request():body()
    res:write(first .. "|" .. second)`;
  await withGateway(handler("body", "/b", code, { method: "POST" }), async ({ text, get }) => {
    assert.equal(await text("/b", { method: "POST", body: "hello" }), "hello|hello");
    const binary = Uint8Array.of(0, 255, 128, 10);
    const response = await get("/b", { method: "POST", body: binary });
    const back = new Uint8Array(await response.arrayBuffer());
    assert.deepEqual([...back], [...binary, 124, ...binary]);
    const large = "x".repeat(3_000_000);
    assert.equal((await text("/b", { method: "POST", body: large })).length, 6_000_001);
  });
});

test("bodies that are missing or too large are invalid [http.req.body.errors] [http.errors]", async () => {
  const code = `local limited = http.request({max_body = 10})
    local body, err = limited:body()
    res:write_json({body = body, kind = err and err:kind(), message = err and err:message(), retryable = err and err:retryable()})`;
  const entries = [
    ...handler("post", "/b", code, { method: "POST" }),
    ...handler("get", "/b", code),
  ];
  await withGateway(entries, async ({ json }) => {
    const tooLarge = { kind: "Invalid", message: "request body too large", retryable: false };
    assert.deepEqual(await json("/b", { method: "POST", body: "0123456789" }), { body: "0123456789" });
    assert.deepEqual(await json("/b", { method: "POST", body: "0123456789a" }), tooLarge);
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(4)),
    });
    const chunked = { method: "POST", body: endless, duplex: "half" } as RequestInit;
    assert.deepEqual(await json("/b", chunked), tooLarge);
    assert.deepEqual(await json("/b"), { kind: "Invalid", message: "no body", retryable: false });
  });
});

test("a body that does not come in time is internal [http.request] [http.req.body.errors]", async () => {
  const code = `local body, err = http.request({timeout = 50}):body()
    res:write_json({kind = err:kind(), message = err:message()})`;
  await withGateway(handler("slow", "/s", code, { method: "POST" }), async ({ port }) => {
    const received = await raw(
      port,
      "POST /s HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc",
      (text) => text.includes("}"),
    );
    assert.match(received, /"kind":"Internal"/);
    assert.match(received, /failed to read body: request timeout after 50ms/);
  });
});

test("a JSON body is decoded, a broken one invalid [http.req.body-json]", async () => {
  const code = `local data, err = req:body_json()
    if err then res:write_json({kind = err:kind(), message = err:message()}) return end
    res:write_json({name = data.name, third = data.list[3], whole = math.type(data.n)})`;
  await withGateway(handler("json", "/j", code, { method: "POST" }), async ({ json }) => {
    const body = '{"name":"é","list":[1,2,"x"],"n":5}';
    assert.deepEqual(await json("/j", { method: "POST", body }), { name: "é", third: "x", whole: "integer" });
    const broken = await json("/j", { method: "POST", body: "{" }) as { kind: string; message: string };
    assert.equal(broken.kind, "Invalid");
    assert.match(broken.message, /^invalid JSON/);
  });
});

test("content type and accept are compared as documented [http.req.checks] [http.req.is_content_type] [http.req.accepts]", async () => {
  const code = `res:write_json({
    (req:is_content_type("application/json")), (req:is_content_type("application/xml")),
    (req:accepts("application/json")), (req:accepts("text/html")), (req:accepts("text/*"))
  })`;
  await withGateway(handler("checks", "/c", code, { method: "POST" }), async ({ json }) => {
    const send = (accept: string) =>
      json("/c", {
        method: "POST",
        body: "{}",
        headers: { "content-type": "application/json; charset=utf-8", accept },
      });
    assert.deepEqual(await send("text/html, application/json"), [true, false, true, true, false]);
    assert.deepEqual(await send("*/*"), [true, false, true, true, true]);
    assert.deepEqual(await send("text/*, application/json;q=0.5"), [true, false, false, false, true]);
  });
  await withGateway(handler("none", "/n", 'res:write_json({(req:accepts("*/*"))})'), async ({ port }) => {
    const received = await raw(port, "GET /n HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert.match(received, /\[false\]$/);
  });
});

test("every request method gives a value and an error [http.req.results] [http.tostring]", async () => {
  const code = `res:write_json({
    select("#", req:method()), select("#", req:query("x")), select("#", req:params()), select("#", req:has_body()),
    tostring(req), tostring(res)
  })`;
  await withGateway(handler("results", "/r", code), async ({ json }) => {
    assert.deepEqual(await json("/r"), [2, 2, 2, 2, "http.Request{method=GET, path=/r}", "http.Response{}"]);
  });
});

test("a body can be taken as a stream of any length [http.req.stream]", async () => {
  const code = `local stream = req:stream()
    local total, reads, longest = 0, 0, 0
    while true do
      local chunk, err = stream:read(0)
      if err then res:set_status(400) res:write(err:message()) return end
      if not chunk then break end
      total, reads, longest = total + #chunk, reads + 1, math.max(longest, #chunk)
    end
    stream:close()
    local again, err = req:body()
    res:write_json({total, reads > 1, longest <= 32768, again == nil, err:kind()})`;
  await withGateway(handler("stream", "/s", code, { method: "POST" }), async ({ json }) => {
    const piece = new Uint8Array(100_000);
    let left = 100;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (left-- === 0) controller.close();
        else controller.enqueue(piece);
      },
    });
    const sent = { method: "POST", body, duplex: "half" } as RequestInit;
    assert.deepEqual(await json("/s", sent), [10_000_000, true, true, true, "Invalid"]);
  });
});

test("an upload that nobody reads is answered at once and never kept [http.req.body.errors]", async () => {
  const code = 'res:set_status(413) res:write("too much")';
  await withGateway(handler("refuse", "/r", code, { method: "POST" }), async ({ port }) => {
    const head = "POST /r HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\n";
    const received = await raw(port, head + "x".repeat(1000), (text) => text.includes("too much"));
    assert.match(received, /^HTTP\/1\.1 413/);
  });
});

test("forms have values and files [http.req.multipart]", async () => {
  const code = `local form, err = req:parse_multipart()
    if err then res:write_json({kind = err:kind(), message = err:message()}) return end
    local file = form.files.avatar[1]
    local content = file:stream():read(0)
    res:write_json({
      title = form.values.title, tags = form.values.tags, count = #form.files.docs, name = file:name(),
      size = file:size(), type = file:header("Content-Type"), content = content, shown = tostring(file)
    })`;
  await withGateway(handler("form", "/f", code, { method: "POST" }), async ({ json }) => {
    const form = new FormData();
    form.append("title", "Ä title");
    form.append("tags", "a");
    form.append("tags", "b");
    form.append("avatar", new Blob(["pixels"], { type: "image/png" }), "dir/photo.png");
    form.append("docs", new Blob(["1"]), "1.txt");
    form.append("docs", new Blob(["2"]), "2.txt");
    assert.deepEqual(await json("/f", { method: "POST", body: form }), {
      title: "Ä title",
      tags: ["a", "b"],
      count: 2,
      name: "photo.png",
      size: 6,
      type: "image/png",
      content: "pixels",
      shown: "http.MultipartFile{name=photo.png, size=6}",
    });
    assert.deepEqual(await json("/f", { method: "POST", body: "{}" }), {
      kind: "Invalid",
      message: "content type is not multipart/form-data",
    });
  });
});

test("files beyond the memory of a form wait in temporary files and go with the call [http.req.multipart]", async () => {
  const code = `local form = req:parse_multipart(1000)
    local parts, total = {}, 0
    for _, file in ipairs(form.files.f) do
      local stream = file:stream()
      local chunk = stream:read(65536)
      while chunk do
        total = total + #chunk
        parts[#parts + 1] = chunk:sub(1, 1)
        chunk = stream:read(65536)
      end
      stream:close()
    end
    res:write_json({total, table.concat(parts)})`;
  await withGateway(
    handler("spill", "/f", code, { method: "POST" }),
    async ({ json, application, until }) => {
      const { files, osVariable } = application.ports;
      const folder = osVariable("TMPDIR") ?? "/tmp";
      const uploads = () => files.list(folder).filter((file) => file.name.startsWith("wippy-upload-")).length;
      const before = uploads();
      const form = new FormData();
      form.append("f", new Blob(["a".repeat(600)]), "a");
      form.append("f", new Blob(["b".repeat(200_000)]), "b");
      form.append("f", new Blob(["c".repeat(300)]), "c");
      const [total, letters] = await json("/f", { method: "POST", body: form }) as [number, string];
      assert.equal(total, 200_900);
      assert.match(letters, /^ab+c$/);
      await until(() => uploads() === before, "temporary files to go");
    },
  );
});

test("outside a request there is no request [http.context] [http.response]", async () => {
  const outside = {
    name: "outside",
    kind: "function.lua",
    method: "main",
    modules: ["http"],
    source: `local http = require("http")
      return { main = function()
        local req, first = http.request()
        local res, second = http.response()
        return {req == nil, first:kind(), first:message(), res == nil, second:message()}
      end }`,
  };
  await withGateway([outside], async ({ call }) => {
    const message = "no HTTP request context found";
    assert.deepEqual(await call("app:outside"), [true, "Internal", message, true, message]);
  });
});

test("functions called by a handler see its request [http.context]", async () => {
  const inner = {
    name: "inner",
    kind: "function.lua",
    method: "main",
    modules: ["http"],
    source: `local http = require("http")
      return { main = function() return (http.request():path()) end }`,
  };
  const entries = [
    inner,
    ...handler("outer", "/outer", 'res:write(funcs.call("app:inner"))', { modules: ["funcs"] }),
  ];
  await withGateway(entries, async ({ text }) => assert.equal(await text("/outer"), "/outer"));
});
