/** Types of entries as they come in: refused in strict mode, warned of otherwise. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Value } from "../../src/core/mod.ts";
import { type TestApplication, withApplication } from "../application.ts";
import { inFolder, start, wippy } from "../cli/wippy.ts";

const PROJECT = `namespace: app
entries:
  - name: shapes
    kind: library.lua
    source: |
      local function area(width: number, height: number): number
        return width * height
      end
      return { area = area }
  - name: user
    kind: function.lua
    method: main
    imports: {shapes: app:shapes}
    source: |
      local n: number = shapes.area(2, 3)
      return { main = function() return n end }
  - name: edit
    kind: function.lua
    modules: [registry]
    method: main
    source: |
      return { main = function(edits)
        local changes = registry.snapshot():changes()
        for _, edit in ipairs(edits) do
          changes:update({
            id = edit.id, kind = edit.kind, meta = {},
            data = { source = edit.source, method = edit.method, imports = edit.imports },
          })
        end
        local version, err = changes:apply()
        if err then return { kind = err:kind(), message = err:message() } end
        return { version = version:id() }
      end }
`;

const SHAPES = { id: "app:shapes", kind: "library.lua" };
const USER = { id: "app:user", kind: "function.lua", method: "main", imports: { shapes: "app:shapes" } };
const TEXTS = "local function area(w: string, h: string): string return w .. h end\nreturn { area = area }";

const STRICT = { "lua.type_system": { enabled: true, strict: true } };

async function edit(app: TestApplication, ...edits: Value[]): Promise<{ [key: string]: Value }> {
  return await app.call("app:edit", edits) as { [key: string]: Value };
}

function nested(flat: Record<string, { enabled: boolean; strict: boolean }>): Record<string, Value> {
  return { lua: { type_system: flat["lua.type_system"]! } };
}

test("strict: a live edit that does not check is refused with what is wrong, and what runs stays [types.config.apply] [types.config]", async () => {
  await withApplication(PROJECT, async (app) => {
    const before = app.application.registry.version().id;
    const refused = await edit(app, {
      ...USER,
      source: "local n: number = 'two'\nreturn { main = function() return n end }",
    });
    assert.equal(refused["kind"], "Invalid");
    assert.match(
      String(refused["message"]),
      /types do not fit:\napp:user:1:19: string not assignable to number \[E0001\]\n 1 \| local n: number = 'two'/,
    );
    assert.equal(app.application.registry.version().id, before);
    assert.equal(await app.call("app:user"), 6);
    const taken = await edit(app, {
      ...USER,
      source: "local n: number = 2\nreturn { main = function() return n end }",
    });
    assert.equal(typeof taken["version"], "number");
    assert.equal(await app.call("app:user"), 2);
  }, { config: nested(STRICT) });
});

test("strict: a library can't be changed under those who import it, but together with them [types.config.apply]", async () => {
  await withApplication(PROJECT, async (app) => {
    const alone = await edit(app, { ...SHAPES, source: TEXTS });
    assert.equal(alone["kind"], "Invalid");
    assert.match(String(alone["message"]), /app:user:1:\d+: .* not assignable to /);
    assert.equal(await app.call("app:user"), 6);
    const both = await edit(
      app,
      { ...SHAPES, source: TEXTS },
      {
        ...USER,
        source: "local s: string = shapes.area('a', 'b')\nreturn { main = function() return s end }",
      },
    );
    assert.equal(typeof both["version"], "number", String(both["message"]));
    assert.equal(await app.call("app:user"), "ab");
    // And back, though the old texts and the new ones do not fit each other.
    await app.application.registry.applyVersion(0);
    assert.equal(await app.call("app:user"), 6);
  }, { config: nested(STRICT) });
});

test("lenient: what does not check is taken with a warning; without the type system nobody looks [types.config]", async () => {
  const wrong = { ...USER, source: "local n: number = 'two'\nreturn { main = function() return n end }" };
  for (const enabled of [true, false]) {
    await withApplication(PROJECT, async (app) => {
      assert.equal(typeof (await edit(app, wrong))["version"], "number");
      assert.equal(await app.call("app:user"), "two");
      const warnings = app.logs.filter(({ message }) => message === "types do not fit");
      assert.equal(warnings.length, enabled ? 1 : 0);
      if (enabled) assert.equal(warnings[0]!.fields?.["id"], "app:user");
    }, { config: nested({ "lua.type_system": { enabled, strict: false } }) });
  }
});

test("strict: a project whose files do not check does not boot and says where [types.config] [config.lua.types]", async () => {
  const files = {
    ".wippy.yaml": "lua: {type_system: {enabled: true, strict: true}}\n",
    "src/_index.yaml": `namespace: app
entries:
  - {name: main, kind: function.lua, source: file://main.lua, method: main}
`,
    "src/main.lua": "local n: number = 'two'\nreturn { main = function() return n end }\n",
  };
  await inFolder(files, async (cwd) => {
    const strict = await wippy(["call", "app:main"], { cwd });
    assert.equal(strict.code, 1);
    assert.match(strict.stderr, /app:main:1:19: string not assignable to number \[E0001\]/);
    const lenient = await wippy(["call", "app:main", "--set", "lua.type_system.strict=false"], { cwd });
    assert.deepEqual([lenient.code, lenient.stdout], [0, '"two"\n']);
    assert.match(lenient.stderr, /types do not fit/);
  });
});

test("strict: a file edited under a running application is refused on reload, and what runs stays [types.config.apply]", async () => {
  const source = (text: string): string =>
    `local n: number = ${text}\nreturn { main = function() return n end }\n`;
  await inFolder({
    ".wippy.yaml": "lua: {type_system: {enabled: true, strict: true}}\n",
    "src/_index.yaml":
      "namespace: app\nentries:\n  - {name: main, kind: function.lua, source: file://main.lua, method: main}\n",
    "src/main.lua": source("1"),
  }, async (cwd) => {
    const running = start(["run"], { cwd });
    await running.until(/runtime ready/);
    const result = async (): Promise<string> =>
      (await wippy(["call", "--connect", "app:main"], { cwd })).stdout.trim();
    assert.equal(await result(), "1");
    writeFileSync(join(cwd, "src/main.lua"), source("'two'"));
    const refused = await wippy(["registry", "reload"], { cwd });
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /app:main:1:19: string not assignable to number \[E0001\]/);
    assert.equal(await result(), "1");
    writeFileSync(join(cwd, "src/main.lua"), source("2"));
    assert.equal((await wippy(["registry", "reload"], { cwd })).code, 0);
    assert.equal(await result(), "2");
    running.signal("SIGINT");
    await running.ended;
  });
});
