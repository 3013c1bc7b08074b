/** Traces: what is a span, what it belongs to, and where it goes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Value } from "../../src/core/mod.ts";
import { startApplication, type TestApplication } from "../application.ts";
import { type CommandEnd, inFolder, start } from "../cli/wippy.ts";
import { definition, handler, portOf, router, server } from "../kinds/http/gateway.ts";
import { entry, HEAD, main } from "../lua_entries.ts";
import { collect, collectByGrpc, type Collector } from "./collector.ts";

const PARENT = { trace: "0af7651916cd43dd8448eb211c80319c", span: "b7ad6b7169203331" };
const TRACEPARENT = `00-${PARENT.trace}-${PARENT.span}-01`;

/** Runs `body` in an application that is traced; what was sent until it has ended. */
async function traced(
  project: string,
  body: (app: TestApplication) => Promise<void>,
  otel: Record<string, Value> = {},
  open: () => Promise<Collector> = collect,
): Promise<Collector> {
  const collector = await open();
  try {
    const endpoint = `127.0.0.1:${collector.port}`;
    const { app, stop } = await startApplication(project, {
      config: { otel: { enabled: true, endpoint, ...otel } },
    });
    try {
      await body(app);
    } finally {
      await stop();
    }
  } finally {
    await collector.close();
  }
  return collector;
}

const SITE = definition([
  server(),
  router("api", "/api", { middleware: ["otel"] }),
  ...handler(
    "item",
    "/items/{id}",
    `local funcs, http_client = require("funcs"), require("http_client")
local found = assert(funcs.call("app:find", req:param("id")))
local echoed = assert(http_client.get(req:query("ask")))
res:write_json({ found = found, echoed = echoed.body })`,
    { modules: ["funcs", "http_client"] },
  ),
  ...handler("echo", "/echo", `res:write(req:header("traceparent") or "none")`),
  ...handler("broken", "/broken", `error("no way")`),
  { name: "find", kind: "function.lua", method: "main", source: main("return 'found ' .. ...") },
]);

function ask(app: TestApplication, headers: Record<string, string> = {}): Promise<Response> {
  const base = `http://127.0.0.1:${portOf(app)}/api`;
  return fetch(`${base}/items/7?ask=${encodeURIComponent(`${base}/echo`)}`, { headers });
}

test("a request is a span inside of the trace that its headers tell of [obs.span.http] [mw.otel]", async () => {
  let port = 0;
  const { one, spans } = await traced(SITE, async (app) => {
    port = portOf(app);
    const answer = await ask(app, { traceparent: TRACEPARENT });
    assert.equal(answer.status, 200);
    await answer.text();
    await (await fetch(`http://127.0.0.1:${port}/api/broken`)).text();
    await (await fetch(`http://127.0.0.1:${port}/api/nowhere`)).text();
  });
  const { attributes, error, kind, parentId, traceId } = one("GET /api/items/{id}");
  assert.deepEqual([traceId, parentId, kind, error], [PARENT.trace, PARENT.span, 2, undefined]);
  assert.equal(attributes["http.method"], "GET");
  assert.equal(attributes["http.host"], `127.0.0.1:${port}`);
  assert.match(String(attributes["http.url"]), /^http:\/\/127\.0\.0\.1:\d+\/api\/items\/7\?ask=/);
  assert.equal(attributes["http.status_code"], 200);
  assert.equal(one("GET /api/broken").error, "answered with 500");
  assert.notEqual(one("GET /api/broken").traceId, PARENT.trace);
  assert.deepEqual(
    spans.filter(({ name }) => name === "GET").map((span) => span.attributes["http.status_code"]),
    [404],
  );
});

test("a call of a function is a span inside of who calls it, with its process and the number of its frame [obs.span.call]", async () => {
  const { one } = await traced(SITE, async (app) => void await (await ask(app)).text());
  const [request, item, find] = [one("GET /api/items/{id}"), one("app:item"), one("app:find")];
  assert.equal(request.parentId, "");
  assert.deepEqual([item.traceId, item.parentId, item.kind], [request.traceId, request.spanId, 1]);
  assert.deepEqual([find.traceId, find.parentId], [request.traceId, item.spanId]);
  assert.match(String(item.attributes["process.pid"]), /^\{.*app:item\|0x/);
  assert.match(String(find.attributes["process.pid"]), /^\{.*app:find\|0x/);
  assert.ok(Number(find.attributes["frame.id"]) > Number(item.attributes["frame.id"]));
});

test("requests that are sent tell what they are part of [obs.propagation]", async () => {
  let echoed = "";
  const { one } = await traced(SITE, async (app) => {
    const answer = await ask(app, { traceparent: TRACEPARENT });
    ({ echoed } = await answer.json() as { echoed: string });
  });
  assert.equal(echoed, `00-${PARENT.trace}-${one("app:item").spanId}-01`);
  assert.equal(one("GET /api/echo").parentId, one("app:item").spanId);
  assert.equal(one("app:echo").traceId, PARENT.trace);
});

const PROCESSES = HEAD +
  entry("worker", "process.lua", main("if ... == 'fail' then error('no more') end"), "method: main") +
  entry(
    "parent",
    "process.lua",
    main(`process.spawn("app:worker", "app:host", "well") process.spawn("app:worker", "app:host", "well")`),
    "method: main",
  ) +
  entry("begin", "function.lua", main(`return process.spawn("app:parent", "app:host")`), "method: main") +
  entry(
    "fail",
    "function.lua",
    main(`process.spawn_monitored("app:worker", "app:host", "fail") return process.events():receive().kind`),
    "method: main",
  );

test("starts and ends of processes are spans inside of who started them [obs.span.process]", async () => {
  const { one, spans } = await traced(PROCESSES, async (app) => {
    await app.call("app:begin");
    await app.until(() => app.application.runtime.book.size === 0, "the processes have ended");
  });
  const [begin, parent] = [one("app:begin"), one("app:parent.started")];
  assert.deepEqual([parent.traceId, parent.parentId], [begin.traceId, begin.spanId]);
  const end = one("app:parent.terminated");
  assert.deepEqual([end.parentId, end.error], [parent.spanId, undefined]);
  assert.equal(end.attributes["process.pid"], parent.attributes["process.pid"]);
  const workers = spans.filter(({ name }) => name === "app:worker.started");
  assert.deepEqual(workers.map(({ parentId }) => parentId), [parent.spanId, parent.spanId]);
  assert.equal(new Set(workers.map(({ attributes }) => attributes["process.pid"])).size, 2);
});

test("a process that fails ends with its error [obs.span.process]", async () => {
  const { one } = await traced(PROCESSES, async (app) => {
    assert.equal(await app.call("app:fail"), "pid.exit");
  });
  assert.match(one("app:worker.terminated").error ?? "", /no more/);
});

const QUEUE = HEAD +
  `  - { name: driver, kind: queue.driver.memory, lifecycle: { auto_start: true } }
  - { name: jobs, kind: queue.queue, driver: driver }
  - { name: consumer, kind: queue.consumer, queue: jobs, func: handle, lifecycle: { auto_start: true } }
` +
  entry(
    "publish",
    "function.lua",
    main(`assert(queue.publish("app:jobs", "a job"))`),
    "method: main\nmodules: [queue]",
  ) +
  entry(
    "handle",
    "function.lua",
    main(`logger:info("handled", { header = queue.message():header("traceparent") or "none" })`),
    "method: main\nmodules: [queue, logger]",
  );

test("handling a message is a span inside of who has published it [obs.span.queue]", async () => {
  let header: unknown;
  const { one } = await traced(QUEUE, async (app) => {
    await app.call("app:publish");
    const handled = await app.until(
      () => app.logs.find(({ message }) => message === "handled"),
      "it is handled",
    );
    header = handled.fields["header"];
  });
  const [publish, message, handle] = [one("app:publish"), one("app:jobs"), one("app:handle")];
  assert.deepEqual([message.traceId, message.parentId, message.kind], [publish.traceId, publish.spanId, 5]);
  assert.equal(handle.parentId, message.spanId);
  assert.equal(header, `00-${publish.traceId}-${publish.spanId}-01`);
});

test("each source of spans has a switch [config.otel.sources]", async () => {
  const names = async (otel: Record<string, Value>, project = SITE): Promise<string[]> => {
    const { spans } = await traced(project, async (app) => {
      if (project === SITE) await (await ask(app, { traceparent: TRACEPARENT })).text();
      else if (project === QUEUE) {
        await app.call("app:publish");
        await app.until(() => app.logs.some(({ message }) => message === "handled"), "it is handled");
      } else {
        await app.call("app:begin");
        await app.until(() => app.application.runtime.book.size === 0, "the processes have ended");
      }
    }, otel);
    return [
      ...new Set(spans.map(({ name, traceId }) => `${name}${traceId === PARENT.trace ? " within" : ""}`)),
    ].sort();
  };
  assert.deepEqual(await names({ http: { enabled: false } }), ["app:echo", "app:find", "app:item"]);
  assert.deepEqual(await names({ interceptor: { enabled: false } }), [
    "GET /api/echo within",
    "GET /api/items/{id} within",
  ]);
  assert.deepEqual(await names({ http: { extract_headers: false } }), [
    "GET /api/echo",
    "GET /api/items/{id}",
    "app:echo",
    "app:find",
    "app:item",
  ]);
  assert.deepEqual(await names({ http: { inject_headers: false } }), [
    "GET /api/echo",
    "GET /api/items/{id} within",
    "app:echo",
    "app:find within",
    "app:item within",
  ]);
  assert.deepEqual(await names({ process: { trace_lifecycle: false } }, PROCESSES), ["app:begin"]);
  assert.deepEqual(await names({ process: { enabled: false } }, PROCESSES), ["app:begin"]);
  assert.deepEqual(await names({ queue: { enabled: false } }, QUEUE), ["app:handle", "app:publish"]);
  assert.deepEqual(await names({ traces_enabled: false }), []);
});

test("telemetry is off until it is enabled, and goes to the address, by the protocol and under the name that are said [config.otel.base]", async () => {
  const settings = { service_name: "shop", service_version: "1.2.3" };
  const call = async (app: TestApplication): Promise<void> => void await app.call("app:begin");
  const overHttp = await traced(PROCESSES, call, settings);
  assert.deepEqual([...new Set(overHttp.requests)], ["POST /v1/traces application/x-protobuf"]);
  const { resource } = overHttp.one("app:begin");
  assert.deepEqual([resource["service.name"], resource["service.version"]], ["shop", "1.2.3"]);
  assert.deepEqual(overHttp.measured, []);
  const overGrpc = await traced(PROCESSES, call, { protocol: "grpc", metrics_enabled: true }, collectByGrpc);
  assert.equal(overGrpc.one("app:begin").resource["service.name"], "wippy-runtime");
  assert.deepEqual((await traced(PROCESSES, call, { enabled: false })).requests, []);
});

const METERS = HEAD +
  entry(
    "measure",
    "function.lua",
    main(`metrics.counter_add("sold_total", 3, { what = "tea" })
metrics.gauge_set("stock", -1.5)
metrics.histogram("took", 0.3, { step = "pay" })
metrics.histogram("took", 40, { step = "pay" })`),
    "method: main\nmodules: [metrics]",
  );

test("measurements are sent when they are wanted, also without traces [config.otel.base]", async () => {
  const measure = async (app: TestApplication): Promise<void> => void await app.call("app:measure");
  const expected = [
    "counter sold_total{what=tea} 3",
    "gauge stock{} -1.5",
    "histogram took{step=pay} 0 0 0 0 0 0 1 0 0 0 0 1 of 2 sum 40.3",
  ];
  for (const [protocol, open] of [["http/protobuf", collect], ["grpc", collectByGrpc]] as const) {
    const settings = { protocol, metrics_enabled: true, traces_enabled: false };
    const { measured, spans } = await traced(METERS, measure, settings, open);
    assert.deepEqual(measured.sort(), expected);
    assert.deepEqual(spans, []);
  }
});

test("a part of the traces that begin here is sent, and those that others began as they want it [config.otel.base]", async () => {
  const { spans } = await traced(SITE, async (app) => {
    await (await ask(app)).text();
    await (await ask(app, { traceparent: TRACEPARENT })).text();
  }, { sample_rate: 0 });
  assert.ok(spans.length > 0);
  assert.deepEqual([...new Set(spans.map(({ traceId }) => traceId))], [PARENT.trace]);
});

const CALLED = { "src/_index.yaml": HEAD + entry("begin", "function.lua", main("return 1"), "method: main") };

test("variables of the environment have their say over the configuration [config.otel.env]", async () => {
  const yaml = "otel: { enabled: true, endpoint: '127.0.0.1:1' }\n";
  await inFolder({ ...CALLED, ".wippy.yaml": yaml }, async (cwd) => {
    const run = async (variables: Record<string, string>): Promise<Collector & CommandEnd> => {
      const collector = await collect();
      const env = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${collector.port}`, ...variables };
      const end = await start(["call", "app:begin"], { cwd, env }).ended;
      await collector.close();
      return { ...collector, ...end };
    };
    const named = await run({ OTEL_SERVICE_NAME: "named", OTEL_SERVICE_VERSION: "3" });
    assert.equal(named.code, 0, named.stderr);
    const { resource } = named.one("app:begin");
    assert.deepEqual([resource["service.name"], resource["service.version"]], ["named", "3"]);
    assert.deepEqual((await run({ OTEL_SDK_DISABLED: "true" })).requests, []);
    assert.deepEqual((await run({ OTEL_TRACES_SAMPLER_ARG: "0" })).requests, []);
    const unknown = await run({ OTEL_PROPAGATORS: "tracecontext,b3" });
    assert.equal(unknown.code, 1);
    assert.match(unknown.stderr, /otel\.propagators: unknown "b3"; there are tracecontext, baggage/);
    const protocol = await run({ OTEL_EXPORTER_OTLP_PROTOCOL: "carrier pigeon" });
    assert.match(protocol.stderr, /otel\.protocol.*http\/protobuf, grpc/);
  });
});

test("a collector that is not there costs its spans and a warning, and holds up nobody", async () => {
  const { app, stop } = await startApplication(PROCESSES, {
    config: { otel: { enabled: true, endpoint: "127.0.0.1:1" } },
  });
  assert.notEqual(await app.call("app:begin"), null);
  await stop();
  const warned = app.logs.find(({ message }) => message === "telemetry could not be sent");
  assert.match(String(warned?.fields["error"]), /ECONNREFUSED|refused|connect/i, JSON.stringify(app.logs));
});

test("endpoints that there can't be, or that are not safe, are refused [config.otel.base]", async () => {
  const refused = async (otel: Record<string, Value>): Promise<string> => {
    try {
      const { stop } = await startApplication(PROCESSES, { config: { otel: { enabled: true, ...otel } } });
      await stop();
      return "";
    } catch (error) {
      return (error as Error).message;
    }
  };
  assert.match(
    await refused({ endpoint: "ftp://there" }),
    /otel\.endpoint: ftp:\/\/there is neither http nor https/,
  );
  assert.match(await refused({ endpoint: "http://[" }), /otel\.endpoint: http:\/\/\[ is no address/);
  assert.match(
    await refused({ endpoint: "http://there", insecure: false }),
    /would be sent telemetry in plain text/,
  );
});
