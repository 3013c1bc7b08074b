/** What an application counts, as Prometheus reads it. */
import assert from "node:assert/strict";
import { createServer } from "node:net";
import { test } from "node:test";
import { ask, withProject } from "./application.ts";

/** The address of the measurements is not logged with its port: one that is free is chosen here. */
function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

test("counters, gauges and histograms are served to Prometheus; memory is told to Lua [j.metrics] [j.http]", async () => {
  await withProject("meters", async (project) => {
    const metrics = `127.0.0.1:${await freePort()}`;
    const application = await project.serveHttp("app:gateway", [
      "--set",
      "prometheus.enabled=true",
      "--set",
      `prometheus.address=${metrics}`,
    ]);
    const orders = `${application.url}/api/orders`;
    const good = await ask(orders, "POST", { item: "laptop", amount: 2, price: 999.99 });
    assert.deepEqual([good.status, good.json], [201, { item: "laptop", total: 1999.98 }]);
    const bad = await ask(orders, "POST", {});
    assert.deepEqual([bad.status, bad.json], [400, { error: "item required" }]);
    const stats = await ask(`${application.url}/api/stats`);
    assert.ok(stats.json.goroutines > 0 && stats.json.memory.alloc > 0 && stats.json.memory.sys > 0);

    const { text, type } = await ask(`http://${metrics}/metrics`);
    assert.match(type!, /^text\/plain/);
    const lines = text.split("\n");
    for (
      const line of [
        "# TYPE orders_total counter",
        'orders_total{status="taken"} 1',
        'orders_total{status="refused"} 1',
        'revenue_total{item="laptop"} 1999.98',
        "# TYPE orders_open gauge",
        "orders_open 0",
        "# TYPE order_size histogram",
        'order_size_bucket{item="laptop",le="2.5"} 1',
        'order_size_bucket{item="laptop",le="1"} 0',
        'order_size_sum{item="laptop"} 2',
        'order_size_count{item="laptop"} 1',
        "stats_asked_at 1",
      ]
    ) assert.ok(lines.includes(line), `${line}\nis not in\n${text}`);
    assert.equal((await application.stop()).code, 0);
  });
});
