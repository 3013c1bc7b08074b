/** Workflows that recur. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Value, ValueMap } from "../../src/core/mod.ts";
import { inFolder, lua, noted, notesOf, withWorker } from "./worker.ts";

const DAY_MS = 24 * 3_600_000;

const REPORTS = [
  lua(
    "workflow.lua",
    "report",
    `local what = ...
funcs.call("app:note", what .. " " .. time.now():utc():format("15:04:05") .. " attempt " .. workflow.info().attempt)
if what == "failing" then error("not this time") end
if what == "patient" then return process.events():receive().kind end`,
    ["funcs", "time", "workflow"],
  ),
  lua(
    "function.lua",
    "begin",
    `local options, what = ...
local pid, err = process.with_options(options):spawn("app:report", "app:worker", what)
return pid or err:kind() .. ": " .. err:message()`,
  ),
  lua(
    "function.lua",
    "await",
    `local pid, action = ...
assert(process.monitor(pid))
if action then process[action](pid) end
local result = process.events():receive().result
return { value = result.value, error = result.error and result.error:message() }`,
  ),
];

const cron = (schedule: string, more: ValueMap = {}): ValueMap => ({
  "temporal.workflow.cron_schedule": schedule,
  ...more,
});

test("a recurring workflow runs at its times, whatever became of the run before, until it is ended [workflow.start.cron]", () =>
  inFolder((folder) =>
    withWorker(folder, REPORTS, async (app) => {
      const six = await app.call("app:begin", cron("0 */6 * * *"), "six") as string;
      const retried = { "temporal.workflow.retry_policy": { initial_interval: "1m", maximum_attempts: 2 } };
      const failing = await app.call(
        "app:begin",
        cron("CRON_TZ=Asia/Tokyo 30 9 * * *", retried),
        "failing",
      ) as string;
      await app.world!.clock.advance(DAY_MS);
      const of = async (what: string): Promise<string[]> =>
        (await notesOf(app)).filter((note) => note.startsWith(what)).map((note) =>
          note.slice(what.length + 1)
        );
      assert.equal((await of("six")).length, 4);
      const times = (await of("six")).map((note) => note.slice(0, 8));
      const expected = ["00:00:00", "06:00:00", "12:00:00", "18:00:00"];
      const first = expected.indexOf(times[0]!);
      assert.deepEqual(times, times.map((_, i) => expected[(first + i) % 4]));
      assert.deepEqual(await of("failing"), ["00:30:00 attempt 1", "00:31:00 attempt 2"]);
      assert.deepEqual(await app.call("app:await", six, "cancel"), { error: "operation canceled" });
      assert.deepEqual(await app.call("app:await", failing, "terminate"), { error: "workflow terminated" });
      const patient = await app.call("app:begin", cron("* * * * *"), "patient") as string;
      await app.world!.clock.advance(60_000);
      await noted(app, "patient");
      assert.deepEqual(
        await app.call("app:await", patient, "cancel"),
        { value: "pid.cancel" },
        "no run follows",
      );
    }, { simulated: true })
  ));

test("a schedule goes on after a restart; one that is none, or never comes, is refused [workflow.start.cron]", () =>
  inFolder(async (folder) => {
    let pid: Value;
    await withWorker(folder, REPORTS, async (app) => {
      pid = await app.call("app:begin", cron("@every 1s"), "often");
      await noted(app, "often");
      const refused: Record<string, RegExp> = {
        "every day": /^Invalid: temporal.workflow.cron_schedule: "every day" is no schedule/,
        "0 0 30 2 *": /never comes/,
        "* * * * * *": /is no schedule/,
        "@every soon": /needs a duration of at least 1s after @every/,
        "TZ=Nowhere 0 0 * * *": /is no schedule|never comes/,
      };
      for (const [text, message] of Object.entries(refused)) {
        assert.match(String(await app.call("app:begin", cron(text), "none")), message, text);
      }
    });
    await withWorker(folder, REPORTS, async (app) => {
      const before = (await notesOf(app)).length;
      await app.until(async () => (await notesOf(app)).length > before, "another run");
      assert.deepEqual(await app.call("app:await", pid, "terminate"), { error: "workflow terminated" });
    });
  }));
