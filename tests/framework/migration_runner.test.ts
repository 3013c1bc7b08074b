/** `wippy/migration`: applying, reverting and listing, on every kind of database. */
// services: postgres mariadb
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ValueMap } from "../../src/core/mod.ts";
import { withApplication } from "../application.ts";
import { add, ask, clean, later, plain, project, rows, SQLITE, table, TARGETS } from "./migration_project.ts";

const SIMULATED = { simulated: true };

for (const target of TARGETS) {
  const { options, skip, type } = target;

  test(
    `${type}: pending migrations are applied in order, once, and reverted in the opposite one [migration.runner.setup] [migration.runner.skip_detail] [migration.runner.run] [migration.runner.rollback] [migration.ledger] [migration.dsl.updown]`,
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

test("of several in one entry those that were applied stay so when a later one fails [migration.runner.stop] [migration.tx.rollback]", () =>
  withApplication(
    project(
      SQLITE,
      later(
        "both",
        {},
        `${
          table("one")
        } migration("Silent", function() database("sqlite", function() up(function() if not fixed then error() end end) down(function() end) end) end)`,
      ),
    ),
    async (app) => {
      await clean(app, SQLITE);
      await add(app, "both");
      const failed = plain(await ask(app, "run"));
      assert.deepEqual([failed["status"], failed["error"]], [
        "error",
        "app:both: it failed without saying why",
      ]);
      assert.deepEqual(await rows(app, "SELECT id FROM _migrations"), [{ id: "app:both#1" }]);
      const { registry } = app.application;
      const known = registry.get("app:both")!;
      const source = (known.data["source"] as string).replace("not fixed", "fixed");
      await registry.apply([{ kind: "entry.update", entry: { ...known, data: { ...known.data, source } } }]);
      const done = plain(await ask(app, "run"));
      assert.deepEqual([done["status"], done["migrations_applied"], done["migrations_skipped"]], [
        "complete",
        1,
        1,
      ]);
      assert.equal((await ask(app, "run"))["migrations_applied"], 0);
      const back = plain(await ask(app, "rollback"));
      assert.equal(back["migrations_reverted"], 2);
      assert.deepEqual(await rows(app, "SELECT id FROM _migrations"), []);
    },
    SIMULATED,
  ));

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
