/** `template.set`: options of a set, and who may use it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Failure, type Value, type ValueMap } from "../../../src/core/mod.ts";
import { TemplateSetResource } from "../../../src/ports/mod.ts";
import { startApplication, type TestApplication, withApplication } from "../../application.ts";

function project(entries: readonly Value[]): string {
  return JSON.stringify({ version: "1.0", namespace: "v", entries });
}

function template(name: string, source: string, more: ValueMap = {}): Value {
  return { name, kind: "template.jet", set: "v:set", source, ...more };
}

function render(app: TestApplication, name: string, data: ValueMap = {}): string {
  return app.application.resources.find(TemplateSetResource, "v:set")!.render(name, data);
}

async function update(app: TestApplication, id: string, data: ValueMap): Promise<void> {
  const { registry } = app.application;
  const entry = registry.get(id)!;
  await registry.apply([{ kind: "entry.update", entry: { ...entry, data: { ...entry.data, ...data } } }]);
}

test("a set has defaults for everything [template.set] [kind.template.set]", async () => {
  const entries = [
    { name: "set", kind: "template.set" },
    template("a", '{* note *}{{ x }}{{ include "b" }}', { meta: { name: "a.html.jet" } }),
    template("b", "B", { meta: { name: "b.jet.html" } }),
    template("c", "C", { meta: { name: "c.jet" } }),
  ];
  await withApplication(project(entries), (app) => {
    assert.equal(render(app, "a", { x: 1 }), "1B");
    assert.equal(render(app, "c"), "C");
    assert.throws(() => render(app, "d"), { kind: "NotFound", message: "template not found" });
    return Promise.resolve();
  });
});

test("delimiters, extensions, globals and development mode are configured, and can change [template.set] [kind.template.set]", async () => {
  const engine = {
    development_mode: true,
    delimiters: { left: "[[", right: "]]", comment_left: "<!--", comment_right: "-->" },
    extensions: [".tpl"],
    globals: { site: "W", list: [1, 2] },
  };
  const entries = [
    { name: "set", kind: "template.set", engine },
    template("a", "[[ site ]]{{ no }}<!-- gone -->[[ range list ]][[ . ]][[ end ]]", {
      meta: { name: "a.tpl" },
    }),
  ];
  await withApplication(project(entries), async (app) => {
    assert.equal(render(app, "a"), "W{{ no }}12");
    assert.throws(() => render(app, "a.jet"), { kind: "NotFound" });
    await update(app, "v:set", { engine: { globals: { no: "N" } } });
    assert.equal(render(app, "a.tpl"), "[[ site ]]N<!-- gone -->[[ range list ]][[ . ]][[ end ]]");
    await assert.rejects(
      update(app, "v:set", { engine: { delimiters: { left: "[[", right: "!!" } } }),
      /template "a\.tpl", line 1: /,
    );
    assert.equal(render(app, "a.tpl"), "[[ site ]]N<!-- gone -->[[ range list ]][[ . ]][[ end ]]");
  });
});

test("options that can't be are refused [kind.template.set]", async () => {
  const refusals: [Value, RegExp][] = [
    [{ delimiters: { left: "" } }, /engine\.delimiters\.left/],
    [{ delimiters: { left: "{*" } }, /left and comment_left are both "\{\*"/],
    [{ development_mode: "often" }, /engine\.development_mode/],
    [{ extensions: "x" }, /engine\.extensions/],
  ];
  for (const [engine, message] of refusals) {
    await assert.rejects(
      startApplication(project([{ name: "set", kind: "template.set", engine }])),
      (error) => {
        assert(error instanceof Failure, String(error));
        assert.match(error.message, message);
        return true;
      },
    );
  }
});

test("getting a set needs template.get on it [security.action.templates]", async () => {
  const source = 'return { main = function() local s, e = require("templates").get("v:set") ' +
    "return e and { kind = e:kind(), message = e:message() } or { kind = 'none' } end }";
  const policy = (name: string, body: ValueMap): Value => ({
    name,
    kind: "security.policy",
    policy: { actions: "*", resources: "*", ...body },
  });
  const entries = [
    { name: "set", kind: "template.set" },
    { name: "fn", kind: "function.lua", method: "main", modules: ["templates"], source },
    policy("all", { effect: "allow" }),
    policy("here", { effect: "deny", actions: "template.get", resources: "v:set" }),
    policy("elsewhere", { effect: "deny", actions: "template.get", resources: "v:other" }),
  ];
  await withApplication(project(entries), async (app) => {
    const { runtime, security } = app.application;
    const outcome = async (policy: string): Promise<Value> => {
      const scope = security.scopeOf(["v:all", policy]);
      const frame = { actor: { id: "a", meta: {} }, scope, values: {}, network: "", attachments: new Map() };
      const result = await runtime.call("v:fn", [], { frame });
      assert.ok(result.ok);
      return result.value;
    };
    assert.deepEqual(await outcome("v:here"), {
      kind: "PermissionDenied",
      message: "not allowed to access template: v:set",
    });
    assert.deepEqual(await outcome("v:elsewhere"), { kind: "none" });
  });
});
