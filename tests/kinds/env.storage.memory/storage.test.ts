/** `env.storage.memory`: variables that are lost with the runtime. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { withApplication } from "../../application.ts";
import { ENV_HEAD, read, variable, write } from "../env_project.ts";

const SIMULATED = { simulated: true };
const UNSET = "NotFound: environment variable not found";
const PROJECT = `${ENV_HEAD}  - { name: memory, kind: env.storage.memory }
  - { name: other, kind: env.storage.memory }
${variable("ONE", "memory")}${variable("TWO", "app:other")}`;

test("what is set is read, empty text too; each storage has its own values [kind.env.memory]", () =>
  withApplication(PROJECT, async (app) => {
    assert.equal(await read(app, "ONE"), UNSET);
    assert.equal(await write(app, "ONE", "1"), "true");
    assert.equal(await write(app, "ONE", "one ü"), "true");
    assert.deepEqual([await read(app, "ONE"), await read(app, "TWO")], ["one ü", UNSET]);
    assert.equal(await write(app, "TWO", ""), "true");
    assert.equal(await read(app, "TWO"), "");
  }, SIMULATED));

test("an update of the entry keeps the values, its removal loses them [kind.env.memory]", () =>
  withApplication(PROJECT, async (app) => {
    const { registry } = app.application;
    await write(app, "ONE", "1");
    const storage = registry.get("app:memory")!;
    await registry.apply([{ kind: "entry.update", entry: { ...storage, meta: { note: "x" } } }]);
    assert.equal(await read(app, "ONE"), "1");
    const one = registry.get("app:one")!;
    await registry.apply([{ kind: "entry.delete", id: "app:one" }, {
      kind: "entry.delete",
      id: "app:memory",
    }]);
    assert.equal(await read(app, "ONE"), UNSET);
    await registry.apply([{ kind: "entry.create", entry: storage }, { kind: "entry.create", entry: one }]);
    assert.equal(await read(app, "ONE"), UNSET, "lost");
  }, SIMULATED));
