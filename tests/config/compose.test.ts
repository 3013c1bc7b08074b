/** Composition of files, profiles and flags, and what is said when something in them is wrong. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  composeConfiguration,
  type Configuration,
  type ConfigurationRequest,
} from "../../src/app/config/mod.ts";
import { Failure } from "../../src/core/mod.ts";
import { memoryPorts } from "./memory_files.ts";

function compose(
  files: Record<string, string>,
  request: ConfigurationRequest = {},
  variables: Record<string, string> = {},
): Configuration {
  return composeConfiguration(request, memoryPorts(files, variables));
}

function complaint(...args: Parameters<typeof compose>): string {
  try {
    compose(...args);
  } catch (error) {
    if (error instanceof Failure) return error.message;
    throw error;
  }
  assert.fail("composed, though it should have failed");
}

const BASE = `version: "1.0"
vars:
  port: 8085
  host: localhost
  url: http://\${host}:\${port}
override:
  app:db:kind: db.sql.sqlite
  app:gateway:addr: ":\${port}"
disable:
  namespaces: ["legacy.**"]
shutdown:
  timeout: 5s
profiles:
  pg:
    vars:
      port: 18085
    override:
      app:db:kind: db.sql.postgres
    disable:
      namespaces.add: ["experimental.**"]
  bare:
    disable:
      namespaces.remove: ["legacy.**"]
      entries.add: ["app:seed"]
    shutdown:
      timeout: 1m
`;

test("the default file may be absent [cli.global.config]", () => {
  const { settings, files, baseDirectory } = compose({});
  assert.equal(settings.shutdown.timeout, 30_000);
  assert.deepEqual(files, []);
  assert.equal(baseDirectory, "/app");
});

test("a file that was named must exist [cli.global.config]", () => {
  assert.equal(
    complaint({ ".wippy.yaml": "" }, { files: [".wippy.yaml", "missing.yaml"] }),
    "--config missing.yaml: no such file",
  );
});

test("named files replace the default one and merge per leaf [cli.global.config]", () => {
  const { settings, files, baseDirectory } = compose({
    ".wippy.yaml": "logger: {encoding: json}",
    "conf/a.yaml": "finder: {query_cache_size: 1, regex_cache_size: 2}\nextensions: {paths: [a, b]}",
    "b.yaml": "finder: {regex_cache_size: 3}\nextensions: {paths: [c]}",
  }, { files: ["conf/a.yaml", "b.yaml"] });
  assert.deepEqual(settings.finder, { query_cache_size: 1, regex_cache_size: 3 });
  assert.deepEqual(settings.extensions.paths, ["c"]);
  assert.equal(settings.logger.encoding, "console");
  assert.deepEqual(files, ["/app/conf/a.yaml", "/app/b.yaml"]);
  assert.equal(baseDirectory, "/app/conf");
});

test("files, then profiles, then --set [cli.global.order] [config.profiles]", () => {
  const files = { ".wippy.yaml": BASE };
  const timeout = (request: ConfigurationRequest): number =>
    compose(files, request).settings.shutdown.timeout;
  assert.equal(timeout({}), 5_000);
  assert.equal(timeout({ profiles: ["bare"] }), 60_000);
  assert.equal(timeout({ profiles: ["bare"], sets: ["shutdown.timeout=2s"] }), 2_000);
});

test("profiles apply in order and leave no section behind [config.profiles] [cli.run.profile]", () => {
  const { values, disabled, overrides } = compose({ ".wippy.yaml": BASE }, {
    profiles: ["pg", "bare"],
  });
  assert.equal(values.profiles, undefined);
  assert.deepEqual(disabled, { namespaces: ["experimental.**"], entries: ["app:seed"] });
  assert.deepEqual(overrides.map(({ id, value }) => [id, value]), [
    ["app:db", "db.sql.postgres"],
    ["app:gateway", ":18085"],
  ]);
});

test("an unknown profile is refused with those there are [cli.run.profile]", () => {
  assert.equal(
    complaint({ ".wippy.yaml": BASE }, { profiles: ["prod"] }),
    "--profile prod: no such profile; there are: pg, bare",
  );
  assert.equal(
    complaint({}, { profiles: ["prod"] }),
    "--profile prod: no such profile; the configuration declares none",
  );
});

test("profile values win over those of an earlier file, whichever file declares it [config.profiles]", () => {
  const { settings } = compose({
    "a.yaml": "profiles: {fast: {shutdown: {timeout: 1s}}}",
    "b.yaml": "shutdown: {timeout: 9s}\nprofiles: {fast: {finder: {regex_cache_size: 7}}}",
  }, { files: ["a.yaml", "b.yaml"], profiles: ["fast"] });
  assert.equal(settings.shutdown.timeout, 1_000);
  assert.equal(settings.finder.regex_cache_size, 7);
});

test("variables fill texts, keep their type alone, and may name each other [config.vars]", () => {
  const { values } = compose({
    ".wippy.yaml": `${BASE}\ncustom: {port: "\${port}", url: "\${url}/x", list: ["\${host}"]}`,
  });
  assert.deepEqual(values.custom, { port: 8085, url: "http://localhost:8085/x", list: ["localhost"] });
});

test("variables come from the merged section, profiles and --set included [config.vars]", () => {
  const files = { ".wippy.yaml": `${BASE}\ncustom: "\${url}"` };
  assert.equal(compose(files, { profiles: ["pg"] }).values.custom, "http://localhost:18085");
  assert.equal(compose(files, { sets: ["vars.host=h"] }).values.custom, "http://h:8085");
});

test("unknown and circular variables are refused [config.vars]", () => {
  assert.equal(
    complaint({ ".wippy.yaml": "vars: {a: 1}\nlogger:\n  encoding: ${b}" }),
    "logger.encoding (.wippy.yaml:3): unknown variable ${b}; vars has a",
  );
  assert.equal(
    complaint({ ".wippy.yaml": 'vars: {a: "${b}", b: "x${a}"}' }),
    "vars: b -> a -> b is a circle",
  );
});

test("operating system variables are filled when the file is loaded [config.env-ref]", () => {
  const file = { ".wippy.yaml": "registry:\n  history_dsn: postgres://${env:USER}@db/${env:NAME}" };
  const { settings } = compose(file, {}, { USER: "u", NAME: "n" });
  assert.equal(settings.registry.history_dsn, "postgres://u@db/n");
  assert.equal(
    complaint(file, {}, { USER: "u" }),
    "registry.history_dsn (.wippy.yaml:2): environment variable NAME is not set",
  );
});

test("operating system variables may not stand in the vars of a profile [config.profiles]", () => {
  assert.match(
    complaint({ ".wippy.yaml": "profiles:\n  a:\n    vars:\n      x: ${env:HOME}" }, {}, { HOME: "h" }),
    /^profiles\.a\.vars\.x \(\.wippy\.yaml:4\): \$\{env:HOME\} is not allowed in the vars of a profile/,
  );
  const { values } = compose(
    { ".wippy.yaml": "vars: {x: '${env:HOME}'}\nprofiles: {a: {lsp: {address: '${env:HOME}'}}}" },
    { profiles: ["a"] },
    { HOME: "h" },
  );
  assert.deepEqual(values, { vars: { x: "h" }, lsp: { address: "h" } });
});

test("disable lists are replaced by a plain list and edited by operations [config.disable] [config.disable.ops]", () => {
  const list = (profile: string): readonly string[] =>
    compose({
      ".wippy.yaml": "disable: {namespaces: [a, b]}\nprofiles:\n" +
        "  plain: {disable: {namespaces: [c]}}\n" +
        "  add: {disable: {namespaces.add: [b, c]}}\n" +
        "  remove: {disable: {namespaces.remove: [a, x]}}\n",
    }, { profiles: [profile] }).disabled.namespaces;
  assert.deepEqual(list("plain"), ["c"]);
  assert.deepEqual(list("add"), ["a", "b", "c"]);
  assert.deepEqual(list("remove"), ["b"]);
});

test("--set writes one leaf and coerces by form [cli.run.set]", () => {
  const { values, settings } = compose({ ".wippy.yaml": "cluster: {name: n, raft: {priority: 1}}" }, {
    sets: [
      "cluster.enabled=true",
      "cluster.membership.join_addrs=node-2:7946,node-3:7946",
      "cluster.raft.bootstrap_expect=3",
      "otel.sample_rate=0.25",
      "shutdown.timeout=1m30s",
      "custom.text=a=b",
      "custom.empty=",
    ],
  });
  assert.equal(settings.cluster.enabled, true);
  assert.equal(settings.cluster.name, "n");
  assert.equal(settings.cluster.raft.priority, 1);
  assert.equal(settings.cluster.raft.bootstrap_expect, 3);
  assert.equal(settings.cluster.membership.join_addrs, "node-2:7946,node-3:7946");
  assert.equal(settings.otel.sample_rate, 0.25);
  assert.equal(settings.shutdown.timeout, 90_000);
  assert.deepEqual(values.custom, { text: "a=b", empty: "" });
});

test("--set reaches into sections whose keys hold dots [cli.run.set]", () => {
  const { overrides, disabled } = compose({ ".wippy.yaml": "disable: {namespaces: [a]}" }, {
    sets: ["override.app.api:gateway:addr=:9090", "disable.namespaces.add=b"],
  });
  assert.deepEqual(overrides.map(({ id, path, value }) => [id, path, value]), [[
    "app.api:gateway",
    ["addr"],
    ":9090",
  ]]);
  assert.deepEqual(disabled.namespaces, ["a", "b"]);
});

test("--set of another form is misuse [cli.run.set]", () => {
  for (const text of ["shutdown.timeout", "=5s", "shutdown..timeout=5s"]) {
    assert.match(complaint({}, { sets: [text] }), /^--set .*: expected section\.path=value/);
  }
});

test("--set of a setting that there is not says which there are [cli.run.set]", () => {
  const wrong = {
    "shutdwon.timeout=5s": "--set shutdwon.timeout=5s: no section shutdwon; did you mean shutdown?",
    "lsp.enable=true": "--set lsp.enable=true: lsp has no setting enable; did you mean enabled?",
    "supervisor.host.x=1":
      "--set supervisor.host.x=1: supervisor.host has no setting x; it has buffer_size, worker_count",
    "relay.constructor=1": "--set relay.constructor=1: relay has no setting constructor; it has node_name",
  };
  for (const [text, said] of Object.entries(wrong)) assert.equal(complaint({}, { sets: [text] }), said);
});

test("a wrong value is named with its file and line, profile or flag [config.version]", () => {
  assert.equal(
    complaint({ ".wippy.yaml": 'version: "1.0"\nshutdown:\n  timeout: soon\n' }),
    'shutdown.timeout: expected a duration such as 500ms, 10s or 1h30m, got "soon" (.wippy.yaml:3)',
  );
  assert.equal(
    complaint({ ".wippy.yaml": "logger: json" }),
    'logger: expected a map, got "json" (.wippy.yaml:1)',
  );
  assert.match(
    complaint({ ".wippy.yaml": "profiles:\n  p:\n    logger:\n      encoding: xml" }, {
      profiles: ["p"],
    }),
    /^logger\.encoding: expected one of console, json, got "xml" \(\.wippy\.yaml:4\)$/,
  );
  assert.match(
    complaint({}, { sets: ["lsp.max_message_bytes=0"] }),
    /\(--set lsp\.max_message_bytes=0\)$/,
  );
});

test("a file that is no YAML or no map is refused with its line [cli.global.config]", () => {
  assert.match(complaint({ ".wippy.yaml": "a: 1\nb: [1, 2" }), /^\.wippy\.yaml:\d+: /);
  assert.equal(
    complaint({ ".wippy.yaml": "- a" }),
    ".wippy.yaml:1: expected sections (name: ...) at the top",
  );
});

test("unknown sections and keys are ignored, undocumented ones accepted [config.unknown] [config.undocumented.registry] [config.undocumented.other]", () => {
  const { settings } = compose({
    ".wippy.yaml": "boot: {x: 1}\nlogger: {mode: dev, level: debug, colour: red}\n" +
      "registry: {event_wait_timeout: 5s, dependency_resolve_timeout: 1s, dispatch_internal_kinds: true}\n" +
      "lua: {invalidation_wait_timeout: 2s}\ncluster: {kv_crdt_tombstone_retention: 1h, raft: {registry_backend: kv}}",
  });
  assert.equal(settings.registry.event_wait_timeout, 5_000);
  assert.equal(settings.lua.invalidation_wait_timeout, 2_000);
  assert.equal(settings.cluster.raft.registry_backend, "kv");
});

test("override keys name kind, data and metadata and keep YAML types [config.override]", () => {
  const { overrides } = compose({
    ".wippy.yaml": `override:
  app:gateway:addr: ":9090"
  app:worker:meta.priority: 3
  app:db:kind: db.sql.postgres
  app:db:data.kind: custom
  app:db:pool.sizes: [1, "2"]
`,
  });
  assert.deepEqual(overrides.map(({ id, target, path, value }) => [id, target, path.join("."), value]), [
    ["app:gateway", "data", "addr", ":9090"],
    ["app:worker", "meta", "priority", 3],
    ["app:db", "kind", "", "db.sql.postgres"],
    ["app:db", "data", "kind", "custom"],
    ["app:db", "data", "pool.sizes", [1, "2"]],
  ]);
});

test("override keys of another form are refused [config.override]", () => {
  assert.match(
    complaint({ ".wippy.yaml": "override:\n  app:db: x" }),
    /^override app:db \(\.wippy\.yaml:2\): expected namespace:entry:field/,
  );
  assert.match(
    complaint({ ".wippy.yaml": "override:\n  app:db:kind: 3" }),
    /a kind is a non-empty text$/,
  );
});

test("--override coerces its value and comes last [cli.run.override]", () => {
  const { overrides } = compose({ ".wippy.yaml": BASE }, {
    overrides: ["app:db:host=localhost", "app:db:port=5432", "app:db:tls=true", "app:db:dsn=a=b"],
  });
  assert.deepEqual(overrides.slice(2).map(({ path, value }) => [path[0], value]), [
    ["host", "localhost"],
    ["port", 5432],
    ["tls", true],
    ["dsn", "a=b"],
  ]);
  assert.match(complaint({}, { overrides: ["app:db:host"] }), /expected namespace:entry:field=value/);
});

test("replacement directories stand against the first file and may be cancelled [dep.workspace.replacements]", () => {
  const files = {
    "conf/a.yaml": "workspace:\n  replacements:\n    acme/http: ../http\n    acme/sql: ../sql\n",
    "conf/b.yaml": "workspace: {replacements: {acme/sql: null}}",
    "http/x": "",
  };
  const { replacements } = compose(files, { files: ["conf/a.yaml", "conf/b.yaml"] });
  assert.deepEqual(replacements, { "acme/http": "/app/http" });
  assert.equal(
    complaint(files, { files: ["conf/a.yaml"] }),
    "workspace.replacements.acme/sql: ../sql is no directory (conf/a.yaml:4)",
  );
});

test("the memory limit comes from the flag, the environment, the default [cli.global.memory-limit]", () => {
  const limit = (memoryLimit?: string, variable?: string): number =>
    compose({}, { memoryLimit }, variable === undefined ? {} : { GOMEMLIMIT: variable })
      .memoryBytesMax;
  assert.equal(limit(), 1024 ** 3);
  assert.equal(limit(undefined, "512MiB"), 512 * 1024 ** 2);
  assert.equal(limit("2G", "512MiB"), 2 * 1024 ** 3);
  assert.equal(limit("1.5k"), 1536);
  assert.equal(limit(undefined, "off"), Infinity);
  assert.match(
    complaint({}, { memoryLimit: "lots" }),
    /^--memory-limit: "lots" is not an amount of memory/,
  );
});

test("environment variables stand for telemetry keys and the node name [cli.env.node]", () => {
  const file = { ".wippy.yaml": "otel: {enabled: true, endpoint: a:1}\nrelay: {node_name: file}" };
  const { settings } = compose(file, { sets: ["otel.service_name=set"] }, {
    OTEL_EXPORTER_OTLP_ENDPOINT: "b:2",
    OTEL_EXPORTER_OTLP_PROTOCOL: "grpc",
    OTEL_SERVICE_NAME: "variable",
    OTEL_SERVICE_VERSION: "3",
    OTEL_TRACES_SAMPLER_ARG: "0.5",
    OTEL_PROPAGATORS: "b3, tracecontext",
    OTEL_SDK_DISABLED: "true",
    WIPPY_RELAY_NODE_NAME: "second",
    WIPPY_NODE_ID: "first",
  });
  const { enabled, endpoint, protocol, service_name, service_version, sample_rate, propagators } =
    settings.otel;
  assert.deepEqual(
    { enabled, endpoint, protocol, service_name, service_version, sample_rate, propagators },
    {
      enabled: false,
      endpoint: "b:2",
      protocol: "grpc",
      service_name: "set",
      service_version: "3",
      sample_rate: 0.5,
      propagators: ["b3", "tracecontext"],
    },
  );
  assert.equal(settings.relay.node_name, "first");
});
