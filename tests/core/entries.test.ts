/** Lua entries: what they may say, what code sees, and how functions, processes and libraries live. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Failure, type Value } from "../../src/core/mod.ts";
import { type TestApplication, withApplication } from "../application.ts";

const HEAD =
  `version: "1.0"\nnamespace: app\nentries:\n  - { name: host, kind: process.host, lifecycle: { auto_start: true, stop_timeout: 50ms } }\n`;

/** A Lua entry as YAML. */
function entry(name: string, kind: string, source: string, more = ""): string {
  const body = source.trim().split("\n").map((line) => `      ${line}`).join("\n");
  const extra = more === "" ? "" : more.trim().split("\n").map((line) => `    ${line}\n`).join("");
  return `  - name: ${name}\n    kind: ${kind}\n${extra}    source: |\n${body}\n`;
}

function main(body: string): string {
  return `return { main = function(...)\n${body}\nend }`;
}

async function failureOf(call: Promise<Value>): Promise<Failure> {
  const outcome = await call.then((value) => value, (error: unknown) => error);
  assert.ok(outcome instanceof Failure, `no failure but ${JSON.stringify(outcome)}`);
  return outcome;
}

async function applyFailure(
  app: TestApplication,
  id: string,
  kind: string,
  data: { [key: string]: Value },
): Promise<string> {
  const { registry } = app.application;
  const error = await registry.apply([{ kind: "entry.create", entry: { id, kind, meta: {}, data } }]).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof Failure, `${id} was accepted`);
  assert.equal(registry.get(id), undefined, "a refused entry must not stay");
  return error.message;
}

test("a function ends with its caller, a process outlives who started it [unit.function, unit.process]", async () => {
  await withApplication(
    HEAD +
      entry(
        "keeper",
        "process.lua",
        main(`
        local n = 0
        local inbox = process.inbox()
        while true do
          local m = inbox:receive()
          n = n + 1
          process.send(m:payload():data(), "count", n)
        end`),
        "method: main",
      ) +
      entry("start", "function.lua", main(`return process.spawn("app:keeper", "app:host")`), "method: main") +
      entry(
        "ask",
        "function.lua",
        main(`
        local counts = process.listen("count")
        process.send((...), "ask", process.pid())
        return (counts:receive())`),
        "method: main",
      ),
    async (app) => {
      const pid = await app.call("app:start");
      assert.equal(await app.call("app:ask", pid), 1);
      assert.equal(await app.call("app:ask", pid), 2);
    },
  );
});

test("sleep in a process lets others run [unit.sleep-by-context]", async () => {
  await withApplication(
    HEAD +
      entry(
        "sleeper",
        "process.lua",
        main(`
        local to, name, ms = ...
        time.sleep(ms .. "ms")
        process.send(to, "woke", name)`),
        "method: main\nmodules: [time]",
      ) +
      entry(
        "f",
        "function.lua",
        main(`
        local woke = process.listen("woke")
        process.spawn("app:sleeper", "app:host", process.pid(), "slow", 20)
        process.spawn("app:sleeper", "app:host", process.pid(), "fast", 2)
        return { (woke:receive()), (woke:receive()) }`),
        "method: main",
      ),
    async (app) => assert.deepEqual(await app.call("app:f"), ["fast", "slow"]),
  );
});

test("every Lua kind loads [entry.kinds, kind.lua.kinds]", async () => {
  await withApplication(
    HEAD +
      entry("lib", "library.lua", `return { twice = function(v) return v * 2 end }`) +
      entry("mod", "module.lua", `return { thrice = function(v) return v * 3 end }`) +
      entry(
        "f",
        "function.lua",
        main(`return lib.twice(2) + mod.thrice(2)`),
        "method: main\nimports: { lib: lib, mod: app:mod }",
      ) +
      entry("p", "process.lua", main(`return 1`), "method: main") +
      entry("w", "workflow.lua", main(`return 1`), "method: main"),
    async (app) => assert.equal(await app.call("app:f"), 10),
  );
});

test("fields are checked when an entry is made [entry.fields, entry.method-required, kind.lua.method, kind.lua.source]", async () => {
  await withApplication(HEAD, async (app) => {
    assert.match(
      await applyFailure(app, "app:a", "function.lua", { source: "return 1" }),
      /method is required/,
    );
    assert.match(await applyFailure(app, "app:b", "function.lua", { method: "main" }), /source is required/);
    assert.match(
      await applyFailure(app, "app:c", "function.lua", { method: "main", source: "return (" }),
      /app:c:1/,
    );
    assert.match(
      await applyFailure(app, "app:d", "function.lua", {
        method: "main",
        source: "return 1",
        modules: ["jsno"],
      }),
      /unknown module "jsno".*json/,
    );
    assert.match(
      await applyFailure(app, "app:e", "function.lua", {
        method: "main",
        source: "return 1",
        modules: ["a:b"],
      }),
      /module cannot have a namespace/,
    );
  });
});

test("module names have no namespace, built-in imports a name [entry.modules.namespace]", async () => {
  await withApplication(HEAD, async (app) => {
    const data = { method: "main", source: "return 1" };
    assert.match(
      await applyFailure(app, "app:a", "function.lua", { ...data, modules: ["x:json"] }),
      /module cannot have a namespace/,
    );
    assert.match(
      await applyFailure(app, "app:b", "function.lua", { ...data, imports: { j: ":" } }),
      /import :name cannot be empty/,
    );
  });
});

test("source in data works for entries made at run time [kind.lua.source]", async () => {
  await withApplication(HEAD, async (app) => {
    const data = { method: "main", source: "return { main = function(a) return a .. '!' end }" };
    await app.application.registry.apply([{
      kind: "entry.create",
      entry: { id: "app:made", kind: "function.lua", meta: {}, data },
    }]);
    assert.equal(await app.call("app:made", "hey"), "hey!");
  });
});

test("a chunk gives a table of methods or a bare function [entry.method-export]", async () => {
  await withApplication(
    HEAD +
      entry(
        "table",
        "function.lua",
        `return { other = function() return "other" end, main = function() return "main" end }`,
        "method: other",
      ) +
      entry("bare", "function.lua", `return function(v) return v + 1 end`, "method: whatever") +
      entry("absent", "function.lua", `return { main = function() end }`, "method: missing") +
      entry("nothing", "function.lua", `local x = 1`, "method: main"),
    async (app) => {
      assert.equal(await app.call("app:table"), "other");
      assert.equal(await app.call("app:bare", 1), 2);
      const failure = await failureOf(app.call("app:absent"));
      assert.equal(failure.kind, "NotFound");
      assert.match(failure.message, /method "missing" not found in module/);
      assert.match((await failureOf(app.call("app:nothing"))).message, /method "main" not found in module/);
    },
  );
});

test("a process entry without a method uses main [entry.method-default]", async () => {
  await withApplication(
    HEAD + entry("p", "process.lua", `return { main = function() return "default" end }`) +
      entry("f", "function.lua", main(`return process.exec("app:p", "app:host")`), "method: main"),
    async (app) => assert.equal(await app.call("app:f"), "default"),
  );
});

test("the body runs once per worker, and can't block [entry.body]", async () => {
  await withApplication(
    HEAD +
      entry(
        "counter",
        "function.lua",
        `local runs = 0\nreturn { main = function() runs = runs + 1 return runs end }`,
        "method: main\npool: { type: static, workers: 1 }",
      ) +
      entry(
        "blocks",
        "function.lua",
        `time.sleep("1ms")\nreturn { main = function() return 1 end }`,
        "method: main\nmodules: [time]",
      ),
    async (app) => {
      assert.deepEqual([await app.call("app:counter"), await app.call("app:counter")], [1, 2]);
      assert.match((await failureOf(app.call("app:blocks"))).message, /block while loading/);
    },
  );
});

test("listed modules and imports are globals; others do not exist [entry.modules, kind.lua.modules]", async () => {
  await withApplication(
    HEAD +
      entry("lib", "library.lua", `return { name = "lib" }`) +
      entry(
        "with",
        "function.lua",
        main(
          `return { json ~= nil, require("json") == json, helper.name, require("helper").name, sql == nil, pcall(require, "sql") }`,
        ),
        "method: main\nmodules: [json, process]\nimports: { helper: lib }",
      ),
    async (app) =>
      assert.deepEqual((await app.call("app:with") as Value[]).slice(0, 6), [
        true,
        true,
        "lib",
        "lib",
        true,
        false,
      ]),
  );
});

test("imports bind entries and built-ins, and are separate from each other [entry.imports, kind.lua.imports]", async () => {
  await withApplication(
    HEAD +
      entry("base", "library.lua", `secret = "base"\nreturn { value = 1 }`) +
      entry("lib", "library.lua", `return { value = b.value + 1, leak = secret }`, "imports: { b: base }") +
      entry(
        "f",
        "function.lua",
        main(`return { l.value, l.leak == nil, secret == nil, b == nil, j.encode({ 1 }) }`),
        "method: main\nimports: { l: lib, j: ':json' }",
      ),
    async (app) => assert.deepEqual(await app.call("app:f"), [2, true, true, true, "[1]"]),
  );
});

test("a failing import fails who needs it [entry.imports]", async () => {
  await withApplication(
    HEAD +
      entry("broken", "library.lua", `error("no luck")`) +
      entry("f", "function.lua", main(`return 1`), "method: main\nimports: { dep: broken }"),
    async (app) =>
      assert.match((await failureOf(app.call("app:f"))).message, /failed to load dependency dep: .*no luck/),
  );
});

test("print is logged with pid and place, joined by one space [base.print]", async () => {
  await withApplication(
    HEAD + entry("f", "function.lua", main(`print("a", 1, nil, true, { 1 } ~= nil)`), "method: main"),
    async (app) => {
      await app.call("app:f");
      const record = app.logs.find((log) => log.message === "a 1 nil true true");
      assert.ok(record !== undefined, "not logged");
      assert.equal(record.level, 0);
      assert.match(String(record.fields["pid"]), /^\{app:f\|0x[0-9a-f]{5}\}$/);
      assert.equal(record.fields["location"], "app:f:2");
    },
  );
});

/** A function that reports how many workers serve calls at once. */
const WORKERS = `
local mine = {}
return { main = function(ms) time.sleep(ms .. "ms") return tostring(mine) end }`;

async function workersUsed(app: TestApplication, calls: number): Promise<number> {
  const tables = await Promise.all(Array.from({ length: calls }, () => app.call("app:f", 5)));
  return new Set(tables).size;
}

for (
  const [name, pool, calls, workers] of [
    [
      "a lazy pool grows on demand up to max_size [entry.pool.type, kind.lua.pool.lazy]",
      "{ type: lazy, max_size: 3 }",
      8,
      3,
    ],
    [
      "a static pool has its workers, callers wait [entry.pool.fields, kind.lua.pool.static]",
      "{ type: static, workers: 2 }",
      6,
      2,
    ],
    ["a static pool falls back to size [entry.pool.fields]", "{ type: static, size: 3 }", 6, 3],
    ["an adaptive pool grows under load [kind.lua.pool.adaptive]", "{ type: adaptive, max_size: 4 }", 8, 4],
    ["no type is lazy [entry.pool.auto, kind.lua.pool]", "{ max_size: 5 }", 8, 5],
    ["no type but workers is static [entry.pool.auto]", "{ workers: 2 }", 6, 2],
  ] as const
) {
  test(name, async () => {
    await withApplication(
      HEAD + entry("f", "function.lua", WORKERS, `method: main\nmodules: [time]\npool: ${pool}`),
      async (app) => assert.equal(await workersUsed(app, calls), workers),
    );
  });
}

test("an inline pool never makes a caller wait [kind.lua.pool.inline]", async () => {
  await withApplication(
    HEAD + entry("f", "function.lua", WORKERS, "method: main\nmodules: [time]\npool: { type: inline }"),
    async (app) => assert.equal(await workersUsed(app, 20), 20),
  );
});

test("idle workers of a lazy pool are dropped after 30 s [entry.pool.fields]", async () => {
  await withApplication(
    HEAD + entry("f", "function.lua", WORKERS, "method: main\nmodules: [time]\npool: { type: lazy }"),
    async (app) => {
      await app.call("app:f", 1);
      const { functions } = app.application.runtime;
      assert.equal(functions.workers()["app:f"]?.workers, 1);
      await app.world!.clock.sleep(61_000);
      assert.equal(functions.workers()["app:f"]?.workers, 0);
    },
    { simulated: true },
  );
});

test("an unknown pool type is refused, known keys are accepted [entry.pool.validate]", async () => {
  await withApplication(
    HEAD +
      entry("f", "function.lua", main(`return 1`), "method: main\npool: { type: lazy, warm_start: true }"),
    async (app) => {
      assert.equal(await app.call("app:f"), 1);
      const data = { method: "main", source: "return 1", pool: { type: "elastic" } };
      assert.match(await applyFailure(app, "app:x", "function.lua", data), /unknown pool type: elastic/);
    },
  );
});

const FLAKY = `
local tries = 0
return { main = function(kind, retryable)
  tries = tries + 1
  if tries < 3 then return nil, errors.new({ message = "try " .. tries, kind = kind, retryable = retryable }) end
  return tries
end }`;

test("preset retry options repeat a failing call [entry.interceptor.retry, kind.function.retry]", async () => {
  await withApplication(
    HEAD +
      entry(
        "f",
        "function.lua",
        FLAKY,
        "method: main\npool: { type: inline }\nmeta: { options: { retry: { max_attempts: 3, initial_delay: 1 } } }",
      ),
    async (app) => assert.equal(await app.call("app:f", "Unavailable", true), 3),
  );
});

test("which kinds are retried [entry.interceptor.retry.kinds]", async () => {
  const flaky = (name: string, more: string) =>
    entry(
      name,
      "function.lua",
      FLAKY,
      `method: main\npool: { type: inline }\nmeta: { options: { retry: { max_attempts: 3, initial_delay: 1${more} } } }`,
    );
  await withApplication(
    HEAD + flaky("plain", "") + flaky("unknown", "") + flaky("flagged", "") +
      flaky("only", ", retry_kinds: [Invalid]") + flaky("skips", ", skip_kinds: [Unavailable]"),
    async (app) => {
      assert.equal((await failureOf(app.call("app:plain", "Invalid"))).message, "try 1");
      assert.equal(await app.call("app:unknown", ""), 3);
      assert.equal((await failureOf(app.call("app:flagged", "Unavailable", false))).message, "try 1");
      assert.equal(await app.call("app:only", "Invalid"), 3);
      assert.equal((await failureOf(app.call("app:skips", "Unavailable", true))).message, "try 1");
    },
  );
});

test("call options override preset ones key by key [entry.options.merge]", async () => {
  await withApplication(
    HEAD +
      entry(
        "flaky",
        "function.lua",
        FLAKY,
        "method: main\npool: { type: inline }\nmeta: { options: { retry: { max_attempts: 3, initial_delay: 1 }, timeout: 60000 } }",
      ) +
      entry(
        "f",
        "function.lua",
        main(`
        local _, err = funcs.new():with_options({ retry = { max_attempts = 1 } }):call("app:flaky", "Unavailable", true)
        return err:message()`),
        "method: main\nmodules: [funcs]",
      ),
    async (app) => assert.equal(await app.call("app:f"), "try 1"),
  );
});

test("hosts are separate; limits of a host are its own [entry.process-host, kind.process.host]", async () => {
  await withApplication(
    HEAD +
      `  - { name: small, kind: process.host, host: { workers: 1, max_processes: 1 }, lifecycle: { auto_start: true, stop_timeout: 50ms } }\n` +
      `  - { name: off, kind: process.host }\n` +
      entry("idle", "process.lua", main(`process.inbox():receive()`), "method: main") +
      entry(
        "f",
        "function.lua",
        main(`
        local first = process.spawn("app:idle", "app:small")
        local _, full = process.spawn("app:idle", "app:small")
        local other = process.spawn("app:idle", "app:host")
        local _, off = process.spawn("app:idle", "app:off")
        return { first:sub(1, 10), full:message(), full:kind(), other ~= nil, off:message(), off:kind() }`),
        "method: main",
      ),
    async (app) =>
      assert.deepEqual(await app.call("app:f"), [
        "{app:small",
        "max processes limit exceeded",
        "LimitExceeded",
        true,
        "host is not running",
        "Unavailable",
      ]),
  );
});

test("worker counts may change live, queue sizes not [kind.process.host.workers, kind.process.host.queue, kind.host.workers]", async () => {
  await withApplication(
    HEAD + entry("idle", "process.lua", main(`process.inbox():receive()`), "method: main") +
      entry("f", "function.lua", main(`return process.spawn("app:idle", "app:host")`), "method: main"),
    async (app) => {
      const pid = String(await app.call("app:f"));
      const { registry, runtime } = app.application;
      const host = registry.get("app:host")!;
      const update = (data: { [key: string]: Value }) =>
        registry.apply([{ kind: "entry.update", entry: { ...host, data: { ...host.data, ...data } } }]).then(
          () => "",
          (e: Failure) => e.message,
        );
      assert.equal(await update({ host: { workers: 3 } }), "");
      assert.ok(runtime.messages.liveProcess(pid) !== undefined, "a rescale must keep processes");
      assert.match(await update({ host: { queue_size: 7 } }), /queue_size is fixed/);
      assert.match(await update({ host: { workers: -1 } }), /workers must be greater than 0/);
      assert.match(await update({ lifecycle: { auto_start: false } }), /lifecycle is fixed/);
      assert.ok(runtime.messages.liveProcess(pid) !== undefined);
    },
  );
});

test("a service runs a process with its input and starts it anew when it fails [entry.process-service, entry.service-restart, kind.process.service]", async () => {
  await withApplication(
    HEAD +
      entry(
        "worker",
        "process.lua",
        main(`
        local name, fails = ...
        local tries = process.registry.lookup("tries." .. name)
        print("service run", name, fails)
        if fails then error("again") end
        process.registry.register(name)
        process.events():receive()
        return 0`),
        "method: main",
      ) +
      `  - name: good\n    kind: process.service\n    process: worker\n    host: host\n    input: [good.worker, false]\n    lifecycle: { auto_start: true }\n` +
      `  - name: bad\n    kind: process.service\n    process: worker\n    host: host\n    input: [bad, true]\n    lifecycle: { auto_start: true, startup: optional, restart: { initial_delay: 1ms, max_attempts: 3 } }\n`,
    async (app) => {
      await app.until(() => app.application.runtime.names.lookup("good.worker"), "the service's process");
      await app.until(
        () => app.logs.filter((log) => log.message === "service run bad true").length >= 3,
        "three runs",
      );
      const { supervisor } = app.application;
      await app.until(() => supervisor.state("app:bad")?.status === "failed", "the end of the retries");
      assert.equal(supervisor.state("app:good")?.status, "running");
    },
  );
});

test("stopping a service cancels its process with a reason [life.stop]", async () => {
  await withApplication(
    HEAD +
      entry(
        "worker",
        "process.lua",
        main(`
        local e = process.events():receive()
        print("cancelled:", e.reason)`),
        "method: main",
      ) +
      `  - name: svc\n    kind: process.service\n    process: worker\n    host: host\n    lifecycle: { auto_start: true }\n`,
    async (app) => {
      const { supervisor } = app.application;
      await app.until(() => supervisor.state("app:svc")?.status === "running", "running");
      await supervisor.stop("app:svc");
      assert.ok(app.logs.some((log) => log.message === "cancelled: service stopping"));
      assert.equal(supervisor.state("app:svc")?.status, "stopped");
    },
  );
});

test("a lifecycle block on a process entry has no effect [kind.process.lifecycle]", async () => {
  await withApplication(
    HEAD +
      entry(
        "p",
        "process.lua",
        main(`print("must not run")`),
        "method: main\nlifecycle: { auto_start: true }",
      ),
    async (app) => {
      assert.equal(app.application.supervisor.state("app:p"), undefined);
      assert.ok(!app.logs.some((log) => log.message === "must not run"));
    },
  );
});
