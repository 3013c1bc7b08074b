/** Modules that come with the program. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { bundledModules } from "../../src/framework/mod.ts";
import { createPorts } from "../../src/platform/mod.ts";
import { startApplication } from "../application.ts";
import { ScriptedTerminal } from "./scripted_terminal.ts";

const DECLARED = {
  "src/_index.yaml": `namespace: app
entries:
  - name: dependency.test
    kind: ns.dependency
    component: wippy/test
  - name: passes
    kind: function.lua
    method: run
    imports: {test: "wippy.test:test"}
    source: |
      return { run = function() return test.ok(true) end }
`,
};

test("modules of the program are named, versioned and found with what they need [fw.list]", async () => {
  const names = bundledModules(createPorts().yaml).map(({ name, version }) => `${name}@${version}`);
  assert.deepEqual(names.map((name) => name.replace(/@\d+\.\d+\.\d+$/, "")).sort(), [
    "keeper/keeper",
    "wippy/actor",
    "wippy/agent",
    "wippy/bootloader",
    "wippy/dataflow",
    "wippy/embeddings",
    "wippy/facade",
    "wippy/llm",
    "wippy/migration",
    "wippy/relay",
    "wippy/security",
    "wippy/terminal",
    "wippy/test",
    "wippy/usage",
    "wippy/views",
  ]);
  const { app, stop } = await startApplication(DECLARED);
  try {
    const { registry } = app.application;
    const kinds = ["wippy.terminal:host", "wippy.test:test", "wippy.test:runner"]
      .map((id) => registry.get(id)?.kind);
    assert.deepEqual(kinds, ["terminal.host", "library.lua", "process.lua"]);
    assert.equal(registry.get("wippy.test:test")?.meta.module, "wippy/test");
    assert.equal(await app.call("app:passes"), true);
  } finally {
    await stop();
  }
});

test("their sources are compiled when they are first used", async () => {
  const { app, stop } = await startApplication(DECLARED, { countLines: true });
  try {
    const { code } = app.application.runtime.universe;
    assert.notEqual(code.lineCounts("app:passes"), undefined);
    assert.equal(code.lineCounts("wippy.test:assertions"), undefined);
    await app.call("app:passes");
    assert.notEqual(code.lineCounts("wippy.test:assertions"), undefined);
  } finally {
    await stop();
  }
});

test("a test that says nothing of its time has thirty seconds [test.meta.timeout]", async () => {
  const entry = (name: string, meta: string, time: string): string =>
    `  - name: ${name}
    kind: function.lua
    meta: {type: test${meta}}
    method: run
    modules: [time]
    source: return { run = function() time.sleep("${time}") end }
`;
  const files = {
    "src/_index.yaml": `${DECLARED["src/_index.yaml"].split("  - name: passes")[0]}${
      entry("patient", "", "29s") + entry("late", "", "31s") + entry("longer", ", timeout: 2m", "31s") +
      entry("short", ", timeout: 10ms", "1s")
    }`,
  };
  const { app, stop } = await startApplication(files, { simulated: true });
  const terminal = new ScriptedTerminal();
  try {
    const ended = app.application.runTerminal({ process: "wippy.test:runner", args: [], terminal });
    assert.equal(await app.drive(ended), 1);
    const lines = terminal.text.split("\n").map((line) => line.trim());
    assert.ok(lines.includes("o patient") && lines.includes("o longer"), terminal.text);
    assert.equal(lines[lines.indexOf("x late") + 1], "no result after 30s");
    assert.equal(lines[lines.indexOf("x short") + 1], "no result after 10ms");
  } finally {
    await stop();
  }
});
