/** `wippy/usage`: what calls of models have used, on every kind of database. */
// services: postgres mariadb
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Value, ValueMap } from "../../src/core/mod.ts";
import { type TestApplication, withApplication } from "../application.ts";
import { entry, main } from "../lua_entries.ts";
import { llmProject, model, responseOf } from "./llm_project.ts";
import { SQLITE, type Target, TARGETS } from "./migration_project.ts";

const SIMULATED = { simulated: true };
const BOOT = "wippy.bootloader:bootloader.service";

/** Functions that ask the library and the database. */
const ASK = entry(
  "ask",
  "function.lua",
  main(`
local method, arguments, n = ...
local result, err = usage[method](table.unpack(arguments, 1, n))
if err then return { refused = err:message() } end
return { result = result }`),
  'method: main\nimports: { usage: "wippy.usage:token_usage_repo" }',
) + entry(
  "track",
  "function.lua",
  main(`
local id, err = tracker.track_usage(...)
return { id = id, err = err and err:message() }`),
  'method: main\nimports: { tracker: "wippy.usage:usage_tracker" }',
) + entry(
  "track_as",
  "function.lua",
  main(
    `return funcs.new():with_actor(security.new_actor("ann")):with_scope(security.new_scope({ security.policy("app:all") })):with_context({ context_id = "chat-1" }):call("app:track", ...)`,
  ),
  "method: main\nmodules: [funcs, security]",
) + "  - { name: all, kind: security.policy, policy: { actions: '*', resources: '*', effect: allow } }\n" +
  entry(
    "sql",
    "function.lua",
    main(`
local statement = ...
local db = assert(sql.get("app:db"))
local rows, err
if statement:find("^SELECT") then rows, err = db:query(statement) else rows, err = db:execute(statement) end
db:release()
return err and err:message() or rows`),
    "method: main\nmodules: [sql]",
  );

function project(target: Target, parameter: string, ...entries: string[]): string {
  return llmProject(
    `  - { name: usage, kind: ns.dependency, component: wippy/usage, version: '*'${parameter} }\n`,
    `  - { name: db, kind: db.sql.${target.type}, ${target.fields()} }\n`,
    model("one", {}),
    ASK,
    ...entries,
  );
}

const PARAMETER = ", parameters: [{ name: target_db, value: 'app:db' }]";

async function booted(app: TestApplication): Promise<void> {
  await app.until(
    () => app.application.supervisor.state(BOOT)?.status === "exited",
    "the end of the boot sequence",
  );
}

async function ask(app: TestApplication, method: string, ...given: Value[]): Promise<Value> {
  const { refused, result } = await app.call("app:ask", method, given, given.length) as ValueMap;
  return (refused ?? result) as Value;
}

const at = (text: string): number => Date.parse(text) / 1000;

for (const target of TARGETS) {
  test(
    `${target.type}: records and their sums [usage.param] [usage.table] [usage.track] [usage.create] [usage.user] [usage.summary] [usage.by_time] [usage.by_model] [usage.by_user] [usage.interval] [usage.time]`,
    { skip: target.skip },
    () =>
      withApplication(project(target, PARAMETER), async (app) => {
        await booted(app);
        const track = async (name: string, ...given: Value[]): Promise<string> => {
          const { err, id } = await app.call(name, ...given) as ValueMap;
          assert.equal(err, undefined);
          return id as string;
        };
        const when = (text: string, more: ValueMap = {}): ValueMap => ({ timestamp: at(text), ...more });
        const id = await track(
          "app:track",
          "m1",
          10,
          5,
          2,
          1,
          3,
          when("2026-01-01T00:00:00Z", { context_id: "c", metadata: { a: [1] } }),
        );
        assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7/);
        await track("app:track_as", "m2", 100, 50, 0, 0, 0, when("2026-01-01T05:59:59Z"));
        await track("app:track_as", "m1", 1, 1, null, null, null, when("2026-01-31T23:30:00Z"));
        await track("app:track", "m1", 7, 0, 0, 0, 0, when("2026-02-01T00:00:00Z"));

        const [row] = await app.call(
          "app:sql",
          "SELECT user_id, context_id, model_id, prompt_tokens, meta FROM token_usage WHERE prompt_tokens = 10",
        ) as ValueMap[];
        assert.deepEqual(row, {
          user_id: "system",
          context_id: "c",
          model_id: "m1",
          prompt_tokens: 10,
          meta: '{"a":[1]}',
        });
        const [other] = await app.call(
          "app:sql",
          "SELECT user_id, context_id FROM token_usage WHERE prompt_tokens = 100",
        ) as ValueMap[];
        assert.deepEqual(other, { user_id: "ann", context_id: "chat-1" });

        const january = [at("2026-01-01T00:00:00Z"), at("2026-02-01T00:00:00Z")] as const;
        assert.deepEqual(await ask(app, "get_summary", ...january), {
          prompt_tokens: 111,
          completion_tokens: 56,
          thinking_tokens: 2,
          cache_read_tokens: 1,
          cache_write_tokens: 3,
          request_count: 3,
          total_tokens: 169,
        });
        const short = (rows: Value, key: string) =>
          (rows as ValueMap[]).map((each) => `${each[key]} ${each["total_tokens"]} ${each["request_count"]}`);
        assert.deepEqual(short(await ask(app, "get_usage_by_model", ...january), "model_id"), [
          "m2 150 1",
          "m1 19 2",
        ]);
        assert.deepEqual(short(await ask(app, "get_usage_by_user", ...january), "user_id"), [
          "ann 152 2",
          "system 17 1",
        ]);
        const times = async (from: string, to: string, interval: string): Promise<string[]> =>
          (await ask(app, "get_usage_by_time", at(from), at(to), interval) as ValueMap[]).map((each) =>
            `${new Date((each["timestamp"] as number) * 1000).toISOString().slice(0, 13)} ${
              each["total_tokens"]
            }`
          );
        assert.deepEqual(await times("2026-01-01T03:00:00Z", "2026-01-01T07:00:00Z", "hour"), [
          "2026-01-01T03 0",
          "2026-01-01T04 0",
          "2026-01-01T05 150",
          "2026-01-01T06 0",
        ]);
        assert.deepEqual(await times("2026-01-30T00:00:00Z", "2026-02-02T00:00:00Z", "day"), [
          "2026-01-30T00 0",
          "2026-01-31T00 2",
          "2026-02-01T00 7",
        ]);
        assert.deepEqual(await times("2026-01-01T00:00:00Z", "2026-01-06T00:00:00Z", "week"), [
          "2025-12-29T00 167",
          "2026-01-05T00 0",
        ]);
        assert.deepEqual(await times("2025-12-15T00:00:00Z", "2026-03-01T00:00:00Z", "month"), [
          "2025-12-01T00 0",
          "2026-01-01T00 169",
          "2026-02-01T00 7",
        ]);
        assert.equal(
          await ask(app, "get_usage_by_time", ...january, "year"),
          "Invalid interval: must be hour, day, week, or month",
        );
        assert.equal(await ask(app, "get_summary", "yesterday", 5), "a range is two numbers of seconds");
        await app.call("app:sql", "DROP TABLE token_usage");
        await app.call("app:sql", "DROP TABLE _migrations");
      }, target.options),
  );
}

test("figures that can't be are refused by name [usage.validate]", () =>
  withApplication(project(SQLITE, PARAMETER), async (app) => {
    await booted(app);
    const refused = async (...given: Value[]): Promise<unknown> =>
      (await app.call("app:track", ...given) as ValueMap)["err"];
    assert.equal(await refused("m", -1, 0), "prompt_tokens must be a whole number from 0 on, not -1");
    assert.equal(await refused("m", 0, "5"), "completion_tokens must be a whole number from 0 on, not 5");
    assert.equal(await refused("m", 0, 0, 0.5), "thinking_tokens must be a whole number from 0 on, not 0.5");
    assert.equal(
      await refused("m", 0, 0, 0, -2),
      "cache_read_tokens must be a whole number from 0 on, not -2",
    );
    assert.equal(await refused("", 0, 0), "model_id is required");
    assert.equal(
      await refused("m", 0, 0, 0, 0, 0, { timestamp: "now" }),
      "timestamp must be a number of seconds",
    );
  }, SIMULATED));

test("every call of a model is recorded [usage.binding] [llm.usage.hook]", () =>
  withApplication(project(SQLITE, PARAMETER), async (app) => {
    await booted(app);
    const { usage_record } = await responseOf(app, "generate", "x", { model: "one" });
    const [row] = await app.call(
      "app:sql",
      "SELECT usage_id, model_id, prompt_tokens, thinking_tokens, cache_read_tokens FROM token_usage",
    ) as ValueMap[];
    const { usage_id, ...figures } = row!;
    assert.deepEqual(usage_record, { usage_id });
    assert.deepEqual(figures, {
      model_id: "real-one",
      prompt_tokens: 3,
      thinking_tokens: 1,
      cache_read_tokens: 2,
    });
  }, SIMULATED));

test("an entry may name the database in place of the parameter; without either it is said what to do [usage.param] [x.usage]", async () => {
  const named = "  - { name: target_db, kind: registry.entry, meta: { wippy.usage.target_db: 'app:db' } }\n";
  await withApplication(project(SQLITE, "", named), async (app) => {
    await booted(app);
    assert.ok(
      app.logs.some(({ fields, message }) =>
        message === "SUCCESS wippy.usage:usage_bootloader" &&
        fields["message"] === "the table was made in app:db"
      ),
    );
    assert.equal((await ask(app, "get_summary", 0, 5) as ValueMap)["request_count"], 0);
    const again = await app.application.call("wippy.usage:usage_bootloader", []) as ValueMap;
    assert.deepEqual(again, { status: "skipped", message: "the table is there" });
    assert.ok(!app.logs.some(({ message }) => message.includes("never applied")));
  }, SIMULATED);
  await withApplication(project(SQLITE, ""), async (app) => {
    await booted(app);
    assert.match(
      await ask(app, "get_summary", 0, 5) as string,
      /has no database: give it the parameter target_db/,
    );
    // A call of a model goes well all the same.
    assert.equal((await responseOf(app, "generate", "x", { model: "one" }))["usage_record"], undefined);
  }, SIMULATED);
});
