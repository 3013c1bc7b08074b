/** `env.storage.router`: several storages, asked in order. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { schema } from "../../../src/core/mod.ts";
import { Failure } from "../../../src/core/mod.ts";
import { EnvStorageResource } from "../../../src/ports/mod.ts";
import { defineKind } from "../../../src/registry/mod.ts";
import { withApplication } from "../../application.ts";
import { refusalOf } from "../../lua_entries.ts";
import { ENV_HEAD, read, variable, write } from "../env_project.ts";

const SIMULATED = { simulated: true };
const UNSET = "NotFound: environment variable not found";

function project(storages: string): string {
  return `${ENV_HEAD}  - { name: first, kind: env.storage.memory }
  - { name: second, kind: env.storage.static, values: { ONE: second, TWO: second } }
  - { name: third, kind: env.storage.static, values: { TWO: third, THREE: third } }
  - { name: router, kind: env.storage.router, storages: ${storages} }
${["ONE", "TWO", "THREE", "FOUR"].map((name) => variable(name, "router")).join("")}` +
    `  - { name: direct, kind: env.variable, variable: DIRECT, storage: first }\n`;
}

test("the first storage that has the key answers [kind.env.router]", () =>
  withApplication(project("[first, app:second, third]"), async (app) => {
    assert.deepEqual(
      [await read(app, "ONE"), await read(app, "TWO"), await read(app, "THREE"), await read(app, "FOUR")],
      ["second", "second", "third", UNSET],
    );
    const all = await app.call("app:all") as Record<string, string>;
    assert.deepEqual([all["ONE"], all["TWO"], all["THREE"], all["FOUR"]], [
      "second",
      "second",
      "third",
      undefined,
    ]);
  }, SIMULATED));

test("writes go to the first storage only, which hides the others from then on [kind.env.router]", () =>
  withApplication(project("[first, second, third]"), async (app) => {
    assert.equal(await write(app, "TWO", "mine"), "true");
    assert.equal(await read(app, "TWO"), "mine");
    assert.equal(await write(app, "FOUR", "new"), "true");
    assert.equal(await read(app, "FOUR"), "new");
  }, SIMULATED));

test("a first storage that is read-only refuses the write, though the next would take it [kind.env.router]", () =>
  withApplication(project("[second, first]"), async (app) => {
    assert.equal(await write(app, "FOUR", "x"), "PermissionDenied: storage is read-only");
    assert.equal(await read(app, "FOUR"), UNSET);
  }, SIMULATED));

/** A storage that fails, or has one changing value. */
const MOODY = (mood: { value: string | undefined; fails: boolean }) =>
  defineKind({
    name: "env.storage.moody",
    config: schema.object({}),
    provides: EnvStorageResource,
    open: () => ({
      resource: {
        readonly: true,
        get: () => {
          if (mood.fails) throw new Failure("Unavailable", "no answer");
          return mood.value;
        },
        set() {},
        delete() {},
        all: () => ({}),
      },
    }),
  });

test("a failure stops the search, what was found is remembered [kind.env.router]", async () => {
  const mood: { value: string | undefined; fails: boolean } = { value: undefined, fails: true };
  const files = project("[moody, third]") + "  - { name: moody, kind: env.storage.moody }\n";
  await withApplication(files, async (app) => {
    assert.equal(await read(app, "TWO"), "Unavailable: no answer");
    mood.fails = false;
    assert.equal(await read(app, "TWO"), "third");
    mood.value = "moody";
    assert.deepEqual([await read(app, "TWO"), await read(app, "ONE")], ["third", "moody"]);
  }, { ...SIMULATED, kinds: [MOODY(mood)] });
});

test("a router needs storages [kind.env.router]", () =>
  withApplication(project("[first, nowhere]"), async (app) => {
    assert.match(
      (await refusalOf(app, "app:bad", "env.storage.router", {})).message,
      /storages: at least one/,
    );
    assert.equal(await read(app, "ONE"), "NotFound: storage not found: app:nowhere");
  }, SIMULATED));
