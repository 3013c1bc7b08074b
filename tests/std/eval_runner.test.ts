/** Lua given at run time: who may run what, what is compiled once, and that nothing outlives its caller. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Value, ValueMap } from "../../src/core/mod.ts";
import { evaluationsOf } from "../../src/lua/mod.ts";
import { type TestApplication, withApplication } from "../application.ts";

const RUN = `return { main = function(config)
  local result, err = eval_runner.run(config)
  if err then return { kind = err:kind(), message = err:message() } end
  return { value = result }
end }`;
const COMPILE = `return { main = function(source, method, options)
  local program, err = eval_runner.compile(source, method, options)
  if err then return { kind = err:kind(), message = err:message() } end
  return { value = program:method() }
end }`;

function policy(name: string, body: ValueMap): Value {
  return { name, kind: "security.policy", policy: { actions: "*", resources: "*", ...body } };
}

function project(more: readonly Value[] = []): string {
  const entries = [
    { name: "run", kind: "function.lua", method: "main", modules: ["eval_runner", "time"], source: RUN },
    { name: "compile", kind: "function.lua", method: "main", modules: ["eval_runner"], source: COMPILE },
    { name: "lib", kind: "library.lua", source: "return { n = 1 }" },
    ...more,
  ];
  return JSON.stringify({ version: "1.0", namespace: "e", entries });
}

/** A guarded evaluation: what it asks, and which right it needs. */
interface Guarded {
  readonly action: string;
  readonly resource: string;
  readonly target: "run" | "compile";
  readonly args: Value[];
}

const GUARDED: readonly Guarded[] = [
  { action: "eval.run", resource: "", target: "run", args: [{ source: "return 1" }] },
  { action: "eval.compile", resource: "", target: "compile", args: ["return 1"] },
  {
    action: "eval.module",
    resource: "json",
    target: "run",
    args: [{ source: "return 1", modules: ["time", "json"] }],
  },
  {
    action: "eval.module",
    resource: "json",
    target: "compile",
    args: ["return 1", "", { modules: ["json"] }],
  },
  {
    action: "eval.import",
    resource: "e:lib",
    target: "run",
    args: [{ source: "return lib.n", imports: { lib: "e:lib" } }],
  },
  {
    action: "eval.module",
    resource: "funcs",
    target: "run",
    args: [{ source: "return lib.n", imports: { lib: { id: "e:lib", modules: ["funcs"] } } }],
  },
  {
    action: "eval.class",
    resource: "storage",
    target: "run",
    args: [{ source: "return 1", allow_classes: ["storage"] }],
  },
  {
    action: "eval.class",
    resource: "storage",
    target: "compile",
    args: ["return 1", "", { allow_classes: ["storage"] }],
  },
];

test("every part of an evaluation needs its right [eval.permissions] [security.action.eval] [eval.errors]", async () => {
  const policies = GUARDED.flatMap(({ action, resource }, i) => [
    policy(`here_${i}`, { effect: "deny", actions: action, resources: resource === "" ? "*" : resource }),
    policy(`elsewhere_${i}`, {
      effect: "deny",
      actions: resource === "" ? `${action}.other` : action,
      resources: resource === "" ? "*" : "other",
    }),
  ]);
  await withApplication(project([policy("all", { effect: "allow" }), ...policies]), async (app) => {
    const { runtime, security } = app.application;
    for (const [i, { action, resource, target, args }] of GUARDED.entries()) {
      const outcome = async (where: string): Promise<ValueMap> => {
        const scope = security.scopeOf(["e:all", `e:${where}_${i}`]);
        const frame = {
          actor: { id: "a", meta: {} },
          scope,
          values: {},
          network: "",
          attachments: new Map(),
        };
        const result = await runtime.call(`e:${target}`, args, { frame });
        assert.ok(result.ok);
        return result.value as ValueMap;
      };
      const refused = await outcome("here");
      assert.equal(refused["kind"], "PermissionDenied", `${action} ${target}`);
      assert.equal(
        refused["message"],
        `permission denied: ${action}${resource === "" ? "" : ` ${resource}`}`,
      );
      assert.equal((await outcome("elsewhere"))["kind"], undefined, `${action} ${target}`);
    }
  });
});

/** What a run gives. */
async function run(app: TestApplication, config: ValueMap): Promise<Value> {
  const result = await app.call("e:run", config) as ValueMap;
  assert.equal(result["message"], undefined);
  return result["value"];
}

test("code is compiled once for what it may see [eval.cache] [config.lua.eval]", () =>
  withApplication(project(), async (app) => {
    const evaluations = evaluationsOf(app.application.runtime);
    for (let i = 0; i < 5; i++) assert.equal(await run(app, { source: "return ... + 1", args: [i] }), i + 1);
    assert.equal(evaluations.compilations, 1);
    await run(app, { source: "return ... + 1", args: [1], context: { x: 1 }, imports: { lib: "e:lib" } });
    await app.call("e:compile", "return ... + 1");
    assert.equal(evaluations.compilations, 1, "imports and context are bound at run time");
    await run(app, { source: "return ... + 1", args: [1], modules: ["json"] });
    assert.equal(evaluations.compilations, 2);
    await run(app, { source: "return ... + 1", args: [1], allow_classes: ["storage"] });
    assert.equal(evaluations.compilations, 3);
    await run(app, { source: "return { f = function() return 1 end }", method: "f" });
    await run(app, { source: "return { f = function() return 1 end }" });
    assert.equal(evaluations.compilations, 5);
    for (let i = 0; i < 300; i++) await run(app, { source: `return ${i}` });
    assert.equal(evaluations.compilations, 305);
    await run(app, { source: "return 299" });
    assert.equal(evaluations.compilations, 305);
    await run(app, { source: "return ... + 1", args: [1] });
    assert.equal(evaluations.compilations, 306, "256 are kept, the least recently used are dropped");
  }));

test("cache_size bounds what is kept, 0 keeps nothing [eval.cache] [config.lua.eval]", async () => {
  const config = (size: number) => ({ config: { lua: { eval: { cache_size: size } } } });
  await withApplication(project(), async (app) => {
    const evaluations = evaluationsOf(app.application.runtime);
    for (const n of [1, 2, 1, 3, 1, 2]) assert.equal(await run(app, { source: `return ${n}` }), n);
    assert.equal(evaluations.compilations, 4);
  }, config(2));
  await withApplication(project(), async (app) => {
    const evaluations = evaluationsOf(app.application.runtime);
    for (let i = 0; i < 4; i++) {
      assert.equal(await run(app, { source: "return 5", imports: { lib: "e:lib" } }), 5);
    }
    await app.call("e:compile", "return 5");
    assert.equal(evaluations.compilations, 5);
  }, config(0));
});

test("cache_ttl is how long compiled code is kept [eval.cache] [config.lua.eval]", async () => {
  const wait = { source: "time.sleep(...)", modules: ["time"] };
  await withApplication(project(), async (app) => {
    const evaluations = evaluationsOf(app.application.runtime);
    await run(app, { source: "return 1" });
    await run(app, { ...wait, args: ["30s"] });
    await run(app, { source: "return 1" });
    assert.equal(evaluations.compilations, 2);
    await run(app, { ...wait, args: ["31s"] });
    await run(app, { source: "return 1" });
    assert.equal(evaluations.compilations, 3);
  }, { simulated: true, config: { lua: { eval: { cache_ttl: "1m" } } } });
});

test("a changed library is used by the next run [eval.imports]", () =>
  withApplication(project(), async (app) => {
    const { registry } = app.application;
    const config = { source: "return lib.n", imports: { lib: "e:lib" } };
    assert.equal(await run(app, config), 1);
    const entry = registry.get("e:lib")!;
    const data = { ...entry.data, source: "return { n = 2 }" };
    await registry.apply([{ kind: "entry.update", entry: { ...entry, data } }]);
    assert.equal(await run(app, config), 2);
  }));

test("a run ends with its caller, and leaves nothing behind [eval.run]", () =>
  withApplication(project(), async (app) => {
    const { runtime } = app.application;
    const controller = new AbortController();
    const config = { source: "time.sleep('1h')", modules: ["time"] };
    const outcome = runtime.call("e:run", [config], { signal: controller.signal });
    await app.until(() => runtime.liveCount >= 2, "the evaluation to run");
    controller.abort();
    assert.equal((await outcome).ok, false);
    await app.until(() => runtime.liveCount === 0, "the evaluation to end");
    for (let i = 0; i < 50; i++) await run(app, { source: "return 1", imports: { lib: "e:lib" } });
    assert.equal(runtime.liveCount, 0);
  }));

test("code can't end the function that it stands in [eval.compile]", () =>
  withApplication(project(), async (app) => {
    for (const source of ["end, math, function(...)", "return 1 end, function() return 2"]) {
      const refused = await app.call("e:compile", source) as ValueMap;
      assert.equal(refused["kind"], "Internal");
      assert.match(String(refused["message"]), /parse error/);
      assert.deepEqual(
        await app.call("e:run", { source }),
        { kind: "Internal", message: refused["message"]! },
      );
    }
  }));
