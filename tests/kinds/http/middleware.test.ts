/** Middleware around routers. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { METRICS_ID, MetricsResource } from "../../../src/ports/mod.ts";
import { type EntryFields, handler, raw, router, withGateway } from "./gateway.ts";

const HELLO = handler("hello", "/hello", 'res:write("hello")');
const ADDRESS = handler("address", "/address", "res:write((req:remote_addr()))");

function withOptions(middleware: string[], options: EntryFields = {}): EntryFields {
  return router("api", "/", { middleware, options });
}

function preflight(origin: string, headers: Record<string, string> = {}): RequestInit {
  return { method: "OPTIONS", headers: { origin, "access-control-request-method": "GET", ...headers } };
}

test("cors answers preflight requests with its defaults [mw.cors.origins] [mw.cors.methods] [mw.cors.headers] [mw.cors.max-age] [http.route.options]", async () => {
  await withGateway([withOptions(["cors"]), ...HELLO], async ({ get }) => {
    for (const path of ["/hello", "/unknown"]) {
      const { status, headers } = await get(path, preflight("https://a.test"));
      assert.equal(status, 204);
      assert.equal(headers.get("access-control-allow-origin"), "*");
      assert.equal(headers.get("access-control-allow-methods"), "GET, POST, PUT, DELETE, OPTIONS, PATCH");
      assert.equal(
        headers.get("access-control-allow-headers"),
        "Origin, Content-Type, Accept, Authorization, X-Requested-With",
      );
      assert.equal(headers.get("access-control-max-age"), "86400");
      assert.equal(headers.get("access-control-allow-credentials"), null);
      assert.equal(headers.get("access-control-allow-private-network"), null);
    }
    const response = await get("/hello", { headers: { origin: "https://a.test" } });
    assert.equal(response.headers.get("access-control-allow-origin"), "*");
    assert.equal(response.headers.get("access-control-expose-headers"), null);
    assert.equal((await get("/hello")).headers.get("access-control-allow-origin"), null);
  });
});

test("cors options are applied [mw.cors.origins] [mw.cors.methods] [mw.cors.headers] [mw.cors.expose] [mw.cors.credentials] [mw.cors.max-age] [mw.cors.private]", async () => {
  const options = {
    "cors.allow.origins": "https://app.test, *.example.com",
    "cors.allow.methods": "GET,PUT",
    "cors.allow.headers": "X-One",
    "cors.expose.headers": "X-Total,X-Page",
    "cors.allow.credentials": "true",
    "cors.max.age": "60",
    "cors.allow.private.network": "true",
  };
  await withGateway([withOptions(["cors"], options), ...HELLO], async ({ get }) => {
    const wanted = preflight("https://x.example.com", { "access-control-request-private-network": "true" });
    const { headers } = await get("/hello", wanted);
    assert.equal(headers.get("access-control-allow-origin"), "https://x.example.com");
    assert.equal(headers.get("access-control-allow-methods"), "GET, PUT");
    assert.equal(headers.get("access-control-allow-headers"), "X-One");
    assert.equal(headers.get("access-control-allow-credentials"), "true");
    assert.equal(headers.get("access-control-max-age"), "60");
    assert.equal(headers.get("access-control-allow-private-network"), "true");
    assert.match(headers.get("vary")!, /Origin/);
    const refused = await get("/hello", preflight("https://evil.test"));
    assert.equal(refused.headers.get("access-control-allow-origin"), null);
    const response = await get("/hello", { headers: { origin: "https://app.test" } });
    assert.equal(response.headers.get("access-control-allow-origin"), "https://app.test");
    assert.equal(response.headers.get("access-control-expose-headers"), "X-Total, X-Page");
    const foreign = await get("/hello", { headers: { origin: "https://evil.test" } });
    assert.equal(foreign.headers.get("access-control-allow-origin"), null);
    assert.equal(await foreign.text(), "hello");
  });
});

test("with credentials the origin is named even when all are allowed [mw.cors.credentials]", async () => {
  await withGateway(
    [withOptions(["cors"], { "cors.allow.credentials": true }), ...HELLO],
    async ({ get }) => {
      const response = await get("/hello", { headers: { origin: "https://a.test" } });
      assert.equal(response.headers.get("access-control-allow-origin"), "https://a.test");
    },
  );
});

test("older forms of option names are read [mw.legacy-options] [http.mw.options]", async () => {
  for (const name of ["allow_origins", "allowed_origins", "cors_allow_origins", "cors.allow.origins"]) {
    await withGateway([withOptions(["cors"], { [name]: "https://a.test" }), ...HELLO], async ({ get }) => {
      const of = async (origin: string) =>
        (await get("/hello", { headers: { origin } })).headers.get("access-control-allow-origin");
      assert.equal(await of("https://a.test"), "https://a.test", name);
      assert.equal(await of("https://b.test"), null, name);
    });
  }
});

test("options that make no sense are refused [http.mw.options] [kind.http.router.middleware]", async () => {
  const refused = (names: string[], options: EntryFields, reason: RegExp) =>
    assert.rejects(withGateway([withOptions(names, options), ...HELLO], () => Promise.resolve()), reason);
  await refused(["nothing"], {}, /unknown middleware "nothing"; there are compress, cors/);
  await refused(["cors"], { "cors.max.age": "soon" }, /option cors\.max\.age must be a whole number/);
  await refused(["ratelimit"], { "ratelimit.window": "7d" }, /option ratelimit\.window must be a duration/);
  await refused(["ratelimit"], { "ratelimit.key": "colour" }, /option ratelimit\.key must be ip/);
  await refused(["compress"], { "compress.level": "most" }, /option compress\.level must be one of/);
  await refused(["real_ip"], { "real_ip.trusted.subnets": "home" }, /"home" is not a network/);
  await refused(["token_auth"], {}, /option token_auth\.store is required/);
  await refused(["sendfile"], {}, /option sendfile\.fs is required/);
});

test("a bucket of requests per client refills with time [mw.ratelimit] [mw.ratelimit.body]", async () => {
  const options = { "ratelimit.requests": "60", "ratelimit.window": "1m", "ratelimit.burst": "2" };
  await withGateway([withOptions(["ratelimit"], options), ...HELLO], async (app) => {
    const world = app.world!;
    const port = app.port;
    const send = async () => {
      const response = await world.http.fetch(new Request(`http://127.0.0.1:${port}/hello`));
      return { status: response.status, headers: response.headers, text: await response.text() };
    };
    assert.equal((await send()).status, 200);
    assert.equal((await send()).status, 200);
    const refused = await send();
    assert.equal(refused.status, 429);
    assert.equal(refused.text, "Rate limit exceeded");
    assert.equal(refused.headers.get("x-ratelimit-limit"), "60");
    assert.equal(refused.headers.get("x-ratelimit-window"), "1m");
    await world.clock.sleep(1000);
    assert.equal((await send()).status, 200);
    assert.equal((await send()).status, 429);
  }, { simulated: true });
});

test("the key of a bucket is the address, a header or a query parameter [mw.ratelimit.key] [mw.ratelimit.body]", async () => {
  const one = { "ratelimit.requests": 1, "ratelimit.burst": 1, "ratelimit.window": "1h" };
  const byHeader = withOptions(["ratelimit"], { ...one, "ratelimit.key": "header:X-API-Key" });
  await withGateway([byHeader, ...HELLO], async ({ get }) => {
    const of = async (key: string) => (await get("/hello", { headers: { "x-api-key": key } })).status;
    assert.deepEqual([await of("a"), await of("b"), await of("a")], [200, 200, 429]);
    assert.equal((await get("/hello")).status, 400);
  });
  const byQuery = withOptions(["ratelimit"], { ...one, "ratelimit.key": "query:api_key" });
  await withGateway([byQuery, ...HELLO], async ({ get }) => {
    const of = async (key: string) => (await get(`/hello?api_key=${key}`)).status;
    assert.deepEqual([await of("a"), await of("b"), await of("a")], [200, 200, 429]);
  });
  const byAddress = withOptions(["real_ip", "ratelimit"], one);
  await withGateway([byAddress, ...HELLO], async ({ get }) => {
    const of = async (ip: string) => (await get("/hello", { headers: { "x-real-ip": ip } })).status;
    assert.deepEqual([await of("203.0.113.1"), await of("203.0.113.2"), await of("203.0.113.1")], [
      200,
      200,
      429,
    ]);
  });
});

test("the table of buckets is bounded by number and by age [mw.ratelimit.table]", async () => {
  const one = {
    "ratelimit.requests": 1,
    "ratelimit.burst": 1,
    "ratelimit.window": "10h",
    "ratelimit.key": "query:k",
  };
  const small = withOptions(["ratelimit"], { ...one, "ratelimit.max_entries": 2 });
  await withGateway([small, ...HELLO], async ({ get }) => {
    const of = async (key: string) => (await get(`/hello?k=${key}`)).status;
    assert.deepEqual([await of("a"), await of("b"), await of("a")], [200, 200, 429]);
    // "b" was quiet longest and makes room.
    assert.deepEqual([await of("c"), await of("a"), await of("b")], [200, 429, 200]);
  });
  const brief = withOptions(["ratelimit"], {
    ...one,
    "ratelimit.cleanup_interval": "1m",
    "ratelimit.entry_ttl": "2m",
  });
  await withGateway([brief, ...HELLO], async (app) => {
    const world = app.world!;
    const of = async () =>
      (await world.http.fetch(new Request(`http://127.0.0.1:${app.port}/hello?k=a`))).status;
    assert.deepEqual([await of(), await of()], [200, 429]);
    await world.clock.sleep(61_000);
    assert.equal(await of(), 429);
    await world.clock.sleep(121_000);
    assert.equal(await of(), 200);
  }, { simulated: true });
});

test("long bodies are compressed for those who accept it [mw.compress]", async () => {
  const entries = [
    withOptions(["compress"]),
    ...handler("long", "/long", 'res:write(("lua "):rep(500))'),
    ...handler("short", "/short", 'res:write(("lua "):rep(200))'),
    ...handler("encoded", "/encoded", 'res:set_header("Content-Encoding", "br") res:write(("x"):rep(5000))'),
    ...handler("image", "/image", 'res:set_content_type("image/png") res:write(("x"):rep(5000))'),
    ...handler("huge", "/huge", 'for i = 1, 10 do res:write(("0123456789"):rep(10000)) end'),
  ];
  await withGateway(entries, async ({ port }) => {
    const ask = async (path: string, accept: string) => {
      const header = accept === "" ? "" : `Accept-Encoding: ${accept}\r\n`;
      const text = await raw(port, `GET ${path} HTTP/1.0\r\nHost: a\r\n${header}Connection: close\r\n\r\n`);
      const cut = text.indexOf("\r\n\r\n");
      const head = text.slice(0, cut).toLowerCase();
      return { head, body: Buffer.from(text.slice(cut + 4), "latin1") };
    };
    const long = await ask("/long", "deflate, gzip;q=0.8");
    assert.match(long.head, /content-encoding: gzip/);
    assert.match(long.head, /vary: accept-encoding/);
    assert.equal(gunzipSync(long.body).toString(), "lua ".repeat(500));
    for (
      const [path, accept] of [["/long", ""], ["/long", "br"], ["/long", "gzip;q=0"], ["/short", "gzip"], [
        "/image",
        "gzip",
      ]]
    ) {
      const plain = await ask(path!, accept!);
      assert.ok(!plain.head.includes("content-encoding"), `${path} ${accept}`);
    }
    assert.match((await ask("/encoded", "gzip")).head, /content-encoding: br/);
    const huge = await raw(
      port,
      "GET /huge HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n",
    );
    assert.match(huge, /content-encoding: gzip/i);
    assert.ok(huge.length < 50_000);
  });
  const eager = withOptions(["compress"], { "compress.min.length": "10", "compress.level": "best" });
  await withGateway([eager, ...handler("s", "/s", 'res:write(("ab"):rep(10))')], async ({ get }) => {
    const response = await get("/s", { headers: { "accept-encoding": "gzip" } });
    assert.equal(response.headers.get("content-encoding"), "gzip");
    assert.equal(await response.text(), "ab".repeat(10));
  });
});

test("the client's address comes from trusted proxies only, the first header first [mw.realip]", async () => {
  const ask = (options: EntryFields, headers: Record<string, string>): Promise<string> => {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    withGateway([withOptions(["real_ip"], options), ...ADDRESS], async ({ text }) => {
      resolve((await text("/address", { headers })).replace(/:\d+$/, ""));
    }).catch(reject);
    return promise;
  };
  const all = {
    "true-client-ip": "203.0.113.1",
    "x-real-ip": "203.0.113.2",
    "x-forwarded-for": "203.0.113.3, 10.0.0.1",
  };
  const { "true-client-ip": _first, ...two } = all;
  const { "x-real-ip": _second, ...one } = two;
  assert.equal(await ask({}, all), "203.0.113.1");
  assert.equal(await ask({}, two), "203.0.113.2");
  assert.equal(await ask({}, one), "203.0.113.3");
  assert.equal(await ask({}, { "x-real-ip": "not an address", ...one }), "203.0.113.3");
  assert.equal(await ask({ "real_ip.trusted.subnets": "10.0.0.0/8" }, all), "127.0.0.1");
  assert.equal(
    await ask({ "real_ip.trusted.subnets": "10.0.0.0/8", "real_ip.trust_all": "true" }, all),
    "203.0.113.1",
  );
  assert.equal(await ask({}, { "x-real-ip": "2001:db8::7" }), "[2001:db8::7]");
});

test("metrics count, time and gauge requests by function [mw.metrics] [http.route.label] [obs.metrics.http]", async () => {
  const entries = [withOptions(["metrics"]), ...HELLO, ...handler("bad", "/bad", 'error("x")')];
  await withGateway(entries, async ({ get, application }) => {
    const series: string[] = [];
    const note = (kind: string) => (name: string, value: number, labels: Readonly<Record<string, string>>) =>
      series.push(`${kind} ${name} ${kind === "time" ? value >= 0 : value} ${JSON.stringify(labels)}`);
    application.resources.provide(MetricsResource, METRICS_ID, {
      counterAdd: note("count"),
      gaugeAdd: note("gauge"),
      gaugeSet: note("set"),
      observe: note("time"),
      families: () => [],
    });
    await get("/hello");
    await get("/bad");
    await get("/none");
    const labels = (route: string, status: string) =>
      `{"method":"GET","route":"${route}","status":"${status}"}`;
    const expected = [["app:hello", "200"], ["app:bad", "500"], ["", "404"]].flatMap(([route, status]) => [
      'gauge wippy_http_requests_in_flight 1 {"method":"GET"}',
      'gauge wippy_http_requests_in_flight -1 {"method":"GET"}',
      `count wippy_http_requests_total 1 ${labels(route!, status!)}`,
      `time wippy_http_request_duration_seconds true ${labels(route!, status!)}`,
    ]);
    assert.deepEqual(series, expected);
  });
});

test("otel changes nothing while telemetry is off [mw.otel]", async () => {
  await withGateway([withOptions(["otel", "metrics"]), ...HELLO], async ({ text }) => {
    assert.equal(await text("/hello"), "hello");
  });
});

test("middleware before matching sees every request of the prefix, after it only matched ones [http.mw.phase] [kind.http.router.post]", async () => {
  const limited = router("api", "/api", {
    middleware: ["cors"],
    post_middleware: ["ratelimit"],
    post_options: { "ratelimit.requests": 1, "ratelimit.burst": 1, "ratelimit.window": "1h" },
  });
  await withGateway([limited, ...HELLO], async ({ get }) => {
    const of = async (path: string) => {
      const response = await get(path, { headers: { origin: "https://a.test" } });
      return [response.status, response.headers.get("access-control-allow-origin")];
    };
    assert.deepEqual(await of("/api/none"), [404, "*"]);
    assert.deepEqual(await of("/api/none"), [404, "*"]);
    assert.deepEqual(await of("/api/hello"), [200, "*"]);
    assert.deepEqual(await of("/api/hello"), [429, "*"]);
    assert.deepEqual(await of("/api/none"), [404, "*"]);
    assert.deepEqual(await of("/other"), [404, null]);
  });
});

test("middleware runs in the order it is listed [http.mw.order] [kind.http.router.middleware]", async () => {
  const options = { "ratelimit.requests": 1, "ratelimit.burst": 1, "ratelimit.window": "1h" };
  const second = async (names: string[]): Promise<string | null> => {
    let allowed: string | null = "";
    await withGateway([withOptions(names, options), ...HELLO], async ({ get }) => {
      const send = () => get("/hello", { headers: { origin: "https://a.test" } });
      await send();
      const refused = await send();
      assert.equal(refused.status, 429);
      allowed = refused.headers.get("access-control-allow-origin");
    });
    return allowed;
  };
  assert.equal(await second(["cors", "ratelimit"]), "*");
  assert.equal(await second(["ratelimit", "cors"]), null);
});

test("a handler names a file and the server sends it [mw.sendfile]", async () => {
  const code = (extra: string) => `res:set_header("X-Sendfile", (req:query("p")))\n${extra}`;
  const entries = [
    { name: "downloads", kind: "fs.directory", directory: "./downloads" },
    withOptions(["sendfile"], { "sendfile.fs": "downloads" }),
    ...handler("plain", "/plain", code("")),
    ...handler(
      "named",
      "/named",
      code('res:set_header("X-File-Name", "Bericht ü.txt") res:set_header("X-Own", "1")'),
    ),
    ...handler("typed", "/typed", code('res:set_content_type("text/special")')),
  ];
  await withGateway(entries, async ({ get }) => {
    const response = await get("/plain?p=a.txt");
    assert.equal(await response.text(), "0123456789");
    assert.equal(response.headers.get("x-sendfile"), null);
    assert.match(response.headers.get("content-type")!, /^text\/plain/);
    const named = await get("/named?p=a.txt", { headers: { range: "bytes=2-3" } });
    assert.equal(named.status, 206);
    assert.equal(await named.text(), "23");
    assert.equal(
      named.headers.get("content-disposition"),
      "attachment; filename=\"Bericht _.txt\"; filename*=UTF-8''Bericht%20%C3%BC.txt",
    );
    assert.equal(named.headers.get("x-own"), "1");
    assert.equal((await get("/typed?p=a.txt")).headers.get("content-type"), "text/special");
    for (const path of ["none.txt", "../secret.txt", ""]) {
      const missing = await get(`/plain?p=${path}`);
      assert.equal(missing.status, 404, path);
      await missing.text();
    }
  }, { files: { "downloads/a.txt": "0123456789", "secret.txt": "secret" } });
});
