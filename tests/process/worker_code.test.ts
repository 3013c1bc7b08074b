/** What code on another worker can do: as much as on the main one, and nothing more. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Value } from "../../src/core/mod.ts";
import { withApplication } from "../application.ts";
import { entry } from "../lua_entries.ts";
import { code, CPUS, fn, HOST, LONG, run } from "./worker_project.ts";

test(
  "functions called from another worker run there when they can, on the main one when they have a pool or need its modules",
  LONG,
  () =>
    withApplication(
      HOST +
        fn("waits", `process.inbox():receive()`, "", "pool: {type: static, workers: 1}") +
        fn("plain", `return { process.pid(), ctx.get("who"), ... }`, "ctx") +
        fn("counting", `count = (count or 0) + 1 return count`, "", "pool: {type: static, workers: 1}") +
        fn(
          "stored",
          `
        local cache = assert(store.get("app:cache"))
        if ... then cache:set("k", ...) end
        return cache:get("k")`,
          "store",
        ) +
        `  - { name: cache, kind: store.memory, lifecycle: { auto_start: true } }\n` +
        fn(
          "fails",
          `return nil, errors.new({ message = "no luck", kind = errors.CONFLICT, retryable = true })`,
        ) +
        code(
          "caller",
          `
        local plain = assert(funcs.new():with_context({ who = "me" }):call("app:plain", 1, "b"))
        local first, second = funcs.call("app:counting"), funcs.call("app:counting")
        local stored = assert(funcs.call("app:stored", { deep = { 1, 2 } }))
        local _, err = funcs.call("app:fails")
        local _, unknown = funcs.call("app:nowhere")
        local _, late_option = funcs.new():with_options({ timeout = "soon" }):call("app:stored")
        local _, slow = funcs.new():with_options({ timeout = "20ms" }):call("app:waits")
        local future = assert(funcs.async("app:stored"))
        local late = future:response():receive()
        return {
          plain = plain, counts = { first, second }, stored = stored, late = late:data(),
          err = { err:message(), err:kind(), err:retryable() }, unknown = unknown:kind(),
          option = late_option:kind(), slow = slow:kind(),
        }`,
          "funcs",
        ),
      async (app) => {
        assert.equal(await app.call("app:counting"), 1);
        const got = await run(app, "app:caller") as Record<string, Value>;
        const [pid, who, one, two] = got["plain"] as Value[];
        assert.deepEqual([who, one, two], ["me", 1, "b"]);
        assert.match(String(pid), /^\{app:plain\|0x1[0-9a-f]{10}\}$/, "its number names its worker");
        assert.deepEqual(got["counts"], [2, 3]);
        assert.deepEqual(got["stored"], { deep: [1, 2] });
        assert.deepEqual(got["late"], { deep: [1, 2] });
        assert.deepEqual(got["err"], ["no luck", "Conflict", true]);
        assert.deepEqual([got["unknown"], got["option"], got["slow"]], ["NotFound", "Invalid", "Timeout"]);
      },
      CPUS,
    ),
);

test(
  "who starts calls on the main worker faster than they end is made to wait, and all are made",
  LONG,
  () =>
    withApplication(
      HOST + fn("slow", `count = (count or 0) + 1 return count`, "", "pool: {type: static, workers: 1}") +
        code(
          "eager",
          `
        local futures, most = {}, 0
        for i = 1, 3000 do futures[i] = assert(funcs.async("app:slow", i)) end
        local sum = 0
        for i = 1, 3000 do sum = sum + futures[i]:response():receive():data() end
        return sum`,
          "funcs",
        ),
      async (app) => {
        const waits: number[] = [];
        const { functions, slices } = app.application.runtime;
        slices.afterEach(() => waits.push(functions.workers()["app:slow"]?.waiting ?? 0));
        assert.equal(await run(app, "app:eager"), 3000 * 3001 / 2);
        assert.ok(Math.max(...waits) <= 1024, `${Math.max(...waits)} calls waited`);
      },
      CPUS,
    ),
);

test("a process whose code lists a module of the main worker begins there", LONG, () =>
  withApplication(
    HOST + code("storing", `return type(store.get)`, "store") + entry(
      "library",
      "library.lua",
      `return { kind = type(store.get) }`,
      "modules: [store]",
    ) + code("importing", `return library.kind`, "", "imports: {library: app:library}"),
    async ({ application: { runtime } }) => {
      runtime.board!.mainTakes = false;
      for (const id of ["app:storing", "app:importing"]) {
        const value = await new Promise((resolve) =>
          runtime.spawn(id, "app:host", { onExit: ({ value }) => resolve(value) })
        );
        assert.equal(value, "function", id);
      }
    },
    CPUS,
  ));

test(
  "a process on another worker is asked for its permissions, and what it starts inherits them",
  LONG,
  () =>
    withApplication(
      HOST +
        `  - name: allow
    kind: security.policy
    policy: { actions: ["process.spawn", "process.host", "process.send"], resources: "*", effect: allow }
  - name: deny
    kind: security.policy
    policy: { actions: "*", resources: "app:secret", effect: deny }
` +
        code("secret", `return "secret"`) +
        code(
          "open",
          `
        local _, err = process.spawn("app:secret", "app:host")
        process.send(..., "said", { err:kind(), err:message() })`,
        ) +
        code(
          "guarded",
          `
        local _, refused = process.spawn("app:secret", "app:host")
        local _, cancel = process.cancel(process.pid())
        assert(process.spawn("app:open", "app:host", process.pid()))
        return { refused:message(), refused:kind(), cancel:kind(), (process.listen("said"):receive()) }`,
        ),
      async (app) => {
        const { runtime, security } = app.application;
        runtime.board!.mainTakes = false;
        const frame = {
          actor: { id: "someone", meta: {} },
          scope: security.scopeOf(["app:allow", "app:deny"]),
          values: {},
          network: "",
          attachments: new Map(),
        };
        const value = await new Promise((resolve, reject) =>
          runtime.spawn("app:guarded", "app:host", {
            frame,
            onExit: ({ failure, value }) => failure === null ? resolve(value) : reject(failure),
          })
        );
        assert.deepEqual(value, [
          "not allowed to spawn process: app:secret",
          "PermissionDenied",
          "PermissionDenied",
          ["PermissionDenied", "not allowed to spawn process: app:secret"],
        ]);
      },
      CPUS,
    ),
);

test(
  "code that changes reaches other workers before any process that starts after it, and running ones are told",
  LONG,
  () =>
    withApplication(
      HOST +
        entry("words", "library.lua", `return { say = "first" }`) +
        code("says", `return words.say`, "", "imports: {words: app:words}") +
        code(
          "upgrades",
          `
        process.set_options({ upgradable = true })
        local from, before = ...
        if before then return { before, words.say, process.pid() } end
        process.send(from, "ready", process.pid())
        local event = process.events():receive()
        assert(event.kind == process.event.OUTDATED)
        assert(table.concat(event.sources, " "):find("app:words", 1, true))
        process.upgrade(nil, from, words.say)`,
          "",
          "imports: {words: app:words}",
        ),
      async (app) => {
        const { registry } = app.application;
        assert.equal(await run(app, "app:says"), "first");
        let ready = "";
        const native = app.application.runtime.openNative("app:host", {
          message: (_topic, [pid]) => ready = String(pid),
          event: () => {},
        });
        const upgraded = run(app, "app:upgrades", native.pid);
        await app.until(() => ready !== "", "a process that waits for new code");
        const words = registry.get("app:words")!;
        await registry.apply([{
          kind: "entry.update",
          entry: { ...words, data: { ...words.data, source: `return { say = "second" }` } },
        }]);
        assert.equal(await run(app, "app:says"), "second");
        assert.deepEqual(await upgraded, ["first", "second", ready]);
        native.leave();
      },
      CPUS,
    ),
);

test(
  "a process that is out of memory, raises, or is ended by force ends alone, wherever it runs",
  LONG,
  () =>
    withApplication(
      HOST +
        code("greedy", `local t = {} for i = 1, 1e9 do t[i] = { i } end`) +
        code("raises", `error("as planned")`) +
        code(
          "stubborn",
          `
        local from = ...
        local guard <close> = setmetatable({}, { __close = function() process.send(from, "closed", true) end })
        process.send(from, "ready", process.pid())
        while true do end`,
        ) +
        code(
          "linked",
          `
        process.spawn_linked("app:raises", "app:host")
        process.inbox():receive()`,
        ) +
        code(
          "watcher",
          `
        local greedy = process.spawn_monitored("app:greedy", "app:host")
        local raises = process.spawn_monitored("app:raises", "app:host")
        local linked = process.spawn_monitored("app:linked", "app:host")
        local stubborn = process.spawn_monitored("app:stubborn", "app:host", process.pid())
        process.listen("ready"):receive()
        process.terminate(stubborn)
        local names = { [greedy] = "greedy", [raises] = "raises", [linked] = "linked", [stubborn] = "stubborn" }
        local ends = {}
        for _ = 1, 4 do
          local event = process.events():receive()
          ends[names[event.from]] = event.result.error:message()
        end
        ends.closed = process.listen("closed"):receive()
        return ends`,
        ),
      async (app) => {
        const ends = await run(app, "app:watcher") as Record<string, Value>;
        assert.match(String(ends["greedy"]), /memory/);
        assert.match(String(ends["raises"]), /as planned/);
        assert.equal(ends["linked"], "linked process failed");
        assert.equal(ends["stubborn"], "process terminated");
        assert.equal(ends["closed"], true);
      },
      CPUS,
    ),
);

test("variables of the application are the same for processes of all workers", LONG, () =>
  withApplication(
    HOST + `  - { name: memory, kind: env.storage.memory }
  - { name: colour, kind: env.variable, variable: COLOUR, storage: "app:memory", default: blue }
  - { name: secret, kind: env.variable, variable: SECRET, storage: "app:memory", default: hidden }
  - { name: fixed, kind: env.variable, variable: FIXED, storage: "app:memory", default: stone, readonly: true }
  - name: colours
    kind: security.policy
    policy: { actions: ["env.get"], resources: "COLOUR", effect: allow }
` +
      fn("reads", `return assert(env.get("COLOUR"))`, "env") +
      code(
        "paints",
        `
        local before = assert(env.get("COLOUR"))
        assert(env.set("COLOUR", "red"))
        local _, unknown = env.get("NOWHERE")
        local _, fixed = env.set("FIXED", "sand")
        local all = assert(env.get_all())
        return { before, env.get("COLOUR"), unknown:kind(), fixed:kind(), all.COLOUR, all.SECRET }`,
        "env",
      ) +
      code(
        "guarded",
        `
        local _, refused = env.get("SECRET")
        local all = env.get_all()
        return { env.get("COLOUR"), refused:message(), all.COLOUR, all.SECRET or "none" }`,
        "env",
      ),
    async (app) => {
      assert.deepEqual(await run(app, "app:paints"), [
        "blue",
        "red",
        "NotFound",
        "PermissionDenied",
        "red",
        "hidden",
      ]);
      assert.equal(await app.call("app:reads"), "red");
      const { runtime, security } = app.application;
      const frame = {
        actor: { id: "someone", meta: {} },
        scope: security.scopeOf(["app:colours"]),
        values: {},
        network: "",
        attachments: new Map(),
      };
      const seen = await new Promise((resolve, reject) =>
        runtime.spawn("app:guarded", "app:host", {
          frame,
          onExit: ({ failure, value }) => failure === null ? resolve(value) : reject(failure),
        })
      );
      assert.deepEqual(seen, ["red", "not allowed to access environment variable: SECRET", "red", "none"]);
    },
    CPUS,
  ));
