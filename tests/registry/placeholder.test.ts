/** Placeholders in entries: what they mean, when they are resolved, who gets to see the result. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Failure, schema, type ValueMap } from "../../src/core/mod.ts";
import storageMemory from "../../src/kinds/env/storage_memory.ts";
import storageStatic from "../../src/kinds/env/storage_static.ts";
import variable from "../../src/kinds/env/variable.ts";
import type { Environment } from "../../src/ports/mod.ts";
import {
  defineKind,
  type KindDefinition,
  placeholderNames,
  resolvePlaceholders,
} from "../../src/registry/mod.ts";
import { withApplication } from "../application.ts";
import { create, entry, loadedWorld, update } from "./registry_world.ts";

const VALUES: Record<string, string | undefined> = {
  HOST: "db.local",
  PORT: "5433",
  FLAG: "false",
  RATE: "0.5",
  EMPTY: "",
  UNSET: undefined,
  "app.env:key": "secret",
};

const environment: Environment = {
  variable: (name) =>
    Object.hasOwn(VALUES, name)
      ? { id: `env:${name}`, name, storage: "s", default: undefined, readonly: false, isOfModule: false }
      : undefined,
  get: (name) => VALUES[name],
  set: () => {},
  all: () => Promise.resolve({}),
  register: () => {},
  unregister: () => {},
};

function resolve(data: ValueMap, verbatim?: string[]): Promise<ValueMap> {
  return resolvePlaceholders(data, environment, verbatim);
}

async function one(text: string): Promise<unknown> {
  return (await resolve({ field: text }))["field"];
}

test("a registered variable is found by public name or entry id [kind.placeholder.env] [yaml.env]", async () => {
  assert.equal(await one("${env:HOST}"), "db.local");
  assert.equal(await one("${env:app.env:key}"), "secret");
  const data = { a: { b: ["x", "${env:HOST}"] }, n: 1, t: "plain" };
  const resolved = await resolve(data);
  assert.deepEqual(resolved, { a: { b: ["x", "db.local"] }, n: 1, t: "plain" });
  assert.deepEqual(data.a.b[1], "${env:HOST}", "the entry keeps its text");
});

test("an unset variable without a default fails and names field and variable [kind.placeholder.env]", async () => {
  const failure = async (name: string) => {
    return await resolve({ tls: { list: ["x", `\${env:${name}}`] } }).then(
      () => assert.fail(),
      (error: unknown) => {
        assert(error instanceof Failure);
        return error;
      },
    );
  };
  const unset = await failure("UNSET");
  assert.equal(unset.kind, "Invalid");
  assert.equal(
    unset.message,
    'tls.list[2]: environment variable "UNSET" is not set; set it or write a default: ${env:UNSET|value}',
  );
  const unknown = await failure("PATH");
  assert.match(unknown.message, /^tls\.list\[2\]: no env\.variable entry is called "PATH"/);
});

test("a default counts when the variable is unset [kind.placeholder.default]", async () => {
  assert.equal(await one("${env:UNSET|fallback}"), "fallback");
  assert.equal(await one("${env:NOBODY|fallback}"), "fallback");
  assert.equal(await one("${env:HOST|fallback}"), "db.local");
  assert.equal(await one("${env:UNSET|}"), "");
  assert.equal(await one("${env:EMPTY|fallback}"), "", "an empty value is a value");
});

test("the short form needs upper case and a default [kind.placeholder.short]", async () => {
  assert.equal(await one("${HOST|x}"), "db.local");
  assert.equal(await one("${NO_BODY_1|x}"), "x");
  for (const text of ["${HOST}", "${host|x}", "${a.b|x}", "$HOST", "${}", "{{ HOST }}"]) {
    assert.equal(await one(text), text);
  }
});

test("$${ is a literal ${ [kind.placeholder.escape]", async () => {
  assert.equal(await one("$${env:HOST}"), "${env:HOST}");
  assert.equal(await one("a $${x} ${env:HOST}"), "a ${x} db.local");
});

test("a whole field takes the type of its default; inside text it is text [kind.placeholder.typed]", async () => {
  assert.equal(await one("${env:PORT|80}"), 5433);
  assert.equal(await one("${env:UNSET|80}"), 80);
  assert.equal(await one("${env:FLAG|true}"), false);
  assert.equal(await one("${env:UNSET|true}"), true);
  assert.equal(await one("${env:RATE|1.0}"), 0.5);
  assert.equal(await one("${UNSET|-2.5}"), -2.5);
  assert.equal(await one("${env:PORT}"), "5433", "without a typed default it stays text");
  assert.equal(await one("${env:PORT|text}"), "5433");
  assert.equal(await one(":${env:PORT|80}"), ":5433");
  assert.equal(await one("${env:HOST|80}"), "db.local", "what does not read as the type stays text");
  assert.equal(await one("${UNSET|9007199254740993}"), 9007199254740993n);
});

test("the older form <field>_env counts for registered variables with a value [kind.placeholder.legacy]", async () => {
  assert.deepEqual(await resolve({ cert: "inline", cert_env: "HOST" }), {
    cert: "db.local",
    cert_env: "HOST",
  });
  assert.deepEqual(await resolve({ cert: "inline", cert_env: "NOBODY" }), {
    cert: "inline",
    cert_env: "NOBODY",
  });
  assert.deepEqual(await resolve({ cert: "inline", cert_env: "EMPTY" }), {
    cert: "inline",
    cert_env: "EMPTY",
  });
  assert.deepEqual(await resolve({ tls: { key_env: "app.env:key" } }), {
    tls: { key_env: "app.env:key", key: "secret" },
  });
});

test("verbatim fields are left alone and order nothing", async () => {
  const data = { source: "return '${env:NOBODY}'", name: "${env:HOST}" };
  assert.deepEqual(await resolve(data, ["source"]), { source: data.source, name: "db.local" });
  assert.deepEqual(placeholderNames(data, ["source"]), ["HOST"]);
  assert.deepEqual(placeholderNames({ a: ["${A|1} ${env:b.c:d|x}"], k_env: "K" }), ["A", "b.c:d", "K"]);
});

// --- In an application --------------------------------------------------------------------------------------------------

const APPLICATION = `namespace: app
entries:
  - name: a_storage
    kind: env.storage.static
    values:
      NAME: "\${env:SECRET}"
      PORT: "\${env:MISSING|8080}"
      LATER: "\${env:app:z_private|none}"
  - {name: a_name, kind: env.variable, variable: NAME, storage: a_storage}
  - {name: a_port, kind: env.variable, variable: PORT, storage: a_storage}
  - {name: a_later, kind: env.variable, variable: LATER, storage: a_storage}
  - {name: z_secret, kind: env.variable, variable: SECRET, storage: z_storage}
  - {name: z_missing, kind: env.variable, variable: MISSING, storage: z_storage, default: "9090"}
  - {name: z_private, kind: env.variable, storage: z_storage, default: kept}
  - {name: z_storage, kind: env.storage.static, values: {SECRET: hunter2}}
  - name: read
    kind: function.lua
    method: main
    modules: [env, registry]
    source: |
      -- Text of code is not configuration: \${env:NOBODY}
      return { main = function()
        return {
          name = env.get("NAME"), port = env.get("PORT"), later = env.get("LATER"),
          stored = registry.get("app:a_storage").data.values.NAME,
        }
      end }
`;

test("an entry opens after the variables and storages its placeholders need [kind.placeholder.order] [kind.placeholder.default]", async () => {
  await withApplication(APPLICATION, async (app) => {
    const result = await app.call("app:read") as ValueMap;
    assert.equal(result["name"], "hunter2");
    assert.equal(result["port"], "9090", "the variable's own default comes before the written one");
    assert.equal(result["later"], "kept");
  });
});

/** A kind that says what it was configured with. */
function follower(trace: string[]): KindDefinition {
  return defineKind({
    name: "follower",
    config: schema.object({ host: schema.string(), port: schema.integer({ default: 1 }) }),
    open({ id, config }) {
      trace.push(`open ${id} ${config.host}:${config.port}`);
      return {};
    },
    change(current, { id, config }) {
      if (config.host === "refused") throw new Failure("Invalid", "no such host");
      trace.push(`change ${id} ${config.host}:${config.port}`);
      return current;
    },
  });
}

test("a live entry follows the variables its placeholders name [kind.update.live]", async () => {
  const trace: string[] = [];
  const kinds = [follower(trace), storageMemory, storageStatic, variable];
  const world = await loadedWorld([
    entry("a:memory", "env.storage.memory"),
    entry("a:host", "env.variable", { variable: "HOST", storage: "memory", default: "first" }),
    entry("a:private", "env.variable", { storage: "memory", default: "1" }),
    entry("a:db", "follower", { host: "${env:HOST}", port: "${env:a:private|1}" }),
    entry("a:plain", "follower", { host: "fixed" }),
  ], { kinds });
  assert.deepEqual(trace.splice(0).sort(), ["open a:db first:1", "open a:plain fixed:1"]);

  await world.environment.set("HOST", "second");
  await world.environment.set("a:private", "2");
  await world.environment.set("a:private", "2");
  await world.registry.apply([create("a:any", "data")]);
  assert.deepEqual(trace.splice(0), ["change a:db second:2"]);
  assert.equal(world.registry.version().id, 1, "following makes no version");

  await world.environment.set("HOST", "refused");
  await world.registry.variableChanged("a:none");
  assert.deepEqual(trace.splice(0), []);
  assert(
    world.trace.includes("log entry could not follow its variables: a:db no such host"),
    world.trace.join("\n"),
  );

  await world.registry.apply([
    update("a:host", "env.variable", { variable: "HOST", storage: "fixed" }),
    create("a:fixed", "env.storage.static", { values: { HOST: "third" } }),
  ]);
  assert.deepEqual(trace.splice(0), ["change a:db third:2"]);
  await world.registry.apply([update("a:fixed", "env.storage.static", { values: { HOST: "fourth" } })]);
  assert.deepEqual(trace.splice(0), ["change a:db fourth:2"]);
  await world.registry.applyVersion(2);
  assert.deepEqual(trace.splice(0), ["change a:db third:2"]);
});

test("what a placeholder stands for is not in the registry [kind.placeholder.env]", async () => {
  await withApplication(APPLICATION, async (app) => {
    const result = await app.call("app:read") as ValueMap;
    assert.equal(result["stored"], "${env:SECRET}");
    assert(
      !JSON.stringify([...app.application.registry.state.all()].filter(({ id }) => id === "app:a_storage"))
        .includes("hunter2"),
    );
  });
});

test("an unset placeholder fails the boot with file and line [kind.placeholder.env]", async () => {
  const broken = APPLICATION.replace("values: {SECRET: hunter2}", "values: {}");
  const failure = await withApplication(broken, () => assert.fail("it booted")).then(
    () => assert.fail(),
    (error) => error,
  );
  assert(failure instanceof Failure, String(failure));
  assert.match(
    failure.message,
    /src\/_index\.yaml:3: app:a_storage: values\.NAME: environment variable "SECRET" is not set; set it or write a default/,
  );
});
