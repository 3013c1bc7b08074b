/** What handlers answer. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { handler, raw, withGateway } from "./gateway.ts";

test("status, headers and type are set before the first write [http.res.head]", async () => {
  const code = `res:set_status(http.STATUS.CREATED)
    res:set_header("X-Request-ID", "42")
    res:set_header("X-Name", "Jörg")
    res:set_content_type("text/html; charset=utf-8")
    res:write("<p>hi</p>")`;
  await withGateway(handler("head", "/h", code), async ({ get, port }) => {
    const response = await get("/h");
    assert.equal(response.status, 201);
    assert.equal(response.headers.get("x-request-id"), "42");
    assert.equal(response.headers.get("content-type"), "text/html; charset=utf-8");
    assert.equal(response.headers.get("content-length"), "9");
    const received = await raw(port, "GET /h HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert.match(received, /x-name: J\xc3\xb6rg\r\n/i);
  });
});

test("headers can't change once sent [http.res.late] [http.res.results] [http.errors]", async () => {
  const code = `local early = res:set_status(202)
    local count = select("#", res:write(""))
    local out = {early == nil, count}
    for _, err in ipairs({
      res:set_status(500), res:set_header("A", "b"), res:set_content_type("x/y"), res:set_transfer("chunked")
    }) do
      out[#out + 1] = err:kind() .. ": " .. err:message()
    end
    local late = res:write_event({name = "a", data = 1})
    out[#out + 1] = late:message()
    out[#out + 1] = late:details().type == http.ERROR.INVALID_STATE
    res:write_json(out)`;
  await withGateway(handler("late", "/l", code), async ({ get }) => {
    const response = await get("/l");
    assert.equal(response.status, 202);
    assert.deepEqual(await response.json(), [
      true,
      1,
      "Invalid: cannot set status after headers are sent",
      "Invalid: cannot set headers after they are sent",
      "Invalid: cannot set content type after headers are sent",
      "Invalid: cannot set transfer mode after headers are sent",
      "cannot switch to SSE mode after headers are sent",
      true,
    ]);
  });
});

test("writes append, JSON sets its type, values that have no JSON are invalid [http.res.body] [http.res.json]", async () => {
  const entries = [
    ...handler("write", "/w", 'res:write("a") res:write("b") res:write(12)'),
    ...handler("json", "/j", 'res:write_json({n = 1, list = {1, 2}, s = "x"})'),
    ...handler(
      "bad",
      "/b",
      `local loop = {}
       loop.self = loop
       local err = res:write_json(loop)
       res:write_json({kind = err:kind()})`,
    ),
  ];
  await withGateway(entries, async ({ get, text, json }) => {
    assert.equal(await text("/w"), "ab12");
    assert.equal((await get("/w")).headers.get("content-type"), "text/plain; charset=utf-8");
    const response = await get("/j");
    assert.equal(response.headers.get("content-type"), "application/json");
    assert.deepEqual(await response.json(), { n: 1, list: [1, 2], s: "x" });
    assert.deepEqual(await json("/b"), { kind: "Invalid" });
  });
});

test("bytes go out as they are, a page is recognised [http.res.body]", async () => {
  const entries = [
    ...handler("bytes", "/b", 'res:write("\\0\\xff") res:write("\\x80é")'),
    ...handler("page", "/p", 'res:write("<!DOCTYPE html><p>x</p>")'),
  ];
  await withGateway(entries, async ({ get }) => {
    const response = await get("/b");
    assert.deepEqual([...new Uint8Array(await response.arrayBuffer())], [0, 255, 128, 195, 169]);
    assert.equal(response.headers.get("content-type"), "application/octet-stream");
    assert.equal((await get("/p")).headers.get("content-type"), "text/html; charset=utf-8");
  });
});

test("a flushed response arrives while its handler goes on [http.res.transfer] [http.res.body]", async () => {
  const code = `res:set_transfer(http.TRANSFER.CHUNKED)
    res:write("first ")
    res:flush()
    process.inbox():receive()`;
  const entries = handler("flush", "/f", code);
  await withGateway(entries, async ({ get }) => {
    const abort = new AbortController();
    const response = await get("/f", { signal: abort.signal });
    const reader = response.body!.getReader();
    const { value } = await reader.read();
    assert.equal(new TextDecoder().decode(value), "first ");
    assert.equal(response.headers.get("transfer-encoding"), "chunked");
    abort.abort();
  });
});

test("a handler that writes faster than its client reads waits [http.res.body]", async () => {
  const code = `local piece = ("x"):rep(100000)
    for i = 1, 200 do
      local err = res:write(piece)
      if err then error(err:message()) end
    end`;
  await withGateway(handler("large", "/l", code), async ({ get }) => {
    const response = await get("/l");
    let length = 0;
    for await (const chunk of response.body!) length += chunk.length;
    assert.equal(length, 20_000_000);
  });
});

test("events switch the response to a stream of events [sse.direct] [http.res.event]", async () => {
  const code = `res:write_event({name = "status", data = {state = "started"}})
    res:write_event({name = "text", data = "two words"})
    res:write_event({name = "n", data = 5})`;
  await withGateway(handler("events", "/e", code), async ({ get }) => {
    const response = await get("/e");
    assert.equal(response.headers.get("content-type"), "text/event-stream");
    assert.equal(response.headers.get("cache-control"), "no-cache");
    assert.equal(
      await response.text(),
      'event: status\ndata: {"state":"started"}\n\nevent: text\ndata: "two words"\n\nevent: n\ndata: 5\n\n',
    );
  });
});

test("an event without name or data raises [http.res.event]", async () => {
  const code = `local ok, first = pcall(res.write_event, res, {data = 1})
    local ok2, second = pcall(res.write_event, res, {name = "x"})
    res:write_json({ok, tostring(first), ok2, tostring(second)})`;
  await withGateway(handler("wrong", "/w", code), async ({ json }) => {
    const [ok, first, ok2, second] = await json("/w") as [boolean, string, boolean, string];
    assert.deepEqual([ok, ok2], [false, false]);
    assert.match(first, /name is required/);
    assert.match(second, /data is required/);
  });
});

test("an event stream reaches the client event by event [http.res.transfer] [sse.direct]", async () => {
  const code = `res:set_transfer(http.TRANSFER.SSE)
    for i = 1, 3 do
      res:write_event({name = "tick", data = i})
      time.sleep("1ms")
    end`;
  await withGateway(handler("ticks", "/t", code, { modules: ["time"] }), async ({ get }) => {
    const response = await get("/t");
    assert.equal(response.headers.get("content-type"), "text/event-stream");
    assert.deepEqual((await response.text()).match(/data: \d/g), ["data: 1", "data: 2", "data: 3"]);
  });
});

test("the response is a writable stream too [http.res.stream]", async () => {
  const code = `local out = res:stream()
    res:set_content_type("application/zip")
    local written = out:write("PK")
    out:write("...")
    local info = out:stat()
    out:close()
    res:write(tostring(written) .. tostring(info.writable) .. tostring(info.readable))`;
  await withGateway(handler("stream", "/s", code), async ({ get }) => {
    const response = await get("/s");
    assert.equal(response.headers.get("content-type"), "application/zip");
    assert.equal(await response.text(), "PK...2truefalse");
  });
});

test("a failure before any output is 500 with its message, after output it stands [http.handler.error]", async () => {
  const entries = [
    ...handler("raised", "/raised", 'error("boom")'),
    ...handler("returned", "/returned", 'return nil, "no such thing"'),
    ...handler("object", "/object", 'return nil, errors.new({message = "gone", kind = errors.NOT_FOUND})'),
    ...handler("after", "/after", 'res:set_status(201) res:write("done") error("late")'),
    ...handler("headers", "/headers", 'res:set_header("A", "b") error("early")'),
  ];
  await withGateway(entries, async ({ get, logs }) => {
    const answer = async (path: string) => {
      const response = await get(path);
      return [response.status, response.headers.get("content-type"), await response.text()];
    };
    const plain = "text/plain; charset=utf-8";
    const [status, type, message] = await answer("/raised");
    assert.deepEqual([status, type], [500, plain]);
    assert.match(String(message), /^app:raised:\d+: boom$/);
    assert.deepEqual(await answer("/returned"), [500, plain, "no such thing"]);
    assert.deepEqual(await answer("/object"), [500, plain, "gone"]);
    assert.deepEqual(await answer("/after"), [201, plain, "done"]);
    assert.equal((await answer("/headers"))[0], 500);
    assert.ok(
      logs.some((record) => record.message === "request failed" && record.fields["function"] === "app:after"),
    );
  });
});

test("an unknown function is 500 [http.handler.error]", async () => {
  const entry = {
    name: "e",
    kind: "http.endpoint",
    meta: { router: "api" },
    method: "GET",
    path: "/x",
    func: "nowhere",
  };
  const boot = withGateway([entry], async ({ get }) => {
    const response = await get("/x");
    assert.equal(response.status, 500);
    assert.equal(await response.text(), "no handler registered for target");
  });
  // The registry may refuse the dangling reference already.
  await boot.catch((error: Error) => assert.match(error.message, /app:nowhere/));
});

test("a handler that writes nothing is judged by what it returns [http.handler.return] [http.handler.handled]", async () => {
  const entries = [
    ...handler("nothing", "/nothing", ""),
    ...handler("status", "/status", "res:set_status(204)"),
    ...handler("value", "/value", "return {a = 1}"),
    ...handler("header", "/header", 'res:set_header("X-A", "b")'),
    ...handler("flush", "/flush", "res:set_status(204) res:flush()"),
    ...handler("empty", "/empty", 'res:write("")'),
  ];
  await withGateway(entries, async ({ get }) => {
    const answer = async (path: string) => {
      const response = await get(path);
      return [response.status, await response.text()];
    };
    assert.deepEqual(await answer("/nothing"), [500, "no response sent"]);
    assert.deepEqual(await answer("/status"), [500, "no response sent"]);
    assert.deepEqual(await answer("/value"), [200, ""]);
    assert.equal((await get("/value")).headers.get("content-type"), "application/json");
    assert.deepEqual(await answer("/header"), [200, ""]);
    assert.deepEqual(await answer("/flush"), [204, ""]);
    assert.deepEqual(await answer("/empty"), [200, ""]);
  });
});

test("statuses and headers that HTTP does not know are invalid [http.res.head]", async () => {
  const code = `local out = {}
    for _, err in ipairs({
      res:set_status(99), res:set_status(700), res:set_header("bad name", "x"), res:set_header("X", "a\\nb"),
      res:set_transfer("fast")
    }) do out[#out + 1] = err:kind() end
    res:write_json(out)`;
  await withGateway(handler("invalid", "/i", code), async ({ json }) => {
    assert.deepEqual(await json("/i"), Array(5).fill("Invalid"));
  });
});

test("HEAD has the headers of GET and no body", async () => {
  await withGateway(handler("get", "/g", 'res:write("12345")'), async ({ port }) => {
    const received = await raw(port, "HEAD /g HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert.match(received, /content-length: 5\r\n/i);
    assert.ok(received.endsWith("\r\n\r\n"), received);
  });
});

test("a client that leaves cancels its call [http.handler.error]", async () => {
  const code =
    `local guard <close> = setmetatable({}, {__close = function() events.send("test", "gone", "/") end})
    events.send("test", "waiting", "/")
    process.inbox():receive()`;
  await withGateway(
    handler("wait", "/w", code, { modules: ["events"] }),
    async ({ get, application, until }) => {
      const seen: string[] = [];
      application.bus.subscribe("test", "*", (event) => seen.push(event.kind));
      const abort = new AbortController();
      const request = get("/w", { signal: abort.signal }).catch((error: Error) => error.name);
      await until(() => seen.includes("waiting"), "the handler to wait");
      abort.abort();
      assert.equal(await request, "AbortError");
      await until(() => seen.includes("gone"), "the handler to end");
    },
  );
});
