/**
 * The documented default of every key. That a key has an effect is shown where the effect is: a default alone proves no row of the
 * specification.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { composeConfiguration, defaultNodeName, type Settings } from "../../src/app/config/mod.ts";
import { systemCryptography } from "../../src/platform/system_cryptography.ts";
import { startApplication } from "../application.ts";
import { memoryPorts } from "./memory_files.ts";

function defaults(): Settings {
  return composeConfiguration({}, memoryPorts({})).settings;
}

test("defaults of logging [config.logger] [config.logmanager]", () => {
  const { logger, logmanager } = defaults();
  assert.equal(logger.encoding, "console");
  assert.deepEqual(logmanager, { propagate_downstream: true, stream_to_events: false, min_level: -1 });
});

test("defaults of the profiler", () => {
  assert.deepEqual(defaults().profiler, {
    enabled: false,
    address: "localhost:6060",
    read_timeout: 15_000,
    write_timeout: 15_000,
    idle_timeout: 60_000,
  });
});

test("strict mode is off by default", () => {
  assert.equal(defaults().security.strict_mode, false);
});

test("defaults of the registry", () => {
  const { enable_history, history_type, history_path, history_dsn, history_schema } = defaults().registry;
  assert.deepEqual([enable_history, history_type, history_path, history_dsn, history_schema], [
    true,
    "memory",
    ".wippy/registry.db",
    "",
    "",
  ]);
});

test("history types outside the list are refused", () => {
  const compose = (type: string) =>
    composeConfiguration({ sets: [`registry.history_type=${type}`] }, memoryPorts({}));
  for (const type of ["memory", "sqlite", "postgres", "nil"]) {
    assert.equal(compose(type).settings.registry.history_type, type);
  }
  assert.throws(() => compose("redis"), /expected one of memory, sqlite, postgres, nil, got "redis"/);
});

test("a node without a name gets one made of machine and folder [config.relay]", () => {
  assert.equal(defaults().relay.node_name, "");
  const name = (hostname: string, machineId?: string): string =>
    defaultNodeName({
      files: memoryPorts(machineId === undefined ? {} : { "/etc/machine-id": `${machineId}\n` }).files,
      hostname,
      cryptography: systemCryptography,
    });
  const first = name("one");
  assert.match(first, /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.equal(name("one"), first);
  assert.notEqual(name("two"), first);
  assert.equal(name("one", "m1"), name("two", "m1"));
});

test("defaults of the supervisor", () => {
  assert.deepEqual(defaults().supervisor, { host: { buffer_size: 1024, worker_count: 16 } });
});

test("defaults of the Lua runtime [config.lua.types] [config.lua.eval] [config.lua.cache] [config.lua.cache-sizes]", () => {
  const { lua } = defaults();
  assert.equal(lua.proto_cache_size, 60_000);
  assert.equal(lua.main_cache_size, 10_000);
  assert.deepEqual(lua.cache, {
    enabled: false,
    dir: ".wippy/cache/lua",
    mode: "readwrite",
    compile: { enabled: true },
    typecheck: { enabled: true },
  });
  assert.deepEqual(lua.type_system, { enabled: false, strict: false });
  assert.deepEqual(lua.eval, { cache_size: 256, cache_ttl: 0 });
});

test("defaults of the finder [config.finder]", () => {
  assert.deepEqual(defaults().finder, { query_cache_size: 1000, regex_cache_size: 100 });
});

test("defaults of telemetry", () => {
  assert.deepEqual(defaults().otel, {
    enabled: false,
    endpoint: "localhost:4318",
    protocol: "http/protobuf",
    service_name: "wippy-runtime",
    service_version: "",
    insecure: true,
    sample_rate: 1,
    propagators: ["tracecontext", "baggage"],
    traces_enabled: true,
    metrics_enabled: false,
    http: { enabled: true, extract_headers: true, inject_headers: true },
    process: { enabled: true, trace_lifecycle: true },
    interceptor: { enabled: true, order: 100 },
    queue: { enabled: true },
    temporal: { enabled: false },
  });
});

test("defaults of shutdown, metrics and prometheus [config.prometheus]", () => {
  const { shutdown, metrics, prometheus } = defaults();
  assert.deepEqual(shutdown, { timeout: 30_000 });
  assert.deepEqual(metrics, { buffer: { size: 10_000 }, interceptor: { enabled: false } });
  assert.deepEqual(prometheus, { enabled: false, address: "" });
});

test("defaults of the language server", () => {
  assert.deepEqual(defaults().lsp, {
    enabled: false,
    address: ":7777",
    http_enabled: false,
    http_address: ":7778",
    http_path: "/lsp",
    http_allow_origin: "*",
    max_message_bytes: 8_388_608,
  });
});

test("defaults of networks, outbound HTTP, modules and extensions", () => {
  const { network_service, dispatcher, modules, extensions } = defaults();
  assert.deepEqual(network_service, { state_dir: ".wippy/net", default_network: "" });
  assert.deepEqual(dispatcher.http, {
    timeout: 0,
    max_idle_conns: 0,
    max_idle_per_host: 0,
    idle_conn_timeout: 0,
    max_clients: 0,
  });
  assert.deepEqual(modules, { registry_url: "https://hub.wippy.ai" });
  assert.deepEqual(extensions, { enabled: true, paths: [] });
});

test("defaults of the scheduler and the cluster", () => {
  const { scheduler, cluster } = defaults();
  assert.deepEqual(scheduler.wasm_isolation, { enabled: false, reserved_cores: 1 });
  assert.equal(cluster.enabled, false);
  assert.equal(cluster.membership.bind_port, 7946);
  assert.equal(cluster.membership.gossip_interval, 500);
  assert.equal(cluster.internode.auto_port, true);
  assert.equal(cluster.raft.max_voters, 5);
  assert.equal(cluster.raft.snapshot_interval, 120_000);
});

test("shutdown.timeout bounds the end of an application [config.shutdown]", async () => {
  const component = { name: "hangs", stop: () => new Promise<void>(() => {}) };
  for (const [config, ms] of [[{}, 30_000], [{ shutdown: { timeout: "2s" } }, 2_000]] as const) {
    const { app, stop } = await startApplication("namespace: app\nentries: []\n", {
      simulated: true,
      config,
      components: [component],
    });
    const begin = app.world!.clock.monotonicMs();
    await stop();
    assert.equal(app.world!.clock.monotonicMs() - begin, ms);
  }
});
