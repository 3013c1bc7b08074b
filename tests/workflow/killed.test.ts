/** Workflows of a program that is killed. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { commandLine } from "../cli/wippy.ts";
import type { ValueMap } from "../../src/core/mod.ts";
import { AUTO, inFolder, lua } from "./worker.ts";

/** Writes a project with a worker and a function `app:log`; returns what reads its log. */
function project(folder: string, more: readonly ValueMap[]): () => string[] {
  const entries = [
    { name: "journal", kind: "temporal.client", address: "embedded" },
    { name: "worker", kind: "temporal.worker", client: "app:journal", task_queue: "q", lifecycle: AUTO },
    { name: "host", kind: "process.host", lifecycle: AUTO },
    { name: "files", kind: "fs.directory", directory: "./data", auto_init: true },
    lua(
      "function.lua",
      "log",
      `local volume = fs.get("app:files")
local file = volume:open("/log.txt", "a") file:write(... .. "\\n") file:close()`,
      ["fs"],
    ),
    ...more,
  ];
  mkdirSync(join(folder, "src"));
  writeFileSync(
    join(folder, "src/_index.yaml"),
    JSON.stringify({ version: "1.0", namespace: "app", entries }),
  );
  return () =>
    existsSync(join(folder, "data/log.txt"))
      ? readFileSync(join(folder, "data/log.txt"), "utf8").trimEnd().split("\n")
      : [];
}

/** Runs the project in `folder` until `isReached`, then kills it. */
async function runUntil(folder: string, isReached: () => boolean): Promise<void> {
  const [program, before] = commandLine();
  const child = spawn(program, [...before, "run", "-s"], { cwd: folder, stdio: "ignore" });
  const ended = new Promise<void>((resolve) => child.on("exit", () => resolve()));
  while (!isReached() && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 2));
  child.kill("SIGKILL");
  await ended;
}

test("a program that is killed loses nothing: the next one goes on [unit.workflow]", () =>
  inFolder(async (folder) => {
    const log = project(folder, [
      lua(
        "workflow.lua",
        "count",
        `for i = 1, 40 do funcs.call("app:log", "step " .. i) time.sleep("2ms") end funcs.call("app:log", "end")`,
        ["funcs", "time"],
      ),
      lua(
        "process.lua",
        "starter",
        `process.with_options({}):with_name("count"):spawn("app:count", "app:worker")`,
      ),
      {
        name: "starting",
        kind: "process.service",
        process: "app:starter",
        host: "app:host",
        lifecycle: AUTO,
      },
    ]);
    await runUntil(folder, () => log().length >= 10);
    const first = log().length;
    assert.ok(first < 41);
    // A second start would be a second workflow if the first were not found under its name.
    await runUntil(folder, () => log().length >= first + 5);
    await runUntil(folder, () => log().includes("end"));
    const steps = log().filter((line) => line.startsWith("step"));
    assert.deepEqual(
      [...new Set(steps)],
      Array.from({ length: 40 }, (_, i) => `step ${i + 1}`),
      "none is missing",
    );
    assert.ok(steps.length <= 42, `at most one step is made again after each of two ends: ${steps.length}`);
  }));

test("signals between workflows are neither lost nor told twice when the program is killed [workflow.signal.cross]", () =>
  inFolder(async (folder) => {
    const log = project(folder, [
      lua(
        "workflow.lua",
        "asker",
        `local other = assert(process.with_options({}):with_name("answerer"):with_message("question", 0):spawn("app:answerer", "app:worker"))
local answers = process.listen("answer", { message = true })
for i = 1, 40 do
  local n = answers:receive():payload():data()
  assert(n == i - 1, "answer " .. n .. " at " .. i)
  funcs.call("app:log", "answered " .. n)
  process.send(other, "question", i)
end
funcs.call("app:log", "end")`,
        ["funcs"],
      ),
      lua(
        "workflow.lua",
        "answerer",
        `local inbox = process.inbox()
while true do
  local message = inbox:receive()
  local asker = message:from() == "" and "asker" or message:from()
  process.send(asker, "answer", message:payload():data())
end`,
      ),
      lua(
        "process.lua",
        "starter",
        `process.with_options({}):with_name("asker"):spawn("app:asker", "app:worker")`,
      ),
      {
        name: "starting",
        kind: "process.service",
        process: "app:starter",
        host: "app:host",
        lifecycle: AUTO,
      },
    ]);
    await runUntil(folder, () => log().length >= 8);
    assert.ok(!log().includes("end"));
    for (let seen = log().length; seen < 30; seen = log().length) {
      await runUntil(folder, () => log().length >= seen + 9);
    }
    await runUntil(folder, () => log().includes("end"));
    const answers = [...new Set(log().filter((line) => line.startsWith("answered")))];
    assert.deepEqual(answers, Array.from({ length: 40 }, (_, i) => `answered ${i}`));
  }));
