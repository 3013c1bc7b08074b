/** Measurements written from Lua, as Prometheus reads them. */
import assert from "node:assert/strict";
import { type AddressInfo, createServer } from "node:net";
import { test } from "node:test";
import { METRIC_SERIES_MAX } from "../../src/core/mod.ts";
import { MetricCollector } from "../../src/app/metrics/mod.ts";
import { METRICS_ID, MetricsResource } from "../../src/ports/mod.ts";
import { type TestApplication, withApplication } from "../application.ts";

function entryOf(code: string): string {
  return `version: "1.0"
namespace: app
entries:
  - name: main
    kind: function.lua
    method: main
    modules: [metrics]
    source: |
      return { main = function()
${code.split("\n").map((line) => `        ${line}`).join("\n")}
      end }
`;
}

/** A port that nobody listens on. */
function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

function printed(app: TestApplication): string {
  return (app.application.resources.find(MetricsResource, METRICS_ID) as MetricCollector).print();
}

test("counters go up by one or by a value, per set of labels [metrics.counter]", async () => {
  const code = `
assert(metrics.counter_inc("requests_total", { method = "POST" }) == true)
metrics.counter_inc("requests_total", { method = "POST" })
metrics.counter_inc("requests_total", { method = "GET", code = 200 })
metrics.counter_inc("requests_total", { code = 200, method = "GET" })
assert(metrics.counter_add("bytes_total", 1024.5) == true)
local none, err = metrics.counter_add("bytes_total", -1)
assert(none == nil and err:kind() == errors.INVALID)
assert(select(2, metrics.counter_inc("")):kind() == errors.INVALID)
assert(not pcall(metrics.counter_add, "x", "much"))`;
  await withApplication(entryOf(code), async (app) => {
    await app.call("app:main");
    assert.equal(
      printed(app),
      `# TYPE bytes_total counter
bytes_total 1024.5
# TYPE requests_total counter
requests_total{method="POST"} 2
requests_total{code="200",method="GET"} 2
`,
    );
  });
  await withApplication(entryOf(`return select(2, metrics.counter_inc("x")):kind()`), async (app) => {
    app.application.resources.withdraw(METRICS_ID);
    assert.equal(await app.call("app:main"), "Internal");
  });
});

test("gauges are set, raised and lowered [metrics.gauge]", async () => {
  const code = `
assert(metrics.gauge_set("depth", 42, { queue = "a\\"b" }) == true)
metrics.gauge_set("depth", 7, { queue = "a\\"b" })
assert(metrics.gauge_inc("open") == true and metrics.gauge_inc("open") == true and metrics.gauge_dec("open") == true)
local none, err = metrics.counter_inc("open")
assert(none == nil and err:kind() == errors.INVALID, "a name has one type")`;
  await withApplication(entryOf(code), async (app) => {
    await app.call("app:main");
    assert.equal(
      printed(app),
      `# TYPE depth gauge
depth{queue="a\\"b"} 7
# TYPE open gauge
open 1
`,
    );
  });
});

test("histograms count observations in buckets [metrics.histogram]", async () => {
  const code = `
for _, seconds in ipairs({ 0.004, 0.005, 0.3, 20 }) do
  assert(metrics.histogram("duration_seconds", seconds, { method = "GET" }) == true)
end`;
  await withApplication(entryOf(code), async (app) => {
    await app.call("app:main");
    const lines = printed(app).split("\n");
    assert.equal(lines[0], "# TYPE duration_seconds histogram");
    assert.equal(lines[1], `duration_seconds_bucket{method="GET",le="0.005"} 2`);
    assert.ok(lines.includes(`duration_seconds_bucket{method="GET",le="0.25"} 2`));
    assert.ok(lines.includes(`duration_seconds_bucket{method="GET",le="0.5"} 3`));
    assert.ok(lines.includes(`duration_seconds_bucket{method="GET",le="10"} 3`));
    assert.deepEqual(lines.slice(-4), [
      `duration_seconds_bucket{method="GET",le="+Inf"} 4`,
      `duration_seconds_sum{method="GET"} 20.309`,
      `duration_seconds_count{method="GET"} 4`,
      "",
    ]);
  });
});

test("Prometheus reads /metrics where the configuration says, and nowhere else [config.prometheus]", async () => {
  const files = (address: string): Record<string, string> => ({
    "src/_index.yaml": entryOf(`metrics.counter_inc("calls_total")`),
    ".wippy.yaml": `prometheus:\n  enabled: true\n${address === "" ? "" : `  address: "${address}"\n`}`,
  });
  const address = `127.0.0.1:${await freePort()}`;
  await withApplication(files(address), async (app) => {
    await app.call("app:main");
    const response = await fetch(`http://${address}/metrics`);
    assert.equal(response.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    assert.equal(await response.text(), "# TYPE calls_total counter\ncalls_total 1\n");
    assert.equal((await fetch(`http://${address}/other`)).status, 404);
    assert.equal((await fetch(`http://${address}/metrics`, { method: "POST" })).status, 405);
  });
  await assert.rejects(fetch(`http://${address}/metrics`), "the server ends with the application");
  await withApplication(files(""), async (app) => {
    await app.call("app:main");
    assert.equal(app.logs.some(({ message }) => message === "serving metrics"), false);
  });
  await assert.rejects(withApplication(files("nowhere"), () => Promise.resolve()), /prometheus.address/);
});

test("labels that never repeat end in a limit, not in full memory", () => {
  const collector = new MetricCollector();
  for (let i = 0; i < METRIC_SERIES_MAX; i++) collector.counterAdd("ids", 1, { id: String(i) });
  collector.counterAdd("ids", 1, { id: "0" });
  assert.throws(() => collector.counterAdd("ids", 1, { id: "one more" }), { kind: "LimitExceeded" });
});

const CALLS = `version: "1.0"
namespace: app
entries:
  - name: inner
    kind: function.lua
    method: main
    modules: [time]
    source: |
      return { main = function(how)
        if how == "slow" then time.sleep("20ms") end
        if how == "fail" then return nil, "no" end
      end }
  - name: outer
    kind: function.lua
    method: main
    modules: [funcs]
    source: |
      return { main = function()
        funcs.call("app:inner")
        funcs.call("app:inner", "slow")
        funcs.async("app:inner", "fail"):channel():receive()
      end }
`;

test("the interceptor counts and times function calls, when it is switched on [config.metrics]", async () => {
  const enabled = { metrics: { interceptor: { enabled: true } } };
  await withApplication(CALLS, async (app) => {
    await app.call("app:outer");
    await assert.rejects(app.call("app:nobody"));
    const text = printed(app);
    const count = (labels: string): string | undefined =>
      new RegExp(`^wippy_function_calls_total\\{${labels}\\} (\\d+)$`, "m").exec(text)?.[1];
    assert.equal(count('function="app:inner",status="ok"'), "2");
    assert.equal(count('function="app:inner",status="error"'), "1");
    assert.equal(count('function="app:outer",status="ok"'), "1");
    assert.doesNotMatch(text, /app:nobody/);
    const within = (bound: string): string | undefined =>
      new RegExp(
        `^wippy_function_call_duration_seconds_bucket\\{function="app:inner",status="ok",le="${bound}"\\} (\\d+)$`,
        "m",
      ).exec(text)?.[1];
    assert.deepEqual([within("0.01"), within("0.025")], ["1", "2"]);
  }, { simulated: true, config: enabled });
  await withApplication(CALLS, async (app) => {
    await app.call("app:outer");
    assert.equal(printed(app), "", "off by default");
  }, { simulated: true });
});
