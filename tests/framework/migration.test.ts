/** `wippy/migration`: the words of migrations, where they are found, and what happens to them when an application starts. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Value, ValueMap } from "../../src/core/mod.ts";
import { type TestApplication, withApplication } from "../application.ts";
import { entry, main } from "../lua_entries.ts";
import { add, clean, later, migration, plain, project, rows, SQLITE, table } from "./migration_project.ts";

const SIMULATED = { simulated: true };

test("migrations are found by database, tag and id [migration.registry.find] [migration.registry.get] [migration.registry.dbs] [migration.registry.tags] [migration.meta.target_db]", () =>
  withApplication(
    project(
      SQLITE,
      "  - { name: other, kind: db.sql.sqlite, file: ':memory:' }\n",
      migration("z", ', tags: [core], timestamp: "2024-01-01"', table("z")),
      migration("a", ', tags: [extra, core], timestamp: "2025-01-01"', table("a")),
      migration("elsewhere", "", table("e")).replace('"app:db"', "other"),
      entry(
        "find",
        "function.lua",
        main(`
local function ids(criteria)
  local found = {}
  for _, each in ipairs(assert(migrations.find(criteria))) do found[#found + 1] = each.id end
  return table.concat(found, " ")
end
local _, unknown = migrations.get("app:db")
return {
  all = ids(), db = ids({ target_db = "app:db" }), other = ids({ target_db = "app:other" }),
  core = ids({ tags = { "core" } }), both = ids({ target_db = "app:db", tags = { "extra" } }), none = ids({ tags = {} }),
  one = migrations.get("app:a").id, unknown = unknown:kind() .. " " .. unknown:message(),
  dbs = table.concat(migrations.get_target_dbs(), " "), tags = table.concat(migrations.get_tags(), " "),
}`),
        "method: main\nimports: { migrations: 'wippy.migration:registry' }",
      ),
    ),
    async (app) => {
      await clean(app, SQLITE);
      assert.deepEqual(await app.call("app:find"), {
        all: "app:elsewhere app:z app:a",
        db: "app:z app:a",
        other: "app:elsewhere",
        core: "app:z app:a",
        both: "app:a",
        none: "",
        one: "app:a",
        unknown: "NotFound there is no migration app:db",
        dbs: "app:db app:other",
        tags: "core extra",
      });
    },
    SIMULATED,
  ));

test("a direct call says what it did, and takes direction, force and id [migration.exec.options] [migration.exec.status] [migration.applied.skip] [migration.driver.missing] [migration.entry]", () =>
  withApplication(
    project(
      SQLITE,
      later(
        "two",
        {},
        `${table("one", "First")} migration("Second", function() database("sqlite", function()
           up(function(tx) tx:execute("INSERT INTO one VALUES (1, 'x')") end)
           down(function(tx) tx:execute("DELETE FROM one") end)
         end) end)
         migration("Only Postgres", function() database("postgres", function() up(function() end) end) end)`,
      ),
    ),
    async (app) => {
      await clean(app, SQLITE);
      await add(app, "two");
      const call = async (given: ValueMap): Promise<ValueMap> =>
        plain(await app.call("app:two", { database_id: "app:db", ...given }) as ValueMap);
      const missing = { name: "Only Postgres", reason: "No implementation for database type: sqlite" };
      assert.deepEqual(await call({}), {
        status: "complete",
        total: 3,
        applied: 2,
        reverted: 0,
        skipped: 1,
        failed: 0,
        db_type: "sqlite",
        skipped_reasons: [missing],
        migrations: [
          { id: "app:two#1", description: "First", status: "applied" },
          { id: "app:two", description: "Second", status: "applied" },
          { id: "app:two#3", description: "Only Postgres", status: "skipped", reason: missing.reason },
        ],
      });
      const again = await call({ direction: "up" });
      assert.deepEqual((again["skipped_reasons"] as ValueMap[])[0], {
        name: "First",
        reason: "Migration already applied",
      });
      const forced = await call({ force: true });
      assert.deepEqual([forced["status"], forced["failed"]], ["failed", 1]);
      assert.match(forced["error"] as string, /table one already exists/);
      const down = await call({ direction: "down" });
      assert.deepEqual((down["migrations"] as ValueMap[]).map(({ id, status }) => `${id} ${status}`), [
        "app:two#3 skipped",
        "app:two reverted",
        "app:two#1 reverted",
      ]);
      assert.equal((await call({ direction: "down" }))["skipped"], 3);
      assert.equal((await call({ id: "app:another" }))["applied"], 2);
      assert.deepEqual(await rows(app, "SELECT id FROM _migrations ORDER BY id"), [
        { id: "app:another" },
        { id: "app:another#1" },
      ]);
      for (
        const [given, message] of [
          [{ direction: "sideways" }, 'direction: "up" or "down" expected, not sideways'],
          [{ database_id: false }, "database_id: the id of a database is required"],
          [{ database_id: "app:nothing" }, "resource not found: app:nothing"],
        ] as const
      ) {
        const refused = await call(given);
        assert.equal(refused["status"], "error");
        assert.ok((refused["error"] as string).includes(message), String(refused["error"]));
      }
    },
    SIMULATED,
  ));

const WORDS = ["migration", "database", "up", "down", "after"];

test("the words are there while migrations are defined, each in its place [migration.dsl.define] [migration.dsl.migration] [migration.dsl.database]", async () => {
  const bodies: [string, string][] = [
    ['database("sqlite", function() end)', "database: call it inside the function given to migration"],
    ["up(function() end)", "up: call it inside the function given to database"],
    ['migration("", function() end)', "migration: a description and a function expected"],
    [
      'migration("A", function() migration("B", function() end) end)',
      "migration: call it inside the function given to define",
    ],
    [
      'migration("A", function() database("oracle", function() end) end)',
      'database: "sqlite", "postgres" or "mysql" expected, not oracle',
    ],
    ['migration("A", function() database("sqlite", function() up(1) end) end)', "up: a function expected"],
    [
      'migration("A", function() database("sqlite", function() up(print) up(print) end) end)',
      "up: it is there already",
    ],
    ['migration("A", function() database("sqlite", function() end) end)', "there is no up for sqlite"],
    ["local x = 1", "it defines no migration"],
  ];
  await withApplication(
    project(SQLITE, ...bodies.map(([body], i) => later(`wrong${i}`, {}, body))),
    async (app) => {
      await clean(app, SQLITE);
      await add(app, ...bodies.map((_, i) => `wrong${i}`));
      for (const [i, [body, message]] of bodies.entries()) {
        const { error, status } = await app.call(`app:wrong${i}`, { database_id: "app:db" }) as ValueMap;
        assert.ok(status === "error" || status === "failed", body);
        assert.ok((error as string).endsWith(message), `${body}: ${error}`);
      }
    },
    SIMULATED,
  );
  await withApplication(
    project(
      SQLITE,
      entry(
        "words",
        "function.lua",
        `local before = { ${WORDS.map((word) => `${word} = type(${word})`).join(", ")} }
local during
local run = require("migration").define(function()
  during = { ${WORDS.map((word) => `${word} = type(${word})`).join(", ")} }
  migration("Nothing", function() end)
end)
return { main = function()
  run({ database_id = "app:db" })
  return { before = before, during = during, after = { ${
          WORDS.map((word) => `${word} = type(${word})`).join(", ")
        } } }
end }`,
        'method: main\nimports: { migration: "wippy.migration:migration" }',
      ),
    ),
    async (app) => {
      const functions = Object.fromEntries(WORDS.map((word) => [word, "function"]));
      const outside = { ...Object.fromEntries(WORDS.map((word) => [word, "nil"])), migration: "table" };
      assert.deepEqual(await app.call("app:words"), { before: outside, during: functions, after: outside });
    },
    SIMULATED,
  );
});

function lines(app: TestApplication): string[] {
  return app.logs.map(({ message }) => message).filter((message) => / wippy\.migration:/.test(message));
}

test("when an application starts, what is pending in all its databases is applied [migration.boot] [migration.boot.none] [migration.boot.requires] [migration.field.path] [fw.transitive]", async () => {
  const files = {
    "src/_index.yaml": project(
      SQLITE,
      "  - { name: second, kind: db.sql.sqlite, path: second.db }\n",
      migration("a", "", table("a")),
      migration("b", "", table("b")).replace("app:db", "app:second"),
      migration("lost", "", table("lost")).replace('target_db: "app:db"', "note: none"),
    ),
  };
  await withApplication(files, async (app) => {
    await clean(app, SQLITE);
    assert.deepEqual(lines(app), ["SUCCESS wippy.migration:migration_bootloader"]);
    const line = app.logs.find(({ message }) => message.startsWith("SUCCESS wippy.migration"))!;
    assert.deepEqual([line.fields["order"], line.fields["message"]], [20, "2 applied to 2 databases"]);
    assert.deepEqual(
      app.logs.filter(({ message }) => message === "migration applied").map(({ fields }) =>
        `${fields["id"]} ${fields["database"]}`
      ),
      ["app:a app:db", "app:b app:second"],
    );
    const warning = app.logs.find(({ message }) => message.endsWith("is never applied"))!;
    assert.deepEqual([warning.message, warning.fields["id"]], [
      "migration without a meta.target_db is never applied",
      "app:lost",
    ]);
    const { meta } = app.application.registry.get("wippy.migration:migration_bootloader")!;
    assert.equal((meta["requires"] as Value[])[0], "wippy.bootloader.bootloaders:encryption_key");
    const again = await app.application.call("wippy.migration:migration_bootloader", []);
    assert.deepEqual(again, { status: "skipped", message: "No migrations to apply" });
  }, SIMULATED);
});

test("a database that is not there is waited for, and the sequence fails without it [migration.boot.wait] [migration.boot.requires]", async () => {
  const files = project(SQLITE, migration("a", "", table("a")).replace("app:db", "app:none")).replace(
    "version: '*' }",
    "version: '*', parameters: [{ name: app_db, value: 'app:db' }] }",
  );
  await withApplication(files, async (app) => {
    await app.until(() => lines(app).length > 0, "the end of the step");
    assert.deepEqual(lines(app), ["FAILED wippy.migration:migration_bootloader"]);
    const { fields } = app.logs.find(({ message }) => message.startsWith("FAILED wippy.migration"))!;
    assert.equal(fields["message"], "database app:none: resource not found: app:none");
    assert.ok((fields["duration"] as number) >= 9_500, String(fields["duration"]));
    const { meta } = app.application.registry.get("wippy.migration:migration_bootloader")!;
    assert.deepEqual(meta["requires"], ["wippy.bootloader.bootloaders:encryption_key", "app:db"]);
  }, SIMULATED);
});
