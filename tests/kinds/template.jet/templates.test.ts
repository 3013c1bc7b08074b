/** `template.jet`: templates come, change and go with their entries. */
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

const SETS: readonly Value[] = [{ name: "set", kind: "template.set" }, {
  name: "other",
  kind: "template.set",
}];

function render(app: TestApplication, name: string, set = "v:set"): string {
  return app.application.resources.find(TemplateSetResource, set)!.render(name, {});
}

async function change(app: TestApplication, id: string, data: ValueMap, meta: ValueMap = {}): Promise<void> {
  const { registry } = app.application;
  const entry = registry.get(id)!;
  const changed = { ...entry, meta: { ...entry.meta, ...meta }, data: { ...entry.data, ...data } };
  await registry.apply([{ kind: "entry.update", entry: changed }]);
}

test("a template is known by its entry's name or meta.name, not by its id [template.jet] [kind.template.jet]", async () => {
  const entries = [
    ...SETS,
    template("layout", "<{{ yield content_of() }}>"),
    template("home", '{{ extends "layout" }}{{ block content_of() }}{{ include "parts/head" }}{{ end }}'),
    template("head-v2", "H${env:NOT_A_PLACEHOLDER}", { meta: { name: "parts/head" } }),
  ];
  await withApplication(project(entries), (app) => {
    assert.equal(render(app, "home"), "<H${env:NOT_A_PLACEHOLDER}>");
    for (const unknown of ["v:home", "head-v2"]) {
      assert.throws(() => render(app, unknown), { kind: "NotFound", message: "template not found" });
    }
    assert.throws(() => render(app, "home", "v:other"), { kind: "NotFound" });
    return Promise.resolve();
  });
});

test("templates change, move and go while the application runs [kind.template.jet]", async () => {
  const entries = [...SETS, template("a", 'A{{ include "b" }}'), template("b", "1")];
  await withApplication(project(entries), async (app) => {
    const { registry } = app.application;
    assert.equal(render(app, "a"), "A1");
    await change(app, "v:b", { source: "2" });
    assert.equal(render(app, "a"), "A2");
    await assert.rejects(
      change(app, "v:b", { source: "{{ if }}" }),
      /template "b", line 1: unexpected end of action/,
    );
    assert.equal(render(app, "a"), "A2");
    await change(app, "v:b", {}, { name: "c" });
    assert.throws(() => render(app, "a"), /there is no template "b"/);
    assert.equal(render(app, "c"), "2");
    await change(app, "v:b", { set: "v:other" });
    assert.throws(() => render(app, "c"), { kind: "NotFound" });
    assert.equal(render(app, "c", "v:other"), "2");
    await registry.apply([{ kind: "entry.delete", id: "v:b" }]);
    assert.throws(() => render(app, "c", "v:other"), { kind: "NotFound" });
    await registry.apply([{ kind: "entry.delete", id: "v:a" }]);
    assert.throws(() => render(app, "a"), { kind: "NotFound" });
  });
});

test("a template needs a set, a source and a name of its own [template.jet] [kind.template.jet]", async () => {
  const refusals: [Value[], RegExp][] = [
    [[template("a", "", { source: null })], /v:a: source/],
    [[template("a", "x", { set: null })], /v:a: set/],
    [[template("a", "x", { set: "v:none" })], /v:none/],
    [[template("a", "\n{{ x")], /template "a", line 2: action is not closed/],
    [
      [template("a", "x"), template("b", "y", { meta: { name: "a" } })],
      /template name "a" belongs to v:a: set meta\.name/,
    ],
  ];
  for (const [templates, message] of refusals) {
    await assert.rejects(startApplication(project([...SETS, ...templates])), (error) => {
      assert(error instanceof Failure, String(error));
      assert.match(error.message, message);
      return true;
    });
  }
});
