/** `env.variable`: names of values, and how they change. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ValueMap } from "../../../src/core/mod.ts";
import { type TestApplication, withApplication } from "../../application.ts";
import { refusalOf } from "../../lua_entries.ts";
import { ENV_HEAD, read, variable, write } from "../env_project.ts";

const SIMULATED = { simulated: true };
const UNSET = "NotFound: environment variable not found";
const PROJECT =
  `${ENV_HEAD}  - { name: fixed, kind: env.storage.static, values: { ONE: one, RENAMED: other } }
  - { name: memory, kind: env.storage.memory }
${variable("ONE", "fixed")}  - { name: hidden, kind: env.variable, storage: memory, default: dark }
`;

async function update(app: TestApplication, data: ValueMap): Promise<void> {
  const { registry } = app.application;
  const entry = registry.get("app:one")!;
  await registry.apply([{ kind: "entry.update", entry: { ...entry, data } }]);
}

test("names hold letters, digits and _ only [kind.env.variable.name] [kind.env.errors]", () =>
  withApplication(PROJECT, async (app) => {
    for (const name of ["A-B", "A B", "Ä", "a.b", "A\n"]) {
      const failure = await refusalOf(app, "app:bad", "env.variable", {
        variable: name,
        storage: "app:fixed",
      });
      assert.equal(failure.kind, "Invalid", JSON.stringify(name));
      assert.equal(failure.retryable, false);
      assert.match(failure.message, /invalid variable name/);
    }
    for (const name of ["a", "_", "A9_z", "9"]) {
      const entry = {
        id: `app:v${name}`,
        kind: "env.variable",
        meta: {},
        data: { variable: name, storage: "app:memory" },
      };
      await app.application.registry.apply([{ kind: "entry.create", entry }]);
    }
  }, SIMULATED));

test("a public name belongs to one variable [kind.env.variable]", () =>
  withApplication(PROJECT, async (app) => {
    const twin = await refusalOf(app, "app:twin", "env.variable", { variable: "ONE", storage: "app:memory" });
    assert.equal(twin.kind, "AlreadyExists");
    assert.match(twin.message, /variable ONE is already registered by app:one/);
    assert.equal(await read(app, "ONE"), "one", "the first one stays");
  }, SIMULATED));

test("renaming frees the old name; a refused change leaves the variable as it was [kind.env.variable]", () =>
  withApplication(PROJECT, async (app) => {
    await update(app, { variable: "RENAMED", storage: "app:fixed" });
    assert.deepEqual([await read(app, "RENAMED"), await read(app, "ONE")], ["other", UNSET]);
    await assert.rejects(update(app, { variable: "not this", storage: "app:fixed" }), { kind: "Invalid" });
    assert.equal(await read(app, "RENAMED"), "other");
    await app.application.registry.apply([{ kind: "entry.delete", id: "app:one" }]);
    assert.deepEqual([await read(app, "RENAMED"), await read(app, "app:one")], [UNSET, UNSET]);
  }, SIMULATED));

test("a variable must name its storage, which may come later [kind.env.variable] [kind.env.errors]", () =>
  withApplication(`${PROJECT}${variable("LATE", "app:later", ", default: x")}`, async (app) => {
    assert.match((await refusalOf(app, "app:bad", "env.variable", { variable: "BAD" })).message, /storage/);
    assert.equal(await read(app, "LATE"), "NotFound: storage not found: app:later");
    assert.equal(await write(app, "LATE", "v"), "NotFound: storage not found: app:later");
    const storage = { id: "app:later", kind: "env.storage.memory", meta: {}, data: {} };
    await app.application.registry.apply([{ kind: "entry.create", entry: storage }]);
    assert.equal(await read(app, "LATE"), "x");
    assert.equal(await write(app, "LATE", "v"), "true");
    assert.equal(await read(app, "LATE"), "v");
  }, SIMULATED));

test("without a public name the entry's id is the only way [kind.env.variable]", () =>
  withApplication(PROJECT, async (app) => {
    assert.equal(await read(app, "app:hidden"), "dark");
    assert.equal(await write(app, "app:hidden", "lit"), "true");
    assert.equal(await read(app, "app:hidden"), "lit");
    assert.equal(await read(app, "hidden"), UNSET);
  }, SIMULATED));

test("a variable of the application goes before one of a module, which has the name again when that is gone [kind.env.variable]", () =>
  withApplication(
    `${PROJECT}  - { name: llm, kind: ns.dependency, component: wippy/llm, version: "*", parameters: [{ name: env_storage, value: "app:memory" }] }
${
      variable("OPENAI_API_KEY", "fixed").replace("name: openai_api_key", "name: own")
    }  - { name: keys, kind: env.storage.static, values: { OPENAI_API_KEY: own } }
`.replace(/(name: own.*storage: )fixed/, "$1keys"),
    async (app) => {
      assert.equal(await read(app, "OPENAI_API_KEY"), "own");
      assert.equal(await write(app, "wippy.llm.env:openai_api_key", "of the module"), "true");
      assert.equal(await read(app, "OPENAI_API_KEY"), "own");
      const { registry } = app.application;
      const own = registry.get("app:own")!;
      await registry.apply([{ kind: "entry.delete", id: "app:own" }]);
      assert.equal(await read(app, "OPENAI_API_KEY"), "of the module");
      await registry.apply([{ kind: "entry.create", entry: own }]);
      assert.equal(await read(app, "OPENAI_API_KEY"), "own");
      const failure = await refusalOf(app, "app:another", "env.variable", {
        variable: "OPENAI_API_KEY",
        storage: "app:memory",
      });
      assert.equal(failure.kind, "AlreadyExists");
    },
    SIMULATED,
  ));
