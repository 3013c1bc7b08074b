/** What documentation pages leave out: kinds, fields, names of types. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Value } from "../../src/core/mod.ts";
import { check, environmentOf, parse, readLibrary } from "../../src/lang/mod.ts";
import { declarations } from "../../std/declarations.gen.ts";
import { modules } from "../../std/index.gen.ts";
import { withApplication } from "../application.ts";
import { entry, HEAD, main } from "../lua_entries.ts";

const SIMULATED = { simulated: true };

/** Every kind that a page or a row of the specification names. */
const DOCUMENTED = [
  "function.lua process.lua workflow.lua library.lua module.lua",
  "function.lua.bc process.lua.bc workflow.lua.bc library.lua.bc",
  "function.wat function.wasm process.wasm",
  "process.host process.service terminal.host pg.scope",
  "http.service http.router http.endpoint http.static",
  "db.sql.sqlite db.sql.postgres db.sql.mysql db.cdc.postgres",
  "store.memory store.sql store.kv.raft store.kv.crdt",
  "queue.driver.memory queue.driver.amqp queue.driver.sqs queue.queue queue.consumer",
  "fs.directory fs.embed config.aws cloudstorage.s3 template.set template.jet",
  "env.storage.memory env.storage.file env.storage.os env.storage.static env.storage.router env.variable",
  "exec.native exec.docker network.socks5 network.tailscale network.i2p",
  "contract.definition contract.binding security.policy security.policy.expr security.token_store",
  "temporal.client temporal.worker registry.entry ns.definition ns.requirement ns.dependency",
].join(" ").split(" ");

test("there is no kind beyond the documented ones [undoc.kinds]", () =>
  withApplication(HEAD, async (app) => {
    const names = app.application.kinds.names();
    assert.deepEqual(names.filter((name) => !DOCUMENTED.includes(name)), []);
    assert.ok(names.length > 30);
    const made = { id: "app:x", kind: "store.redis", meta: {}, data: {} };
    await assert.rejects(app.application.registry.apply([{ kind: "entry.create", entry: made }]), {
      kind: "Invalid",
      message: /unknown kind.*store\.redis/,
    });
  }, SIMULATED));

/** Fails twice in one way, then in another. */
const FAILS = `
local tries = 0
return { main = function(first, second)
  tries = tries + 1
  if tries > 2 then return nil, errors.new({ message = "try " .. tries, kind = second, retryable = true }) end
  return nil, errors.new({ message = "try " .. tries, kind = first, retryable = true })
end }`;

test("default_host, in meta or its options, makes a process callable [undoc.entry-fields]", () =>
  withApplication(
    HEAD + entry("a", "process.lua", main("return 1"), "method: main\nmeta: { default_host: host }") +
      entry(
        "b",
        "process.lua",
        main("return 2"),
        "method: main\nmeta: { options: { default_host: app:host } }",
      ),
    async (app) => assert.deepEqual([await app.call("app:a"), await app.call("app:b")], [1, 2]),
    SIMULATED,
  ));

test("pool.warm_start has a worker before the first call [undoc.entry-fields]", () =>
  withApplication(
    HEAD +
      [true, false].map((warm) =>
        entry(
          `f_${warm}`,
          "function.lua",
          main("return 1"),
          `method: main\npool: { type: lazy, warm_start: ${warm} }`,
        )
      ).join(""),
    (app) => {
      const workers = app.application.runtime.functions.workers();
      assert.deepEqual([workers["app:f_true"], workers["app:f_false"]], [
        { workers: 1, idle: 1, waiting: 0 },
        undefined,
      ]);
      return Promise.resolve();
    },
    SIMULATED,
  ));

test("lifecycle.startup decides whether a failing service stops the boot [undoc.entry-fields]", async () => {
  const project = (startup: string): string =>
    HEAD + entry("bad", "process.lua", main(`error("no")`), "method: main") +
    `  - { name: svc, kind: process.service, process: missing, host: host, lifecycle: { auto_start: true${startup} } }\n`;
  await assert.rejects(
    withApplication(project(""), () => Promise.resolve(), SIMULATED),
    /app:svc failed to start/,
  );
  await withApplication(project(", startup: optional"), (app) => {
    assert.equal(app.application.supervisor.state("app:svc")?.desired, "running");
    return Promise.resolve();
  }, SIMULATED);
});

test("retry takes max_delay, jitter, retry_kinds and skip_kinds [undoc.entry-fields]", async () => {
  const outcome = async (more: string, kinds: [string, string]): Promise<[message: string, ms: number]> => {
    const retry = `{ max_attempts: 4, initial_delay: 1s, backoff_factor: 10, jitter: 0, ${more} }`;
    let found: [string, number] = ["", 0];
    await withApplication(
      HEAD +
        entry(
          "f",
          "function.lua",
          FAILS,
          `method: main\npool: { type: inline }\nmeta: { options: { retry: ${retry} } }`,
        ),
      async (app) => {
        const { clock } = app.world!;
        const begin = clock.monotonicMs();
        const result = await app.application.runtime.call("app:f", kinds);
        found = [result.ok ? "" : result.failure.message, clock.monotonicMs() - begin];
      },
      SIMULATED,
    );
    return found;
  };
  const both: [string, string] = ["Unavailable", "Conflict"];
  assert.deepEqual(await outcome("max_delay: 2s", both), ["try 4", 1_000 + 2_000 + 2_000]);
  assert.deepEqual(await outcome("max_delay: 1ms", both), ["try 4", 3]);
  assert.deepEqual(await outcome("max_delay: 1ms, skip_kinds: [Conflict]", both), ["try 3", 2]);
  assert.deepEqual(await outcome("max_delay: 1ms, retry_kinds: [Conflict]", both), ["try 1", 0]);
  assert.deepEqual(await outcome("max_delay: 1ms, retry_kinds: [Invalid]", ["Invalid", "Conflict"]), [
    "try 3",
    2,
  ]);
});

test("contracts[].context_required names what must be given to open a binding [undoc.entry-fields]", () =>
  withApplication(
    `${HEAD}  - { name: c, kind: contract.definition, methods: [{ name: m }] }
  - { name: b, kind: contract.binding, contracts: [{ contract: c, context_required: [a], methods: { m: f } }] }
` + entry("f", "function.lua", main("return 1"), "method: main") +
      entry(
        "open",
        "function.lua",
        main(`
local inst, err = contract.open("app:b", (...))
return err and err:message() or (inst:m())`),
        "method: main\nmodules: [contract]",
      ),
    async (app) => {
      assert.equal(await app.call("app:open"), "missing required context keys: [a]");
      assert.equal(await app.call("app:open", { a: 1 } as Value), 1);
    },
    SIMULATED,
  ));

const HANDLES = [
  "sql.DB sql.Statement sql.Transaction sql.SelectBuilder store.Store funcs.Executor Future process.Spawner",
  "process.Message contract.Contract contract.Instance exec.Executor exec.Process security.Actor security.Scope",
  "security.Policy security.TokenStore websocket.Client",
].join(" ").split(" ");

test("types of handles have these names for the checker [undoc.type-names]", () => {
  const library = readLibrary(
    declarations.map(({ types }) => types),
    (problem) => assert.fail(JSON.stringify(problem)),
  );
  const names = ["sql", "store", "funcs", "contract", "exec", "security", "websocket"];
  const environment = environmentOf(library, {
    modules: new Map(names.map((name) => [name, name])),
    imports: new Map(),
  });
  const problems = (type: string): number =>
    check(parse(`local function f(v: ${type}) return v end\nreturn f`), environment).diagnostics.length;
  for (const name of HANDLES) assert.equal(problems(name), 0, name);
  for (const name of ["sql.Database", "Futures", "exec.Command"]) assert.equal(problems(name), 1, name);
});

test("types of handles have these names at run time [undoc.type-names]", async () => {
  const definitions = await Promise.all(modules.map((module) => module.load()));
  const defined = new Set(definitions.flatMap(({ objects }) => (objects ?? []).map(({ name }) => name)));
  const elsewhere = ["process.Message"];
  for (const name of HANDLES) assert.ok(defined.has(name) || elsewhere.includes(name), `${name} is no class`);
});
