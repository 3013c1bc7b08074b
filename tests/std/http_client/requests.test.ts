/** Requests as Lua writes them and as a server sees them. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { asked } from "./peer.ts";

test("each method asks with its name; head has no body [httpc.methods]", () =>
  asked(
    `
for _, method in ipairs({ "get", "post", "put", "patch", "delete" }) do
  local response = assert(http_client[method](origin .. "/x?a=1"))
  assert(response.status_code == 200 and json.decode(response.body).method == method:upper())
end
local head = assert(http_client.head(origin .. "/teapot"))
assert(head.status_code == 418 and head.body == "" and head.body_size == 0)
local found = assert(http_client.request("PROPFIND", origin .. "/dav", { headers = { Depth = "1" } }))
assert(json.decode(found.body).headers.depth == "1")
assert(not pcall(http_client.get) and not pcall(http_client.request, "GET"))
local none, err = http_client.request("BAD METHOD", origin)
assert(none == nil and err:kind() == errors.INVALID and err:retryable() == false)`,
    ({ seen }) =>
      assert.deepEqual(
        seen.map(({ method, url }) => `${method} ${url}`),
        ["GET", "POST", "PUT", "PATCH", "DELETE"].map((method) => `${method} /x?a=1`).concat(
          "HEAD /teapot",
          "PROPFIND /dav",
        ),
      ),
  ));

test("headers, body, query, form and cookies go out as written [httpc.opt.body]", () =>
  asked(
    `
local function echo(method, path, options)
  return json.decode(assert(http_client[method](origin .. path, options)).body)
end
local seen = echo("post", "/a", { body = "bytes \\0\\255", headers = { ["X-One"] = "1", ["Content-Type"] = "text/plain", Count = 5 } })
assert(seen.headers["x-one"] == "1" and seen.headers["content-type"] == "text/plain" and seen.headers.count == "5")
assert(seen.headers["content-length"] == "8")
seen = echo("get", "/a?z=0", { query = { q = "lua programming&", page = 2, tag = { "x", "y" } }, cookies = { sid = "abc", theme = "dark" } })
assert(seen.url == "/a?z=0&page=2&q=lua+programming%26&tag=x&tag=y", seen.url)
assert(seen.headers.cookie == "sid=abc; theme=dark")
seen = echo("post", "/a", { form = { user = "ä b", pass = "p&=" }, body = "ignored", headers = { ["content-type"] = "text/x" } })
assert(seen.headers["content-type"] == "application/x-www-form-urlencoded")
assert(seen.body == "pass=p%26%3D&user=%C3%A4+b", seen.body)`,
    ({ seen }) => assert.equal(seen[0]!.body, "bytes \0\xff"),
  ));

test("files go out as parts, from texts, streams and files [httpc.opt.files]", () =>
  asked(
    `
local vol = fs.get("app:files")
vol:writefile("/big.bin", ("0123456789"):rep(50000))
local file = vol:open("/big.bin", "r")
local response = assert(http_client.post(origin .. "/up", { form = { title = "My Document" }, files = {
  { name = "attachment", filename = 're"port.pdf', content = "%PDF", content_type = "application/pdf" },
  { name = "big", reader = file },
} }))
assert(response.status_code == 200)
for _, bad in ipairs({ { content = "x" }, { name = "x" }, { name = "x", reader = 5 } }) do
  local none, err = http_client.post(origin .. "/up", { files = { bad } })
  assert(none == nil and err:kind() == errors.INVALID and err:message():find("files[1]", 1, true), tostring(err))
end`,
    ({ seen }) => {
      const { headers, body } = seen[0]!;
      const boundary = /^multipart\/form-data; boundary=(\w+)$/.exec(headers["content-type"]!)![1]!;
      const parts = body.split(`--${boundary}`);
      assert.equal(parts.length, 5);
      assert.equal(parts[1], '\r\nContent-Disposition: form-data; name="title"\r\n\r\nMy Document\r\n');
      assert.equal(
        parts[2],
        '\r\nContent-Disposition: form-data; name="attachment"; filename="re\\"port.pdf"\r\n' +
          "Content-Type: application/octet-stream\r\n\r\n%PDF\r\n",
      );
      assert.equal(parts[3]!.split("\r\n\r\n")[1], `${"0123456789".repeat(50_000)}\r\n`);
      assert.equal(parts[4], "--\r\n");
      assert.equal(headers["content-length"], String(body.length));
    },
  ));

test("basic credentials go to the host that was named, and no further [httpc.opt.auth]", () =>
  asked(
    `
local function authorization(path, options)
  return json.decode(assert(http_client.get(origin .. path, options)).body).headers.authorization
end
assert(authorization("/", { auth = { user = "admin", pass = "sécret" } }) == "Basic YWRtaW46c8OpY3JldA==")
assert(authorization("/", { auth = { user = "a", pass = "b" }, headers = { Authorization = "Bearer t" } }) == "Bearer t")
assert(authorization("/same", { auth = { user = "a", pass = "b" } }) == "Basic YTpi")
assert(authorization("/other", { auth = { user = "a", pass = "b" } }) == nil)
assert(authorization("/other", { headers = { Authorization = "Bearer t" } }) == nil)`,
    () => {},
    {
      paths: {
        "/same": (_request, response) => response.writeHead(302, { Location: "/x" }).end(),
        // Another name of this machine is another host.
        "/other": (request, response) =>
          response.writeHead(302, {
            Location: `http://${request.headers.host!.replace("127.0.0.1", "localhost")}/x`,
          }).end(),
      },
    },
  ));

test("redirects are followed as browsers do, at most ten [httpc.resp]", () =>
  asked(
    `
local function go(method, path, options)
  local response = assert(http_client[method](origin .. path, options))
  return json.decode(response.body), response.url
end
local seen, url = go("post", "/303", { body = "x" })
assert(seen.method == "GET" and seen.body == "" and url == origin .. "/end?n=1")
seen = go("post", "/307", { body = "again", headers = { ["Content-Type"] = "text/plain" } })
assert(seen.method == "POST" and seen.body == "again" and seen.headers["content-type"] == "text/plain")
seen = go("post", "/302", { body = "x", headers = { ["Content-Type"] = "text/plain" } })
assert(seen.method == "GET" and seen.headers["content-type"] == nil)
local none, err = http_client.get(origin .. "/loop")
assert(none == nil and err:kind() == errors.INTERNAL and err:message():find("stopped after 10 redirects"), tostring(err))
none, err = http_client.get(origin .. "/file")
assert(none == nil and err:kind() == errors.INTERNAL and err:message():find("redirect to file:"), tostring(err))`,
    ({ seen }) => assert.equal(seen.filter(({ url }) => url === "/loop").length, 11),
    {
      paths: {
        ...Object.fromEntries(
          [302, 303, 307].map((status) => [
            `/${status}`,
            (_request, response) => response.writeHead(status, { Location: "end?n=1" }).end(),
          ]),
        ),
        "/file": (_request, response) => response.writeHead(302, { Location: "file:///etc/passwd" }).end(),
      },
    },
  ));

test("a response has fields, no methods [httpc.resp]", () =>
  asked(`
local response = assert(http_client.get(origin .. "/cookies"))
assert(type(response) == "userdata" and tostring(response) == "httpclient.Response{status=200}")
assert(response.status_code == 200 and response.body == "set" and response.body_size == 3)
assert(response.headers["X-Many"] == "first" and response.headers["x-many"] == nil)
assert(response.cookies.a == "1" and response.cookies.b == "two")
assert(response.url == origin .. "/cookies" and response.stream == nil and response.other == nil)
assert(not pcall(function() return response:status_code() end))
assert(not pcall(function() response.body = "x" end))
assert(http_client.get(origin .. "/teapot").body == "short and stout")
local unpacked = assert(http_client.get(origin .. "/gzip"))
assert(unpacked.body == ("unpacked "):rep(1000) and unpacked.headers["Content-Encoding"] == nil)
local packed = assert(http_client.get(origin .. "/gzip", { headers = { ["Accept-Encoding"] = "gzip" } }))
assert(packed.body:sub(1, 2) == "\\31\\139" and packed.headers["Content-Encoding"] == "gzip")`));

test("timeouts are seconds or durations, 30 s by default [httpc.opt.timeout] [httpc.limits]", () =>
  asked(`
local function timed_out(path, timeout)
  local none, err = http_client.get(origin .. path, { timeout = timeout })
  assert(none == nil and err:kind() == errors.INTERNAL and err:retryable() == true, tostring(err))
  return err:message()
end
assert(timed_out("/never", 0.05):find("timed out after 0.05s", 1, true))
assert(timed_out("/never", "60ms"):find("timed out after 0.06s", 1, true))
assert(timed_out("/stall", "70ms"):find("timed out after 0.07s", 1, true))
for _, bad in ipairs({ -1, "soon", true }) do
  local none, err = http_client.get(origin .. "/", { timeout = bad })
  assert(none == nil and err:kind() == errors.INVALID and err:message():find("timeout"), tostring(err))
end`));

test("a streamed body is read in pieces and bounds each wait [httpc.opt.stream]", () =>
  asked(
    `
local response = assert(http_client.get(origin .. "/large", { stream = true, timeout = "5s" }))
assert(response.body == "" and response.body_size == -1 and response.status_code == 200)
local total = 0
while true do
  local chunk, err = response.stream:read(65536)
  assert(err == nil, tostring(err))
  if not chunk then break end
  total = total + #chunk
end
assert(total == 20 * 1048576, total)
assert(response.stream:close())
local slow = assert(http_client.get(origin .. "/stall", { stream = true, timeout = "80ms" }))
local stream = slow.stream
assert(stream:read() == "part")
local none, err = stream:read()
assert(none == nil and err:kind() == errors.INTERNAL and err:message():find("timed out"), tostring(err))
local limited = assert(http_client.get(origin .. "/large", { stream = true, max_response_body = 100000 }))
repeat none, err = limited.stream:read() until none == nil
assert(err:message() == "response body too large (max 100000 bytes)", tostring(err))`,
    () => {},
    {
      paths: {
        "/large": (_request, response) => {
          let left = 20;
          const part = Buffer.alloc(1_048_576, 65);
          const more = (): void => {
            while (left-- > 0) if (!response.write(part)) return void response.once("drain", more);
            response.end();
          };
          more();
        },
      },
    },
  ));

test("a body is bounded, also once unpacked; sockets are files [httpc.opt.limits] [httpc.limits]", async () => {
  await asked(
    `
local function too_large(path, limit)
  local none, err = http_client.get(origin .. path, { max_response_body = limit })
  assert(none == nil and err:message() == "response body too large (max " .. limit .. " bytes)", tostring(err))
end
too_large("/teapot", 14)
too_large("/gzip", 8999)
assert(http_client.get(origin .. "/teapot", { max_response_body = 15 }).body_size == 15)
assert(http_client.get(origin .. "/gzip", { max_response_body = 0 }).body_size == 9000)
local none, err = http_client.get(origin .. "/announced")
assert(none == nil and err:message() == "response body too large (max 125829120 bytes)", tostring(err))`,
    undefined,
    {
      paths: {
        "/announced": (_request, response) => {
          response.writeHead(200, { "Content-Length": String(120 * 1024 * 1024 + 1) });
          response.write("x");
        },
      },
    },
  );
  const folder = mkdtempSync(join(tmpdir(), "wippy-socket-"));
  try {
    const unixSocket = join(folder, "s");
    await asked(
      `
local response = assert(http_client.get("http://unix/path?x=1", { unix_socket = extra }))
assert(json.decode(response.body).url == "/path?x=1" and json.decode(response.body).headers.host == "unix")`,
      undefined,
      { unixSocket, extra: unixSocket },
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("a batch runs at once and keeps its order [httpc.batch]", async () => {
  let waiting: (() => void)[] = [];
  await asked(
    `
local responses, failures = http_client.request_batch({
  { "GET", origin .. "/meet?1" }, { "POST", origin .. "/meet?2", { body = "two" } }, { "GET", origin .. "/meet?3" },
})
assert(failures == nil)
for i, response in ipairs(responses) do assert(response.body == "met " .. i) end
responses, failures = http_client.request_batch({
  { "GET", origin .. "/teapot" }, { "GET", "http://127.0.0.1:1/" }, { "GET", "nonsense" }, { "GET", origin .. "/teapot" },
})
assert(responses[1].status_code == 418 and responses[2] == nil and responses[4].status_code == 418)
assert(failures[1] == nil and failures[2]:kind() == errors.INTERNAL and failures[3]:kind() == errors.INVALID and failures[4] == nil)
local none, err = http_client.request_batch({ { "GET", origin, { stream = true } } })
assert(none == nil and err:kind() == errors.INVALID and err:message():find("streaming"), tostring(err))
none, err = http_client.request_batch({ { "GET" } })
assert(none == nil and err:kind() == errors.INVALID and err:message():find("request 1"), tostring(err))
assert(#http_client.request_batch({}) == 0)`,
    undefined,
    {
      paths: {
        // Nobody is answered before all three are here.
        "/meet": (request, response) => {
          waiting.push(() => response.end(`met ${request.url!.split("?")[1]}`));
          if (waiting.length < 3) return;
          for (const answer of waiting.reverse()) answer();
          waiting = [];
        },
      },
    },
  );
});

test("texts are encoded for queries and decoded again [httpc.uri]", () =>
  asked(`
assert(http_client.encode_uri("hello world") == "hello+world")
assert(http_client.encode_uri("a&b=c/ü~-_.") == "a%26b%3Dc%2F%C3%BC~-_.")
assert(http_client.encode_uri("\\255") == "%FF")
assert(http_client.decode_uri("hello+world%21%c3%bc") == "hello world!ü")
assert(http_client.decode_uri("%FF") == "\\255")
for _, bad in ipairs({ "%", "%2", "%zz" }) do
  local none, err = http_client.decode_uri(bad)
  assert(none == nil and err:kind() == errors.INVALID and err:message():find("invalid URL escape", 1, true))
end`));

test("what can't be asked and what is not answered have their kinds [httpc.errors]", () =>
  asked(`
local function failed(kind, retryable, url, options)
  local none, err = http_client.get(url, options)
  assert(none == nil and err:kind() == kind and err:retryable() == retryable, tostring(err))
  return err:message()
end
for _, url in ipairs({ "", "nonsense", "ftp://example.com/", "http://" }) do
  assert(failed(errors.INVALID, false, url):find("invalid URL", 1, true))
end
assert(failed(errors.INVALID, false, origin, { headers = "x" }):find("headers"))
assert(failed(errors.INVALID, false, origin, { headers = { A = "x\\r\\nB: y" } }):find("headers.A"))
assert(failed(errors.INVALID, false, origin, { headers = { ["A B"] = "x" } }):find("headers"))
assert(failed(errors.INVALID, false, origin, { tls = { cert = "x" } }):find("together"))
assert(failed(errors.INTERNAL, true, "http://127.0.0.1:1/"):find("connection refused"))
assert(failed(errors.INTERNAL, true, "http://no.such.host.invalid/"):find("no such host"))
assert(failed(errors.INTERNAL, true, origin .. "/cut"))
assert(failed(errors.INTERNAL, true, "http://unix/", { unix_socket = "/nowhere/at.all" }))`));
