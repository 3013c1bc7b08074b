/** `wippy/migration`: schemas in steps, on every kind of database. */
// services: postgres mariadb
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Value, ValueMap } from "../../src/core/mod.ts";
import { type TestApplication, withApplication } from "../application.ts";
import { entry, HEAD, main } from "../lua_entries.ts";
import { missing, serviceUrl } from "../services.ts";

const SIMULATED = { simulated: true };

/** A database under test. */
interface Target {
  readonly type: string;
  readonly skip: string | false;
  /** The fields of its entry. */
  readonly fields: () => string;
  readonly options: { simulated?: true };
}

function served(type: string, service: string, fields: string): Target {
  const address = (): string => {
    const url = serviceUrl(service)!;
    return `host: ${url.hostname}, port: ${url.port}, ${fields}`;
  };
  return { type, skip: missing(service), fields: address, options: {} };
}

const SQLITE: Target = {
  type: "sqlite",
  skip: false,
  fields: () => "file: data.db",
  options: { simulated: true },
};
const TARGETS = [
  SQLITE,
  served("postgres", "postgres", "database: postgres, username: postgres"),
  served("mysql", "mariadb", "database: wippy, username: root"),
];

/** The library that runs, rolls back and tells. */
const ASK = entry(
  "ask",
  "function.lua",
  main(`
local verb, options, target = ...
local runner = runner.setup(target or "app:db")
local result, err = runner[verb](runner, options)
if err then return { refused = err:message() } end
return result`),
  "method: main\nimports: { runner: 'wippy.migration:runner' }",
) + entry(
  "rows",
  "function.lua",
  main(`
local statement = ...
local db = assert(sql.get("app:db"))
local rows, err
if statement:find("^SELECT") then rows, err = db:query(statement) else rows, err = db:execute(statement) end
db:release()
if err then return err:message() end
return rows`),
  "method: main\nmodules: [sql]",
);

function project(target: Target, ...entries: string[]): string {
  return HEAD +
    "  - { name: dependency.migration, kind: ns.dependency, component: wippy/migration, version: '*' }\n" +
    `  - { name: db, kind: db.sql.${target.type}, ${target.fields()} }\n` + ASK + entries.join("");
}

/** A migration entry; `body` stands in `define`. */
function migration(name: string, meta: string, body: string): string {
  return entry(
    name,
    "function.lua",
    `return require("migration").define(function()\n${body}\nend)`,
    `meta: { type: migration, target_db: "app:db"${meta} }\nimports: { migration: "wippy.migration:migration" }`,
  );
}

/** What makes and drops a table, on every type of database. */
function table(name: string, description = `Create ${name}`): string {
  const database = (type: string) =>
    `database("${type}", function()
      up(function(tx)
        local _, err = tx:execute("CREATE TABLE ${name} (id INTEGER PRIMARY KEY, note VARCHAR(40))")
        if err then error(err) end
      end)
      down(function(tx) tx:execute("DROP TABLE ${name}") end)
    end)`;
  return `migration("${description}", function() ${
    ["sqlite", "postgres", "mysql"].map(database).join("\n")
  } end)`;
}

function ask(app: TestApplication, verb: string, options: ValueMap = {}, target?: string): Promise<ValueMap> {
  return app.call("app:ask", verb, options, ...target === undefined ? [] : [target]) as Promise<ValueMap>;
}

function rows(app: TestApplication, statement: string): Promise<Value> {
  return app.call("app:rows", statement);
}

/** A report without what takes time. */
function plain({ duration, migrations = [], ...report }: ValueMap): ValueMap {
  assert.equal(typeof duration, "number");
  const items = (migrations as ValueMap[]).map(({ duration: each, ...item }) => {
    assert.equal(typeof each, "number");
    return item;
  });
  return { ...report, migrations: items };
}

/** The boot sequence is over, and what it did not have to do is undone. */
async function clean(app: TestApplication, target: Target, ...tables: string[]): Promise<void> {
  const service = "wippy.bootloader:bootloader.service";
  await app.until(
    () => app.application.supervisor.state(service)?.status === "exited",
    "the end of the boot sequence",
  );
  if (target.type === "sqlite") return;
  for (const name of ["_migrations", ...tables]) await rows(app, `DROP TABLE IF EXISTS ${name}`);
}

/** Entries that come after the boot, so that the boot sequence has not run them. */
async function add(app: TestApplication, ...names: string[]): Promise<void> {
  const { registry } = app.application;
  await registry.apply(names.map((name) => {
    const kept = registry.get(`app:later.${name}`)!;
    return {
      kind: "entry.create" as const,
      entry: {
        id: `app:${name}`,
        kind: "function.lua",
        meta: kept.meta["as"] as ValueMap,
        data: { source: kept.data["code"]!, imports: { migration: "wippy.migration:migration" } },
      },
    };
  }));
}

/** A migration that \`add\` makes. */
function later(name: string, meta: ValueMap, body: string): string {
  const source = `return require("migration").define(function()\n${body}\nend)\n`;
  const as = { type: "migration", target_db: "app:db", ...meta };
  return `  - ${
    JSON.stringify({ name: `later.${name}`, kind: "registry.entry", meta: { as }, code: source })
  }\n`;
}

for (const target of TARGETS) {
  const { options, skip, type } = target;

  test(
    `${type}: pending migrations are applied in order, once, and reverted in the opposite one [migration.runner.setup] [migration.runner.run] [migration.runner.rollback] [migration.ledger] [migration.dsl.updown]`,
    { skip },
    () =>
      withApplication(
        project(
          target,
          later("one", { timestamp: "2025-01-02T00:00:00Z" }, table("mig_one")),
          later("two", { timestamp: "2025-01-01T00:00:00+02:00" }, table("mig_two")),
        ),
        async (app) => {
          await clean(app, target, "mig_one", "mig_two");
          await add(app, "one", "two");
          const first = plain(await ask(app, "run"));
          assert.deepEqual(first, {
            status: "complete",
            migrations_found: 2,
            migrations_applied: 2,
            migrations_reverted: 0,
            migrations_skipped: 0,
            migrations_failed: 0,
            skipped_details: [],
            migrations: [
              { id: "app:two", name: "Create mig_two", status: "applied" },
              { id: "app:one", name: "Create mig_one", status: "applied" },
            ],
          });
          const again = plain(await ask(app, "run"));
          assert.deepEqual([again["migrations_found"], again["migrations_applied"]], [2, 0]);
          assert.deepEqual(
            again["skipped_details"],
            ["two", "one"].map((name) => ({
              id: `app:${name}`,
              name: `Create mig_${name}`,
              reason: "Migration already applied",
              skip_type: "already_applied",
            })),
          );
          const ledger = await rows(app, "SELECT id, description FROM _migrations ORDER BY id");
          assert.deepEqual(ledger, [
            { id: "app:one", description: "Create mig_one" },
            { id: "app:two", description: "Create mig_two" },
          ]);

          const back = plain(await ask(app, "rollback"));
          assert.deepEqual([back["status"], back["migrations_reverted"]], ["complete", 1]);
          assert.deepEqual(back["migrations"], [{
            id: "app:one",
            name: "Create mig_one",
            status: "reverted",
          }]);
          assert.match(String(await rows(app, "SELECT * FROM mig_one")), /mig_one/);
          assert.deepEqual(await rows(app, "SELECT * FROM mig_two"), []);
          assert.equal((await ask(app, "run"))["migrations_applied"], 1);
          const all = plain(await ask(app, "rollback", { count: 9 }));
          assert.deepEqual((all["migrations"] as ValueMap[]).map(({ id }) => id), ["app:one", "app:two"]);
          assert.deepEqual(await rows(app, "SELECT id FROM _migrations"), []);
          await clean(app, target, "mig_one", "mig_two");
        },
        options,
      ),
  );

  const failing = (then: string): string =>
    `migration("Fails", function()
       for _, type in ipairs({"sqlite", "postgres", "mysql"}) do
         database(type, function()
           up(function(tx) assert(tx:execute("INSERT INTO mig_log VALUES (1, 'up')")) ${then} end)
           after(function(tx)
             local rows = tx:query("SELECT id FROM _migrations WHERE id = 'app:fails'")
             assert(tx:execute("INSERT INTO mig_log VALUES (2, 'after " .. #rows .. "')"))
             if fails_after then error("after failed") end
           end)
         end)
       end
     end)`;

  test(
    `${type}: a migration that fails leaves nothing of itself, and those behind it are not tried [migration.tx.rollback] [migration.runner.stop] [migration.dsl.after] [migration.tx]`,
    { skip },
    () =>
      withApplication(
        project(
          target,
          later("base", { timestamp: "2025-01-01" }, table("mig_log")),
          later("fails", { timestamp: "2025-01-02" }, failing('error("broken on purpose")')),
          later("next", { timestamp: "2025-01-03" }, table("mig_next")),
        ),
        async (app) => {
          await clean(app, target, "mig_log", "mig_next");
          await add(app, "base", "fails", "next");
          const report = plain(await ask(app, "run"));
          assert.equal(report["status"], "error");
          assert.match(report["error"] as string, /^app:fails: .*broken on purpose$/);
          assert.deepEqual(
            [report["migrations_applied"], report["migrations_failed"], report["migrations_found"]],
            [1, 1, 3],
          );
          const items = report["migrations"] as ValueMap[];
          assert.deepEqual(items.map(({ id, status }) => `${id} ${status}`), [
            "app:base applied",
            "app:fails error",
          ]);
          assert.match(items[1]!["error"] as string, /broken on purpose/);
          assert.deepEqual(await rows(app, "SELECT note FROM mig_log"), []);
          assert.deepEqual(await rows(app, "SELECT id FROM _migrations"), [{ id: "app:base" }]);

          const { registry } = app.application;
          const edit = async (id: string, from: string, to: string): Promise<void> => {
            const known = registry.get(id)!;
            const source = (known.data["source"] as string).replace(from, to);
            await registry.apply([{
              kind: "entry.update",
              entry: { ...known, data: { ...known.data, source } },
            }]);
          };
          await edit("app:fails", 'error("broken on purpose")', "");
          await edit("app:fails", "if fails_after", "if true");
          assert.match((await ask(app, "run"))["error"] as string, /after failed/);
          assert.deepEqual(await rows(app, "SELECT note FROM mig_log"), []);
          await edit("app:fails", "if true", "if false");
          assert.equal((await ask(app, "run"))["migrations_applied"], 2);
          // What runs after sees that it was written down, in the same transaction.
          assert.deepEqual(await rows(app, "SELECT note FROM mig_log ORDER BY id"), [{ note: "up" }, {
            note: "after 1",
          }]);
          await clean(app, target, "mig_log", "mig_next");
        },
        options,
      ),
  );

  test(
    `${type}: of two who migrate at the same time one does, and the other finds it done [migration.applied.skip] [migration.exec.status]`,
    { skip },
    () =>
      withApplication(
        project(target, later("slow", {}, table("mig_slow"))),
        async (app) => {
          await clean(app, target, "mig_slow");
          await add(app, "slow");
          const direct = { database_id: "app:db", id: "app:slow" };
          const results = await Promise.all(
            [1, 2, 3].map(() => app.call("app:slow", direct) as Promise<ValueMap>),
          );
          assert.deepEqual(results.map(({ applied, skipped }) => `${applied} ${skipped}`).sort(), [
            "0 1",
            "0 1",
            "1 0",
          ]);
          assert.deepEqual(results.map(({ status }) => status), ["complete", "complete", "complete"]);
          await clean(app, target, "mig_slow");
        },
        options,
      ),
  );
}

test("the status lists what was applied and what is pending [migration.runner.status] [migration.meta.timestamp] [migration.ledger.sqlite]", () =>
  withApplication(
    project(
      SQLITE,
      later("a", { tags: ["core"], description: "Waits" }, table("a")),
      later("b", { timestamp: "2025-06-01T00:00:00Z" }, table("b")),
      later("c", { timestamp: "2025-06-01T00:00:00Z" }, table("c")),
      later("d", { timestamp: "2024-06-01 10:00:00" }, table("d")),
    ),
    async (app) => {
      await clean(app, SQLITE);
      await add(app, "a", "b", "c", "d");
      assert.equal(
        (await ask(app, "run_next", { allowed_ids: ["app:c", "app:d"] }))["migrations_applied"],
        1,
      );
      assert.equal((await ask(app, "run_next", { allowed_ids: ["app:c"] }))["migrations_applied"], 1);
      const status = await ask(app, "status");
      const at = (status["migrations"] as ValueMap[])[0]!["applied_at"];
      assert.ok(Number.isInteger(at));
      assert.deepEqual(status, {
        database_id: "app:db",
        db_type: "sqlite",
        total_migrations: 4,
        applied_migrations: 2,
        pending_migrations: 2,
        migrations: [
          {
            id: "app:d",
            description: "Create d",
            timestamp: "2024-06-01 10:00:00",
            tags: [],
            status: "applied",
            applied_at: at!,
          },
          {
            id: "app:c",
            description: "Create c",
            timestamp: "2025-06-01T00:00:00Z",
            tags: [],
            status: "applied",
            applied_at: at!,
          },
          { id: "app:a", description: "Waits", tags: ["core"], status: "pending" },
          { id: "app:b", description: "", timestamp: "2025-06-01T00:00:00Z", tags: [], status: "pending" },
        ],
      });
    },
    SIMULATED,
  ));

test("tags and ids choose [migration.meta.tags] [migration.runner.run.tags] [migration.runner.run_next] [migration.runner.rollback]", () =>
  withApplication(
    project(
      SQLITE,
      later("a", { tags: ["core"] }, table("a")),
      later("b", { tags: ["extra", "core"] }, table("b")),
      later("c", {}, table("c")),
    ),
    async (app) => {
      await clean(app, SQLITE);
      await add(app, "a", "b", "c");
      const ids = async (verb: string, options: ValueMap): Promise<unknown[]> =>
        ((await ask(app, verb, options))["migrations"] as ValueMap[]).map(({ id, status }) =>
          `${id} ${status}`
        );
      assert.deepEqual(await ids("run", { tags: ["extra", "other"] }), ["app:b applied"]);
      assert.deepEqual(await ids("run_next", { tags: ["core"] }), ["app:a applied"]);
      assert.deepEqual(await ids("run_next", { tags: ["core"] }), []);
      assert.deepEqual(await ids("run_next", {}), ["app:c applied"]);
      assert.deepEqual(await ids("rollback", { allowed_ids: ["app:b", "app:x"], count: 5 }), [
        "app:b reverted",
      ]);
      assert.deepEqual(await ids("rollback", { count: 2 }), ["app:c reverted", "app:a reverted"]);
    },
    SIMULATED,
  ));

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
          { id: "app:two", description: "First", status: "applied" },
          { id: "app:two#2", description: "Second", status: "applied" },
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
        "app:two#2 reverted",
        "app:two reverted",
      ]);
      assert.equal((await call({ direction: "down" }))["skipped"], 3);
      assert.equal((await call({ id: "app:another" }))["applied"], 2);
      assert.deepEqual(await rows(app, "SELECT id FROM _migrations ORDER BY id"), [
        { id: "app:another" },
        { id: "app:another#2" },
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

test("what can't be read is refused with its place [migration.meta.timestamp] [migration.runner.setup] [migration.runner.rollback]", () =>
  withApplication(
    project(SQLITE, later("odd", { timestamp: "next week" }, table("odd")), later("gone", {}, table("gone"))),
    async (app) => {
      await clean(app, SQLITE);
      await add(app, "gone");
      assert.equal((await ask(app, "run"))["migrations_applied"], 1);
      const { registry } = app.application;
      await registry.apply([{ kind: "entry.delete", id: "app:gone" }]);
      assert.equal(
        (await ask(app, "rollback"))["error"],
        "entry not found: app:gone, which was applied to app:db",
      );
      await add(app, "odd");
      const { error } = await ask(app, "run");
      assert.match(error as string, /app:odd: meta\.timestamp "next week" is no ISO-8601 time such as /);
      await assert.rejects(ask(app, "run", {}, "db"), /setup: the id of a database expected, such as app:db/);
      const { error: unknown } = await ask(app, "run", {}, "app:none");
      assert.match(unknown as string, /resource not found: app:none/);
    },
    SIMULATED,
  ));

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
