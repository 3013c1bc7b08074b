/** Attempts of activities: how many, how far apart, for which errors, and over a restart. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import type { Value } from "../../src/core/mod.ts";
import { createPorts } from "../../src/platform/mod.ts";
import type { TestApplication } from "../application.ts";
import { inFolder, lua, noted, notesOf, withWorker } from "./worker.ts";

/** Fails until its `failures` are used up; notes each attempt with its time. */
const FLAKY = lua(
  "function.lua",
  "flaky",
  `local name, failures, kind, retryable = ...
local tries = 0
for _, note in ipairs(funcs.call("app:notes")) do if note:sub(1, #name + 5) == "try " .. name .. " " then tries = tries + 1 end end
funcs.call("app:note", "try " .. name .. " " .. time.now():unix_nano() // 1000000)
if tries >= failures then return "done " .. name end
if kind == "crash" then error("boom") end
if kind == "sleep" then time.sleep("1h") end
return nil, errors.new({ message = "failed " .. tries + 1, kind = kind, retryable = retryable })`,
  ["funcs", "time"],
);

/** Calls it with a policy and further options. */
const CALLER = lua(
  "workflow.lua",
  "caller",
  `local policy, args, more = ...
local options = more or {}
options["activity.retry_policy"] = policy
local value, err = funcs.new():with_options(options):call("app:flaky", table.unpack(args))
if err then return { err:kind(), err:message() } end
return value`,
  ["funcs"],
);

/** When the attempts of an activity began, in milliseconds. */
async function triesOf(app: TestApplication, name: string): Promise<number[]> {
  const notes = await notesOf(app);
  return notes.filter((note) => note.startsWith(`try ${name} `)).map((note) =>
    Number(note.split(" ").at(-1))
  );
}

test("a policy says how often a failed activity is tried, how far apart, and for which kinds [activity.retry.fields]", () =>
  inFolder((folder) =>
    withWorker(folder, [FLAKY, CALLER], async (app) => {
      let count = 0;
      const run = async (
        policy: Value,
        failures: number,
        kind: string,
        retryable: Value = null,
        more: Value = null,
      ): Promise<{ result: Value; gaps: number[] }> => {
        const name = `case${++count}`;
        const result = await app.call(
          "app:run",
          "app:caller",
          policy,
          [name, failures, kind, retryable],
          more,
        );
        const tries = await triesOf(app, name);
        return { result, gaps: tries.slice(1).map((at, i) => at - tries[i]!) };
      };
      const failed = (n: number, kind: string): Value => [kind, `failed ${n}`];

      // Without a policy there is one attempt.
      assert.deepEqual(await run(null, 1, "Unavailable", true), {
        result: failed(1, "Unavailable"),
        gaps: [],
      });
      // Defaults: 1 s, twice as long each time, without end.
      assert.deepEqual(await run({}, 5, "Unavailable"), {
        result: "done case2",
        gaps: [1000, 2000, 4000, 8000, 16000],
      });
      // What was not given to end is tried again whatever its kind, unless it says that this is of no use.
      assert.deepEqual((await run({}, 1, "Invalid")).gaps, [1000]);
      assert.deepEqual(await run({}, 1, "Unavailable", false), {
        result: failed(1, "Unavailable"),
        gaps: [],
      });
      assert.deepEqual((await run({}, 1, "crash")).gaps, []);
      const policy = {
        initial_interval: 500,
        backoff_coefficient: 3.0,
        maximum_interval: 2000,
        maximum_attempts: 5,
        non_retryable_error_types: ["Invalid", "PermissionDenied"],
      };
      assert.deepEqual(await run(policy, 9, "Unavailable"), {
        result: failed(5, "Unavailable"),
        gaps: [500, 1500, 2000, 2000],
      });
      assert.deepEqual(await run(policy, 9, "PermissionDenied"), {
        result: failed(1, "PermissionDenied"),
        gaps: [],
      });
      assert.deepEqual((await run({ maximum_attempts: 1 }, 9, "Unavailable")).gaps, []);
      assert.deepEqual(
        (await run({ maximum_attempts: 0, initial_interval: "2s", backoff_coefficient: 1 }, 2, "Conflict"))
          .gaps,
        [2000, 2000],
      );
      // An attempt that takes too long is one that failed; what it ends with is final.
      const slow = { "activity.start_to_close_timeout": "100ms" };
      assert.deepEqual(await run({ maximum_attempts: 2 }, 9, "sleep", null, slow), {
        result: ["Timeout", "activity app:flaky exceeded its start_to_close_timeout of 100ms"],
        gaps: [1100],
      });
      const noTimeout = { maximum_attempts: 2, non_retryable_error_types: ["Timeout"] };
      assert.deepEqual((await run(noTimeout, 9, "sleep", null, slow)).gaps, []);
    }, { simulated: true })
  ));

test("what is no policy is refused with the field [activity.retry.fields]", () =>
  inFolder((folder) =>
    withWorker(folder, [FLAKY, CALLER], async (app) => {
      const refusals: [Value, string][] = [
        [5, "activity.retry_policy must be a table"],
        [
          { attempts: 3 },
          "unknown field activity.retry_policy.attempts; there are initial_interval, backoff_coefficient, maximum_interval, " +
          "maximum_attempts, non_retryable_error_types",
        ],
        [
          { maximum_attempts: -1 },
          "activity.retry_policy.maximum_attempts must be a whole number; 0 is unlimited",
        ],
        [{ backoff_coefficient: 0.5 }, "activity.retry_policy.backoff_coefficient must be a number from 1"],
        [
          { initial_interval: "soon" },
          `activity.retry_policy.initial_interval: "soon" is not a duration (examples: 500ms, 10s, 1h30m)`,
        ],
        [
          { initial_interval: 500, maximum_interval: 100 },
          "activity.retry_policy.maximum_interval is shorter than initial_interval",
        ],
        [
          { non_retryable_error_types: "Invalid" },
          "activity.retry_policy.non_retryable_error_types must be a list of error kinds",
        ],
      ];
      for (const [policy, message] of refusals) {
        assert.deepEqual(await app.call("app:run", "app:caller", policy, ["x", 0]), ["Invalid", message]);
      }
      assert.deepEqual(await notesOf(app), []);
    })
  ));

test("attempts are counted over a restart, and the wait between two goes on [activity.retry.fields]", () =>
  inFolder(async (folder) => {
    const entries = [
      FLAKY,
      CALLER,
      lua(
        "workflow.lua",
        "durable",
        `local result = workflow.exec("app:caller", ...) funcs.call("app:note", "result " .. table.concat(result, ": "))`,
        ["funcs", "workflow"],
      ),
    ];
    const policy = { initial_interval: 300, backoff_coefficient: 1, maximum_attempts: 3 };
    const attempt = (): number => {
      const database = createPorts().sqlite.open(join(folder, "workflows.db"), { readonly: true });
      const [row] = database.prepare("SELECT attempt FROM attempts").all([]);
      database.close();
      return Number(row?.["attempt"] ?? 1);
    };
    await withWorker(folder, entries, async (app) => {
      await app.call("app:start", "app:durable", policy, ["lasting", 9, "Unavailable"]);
      await app.until(() => attempt() >= 2, "the end of the first attempt");
    });
    await withWorker(folder, entries, async (app) => {
      await app.until(() => attempt() >= 3, "the end of the second attempt");
    });
    await withWorker(folder, entries, async (app) => {
      await noted(app, "result");
      assert.equal((await triesOf(app, "lasting")).length, 3);
      assert.equal((await notesOf(app)).at(-1), "result Unavailable: failed 3");
    });
  }));
