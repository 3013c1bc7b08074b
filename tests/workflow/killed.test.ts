/** Workflows of a program that is killed. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { commandLine } from "../cli/wippy.ts";
import { AUTO, inFolder, lua } from "./worker.ts";

test("a program that is killed loses nothing: the next one goes on [unit.workflow]", () =>
  inFolder(async (folder) => {
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
    ];
    mkdirSync(join(folder, "src"));
    writeFileSync(
      join(folder, "src/_index.yaml"),
      JSON.stringify({ version: "1.0", namespace: "app", entries }),
    );
    const log = (): string[] =>
      existsSync(join(folder, "data/log.txt"))
        ? readFileSync(join(folder, "data/log.txt"), "utf8").trimEnd().split("\n")
        : [];
    const [program, before] = commandLine();
    const runUntil = async (isReached: () => boolean): Promise<void> => {
      const child = spawn(program, [...before, "run", "-s"], { cwd: folder, stdio: "ignore" });
      const ended = new Promise<void>((resolve) => child.on("exit", () => resolve()));
      while (!isReached() && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 2));
      child.kill("SIGKILL");
      await ended;
    };
    await runUntil(() => log().length >= 10);
    const first = log().length;
    assert.ok(first < 41);
    // A second start would be a second workflow if the first were not found under its name.
    await runUntil(() => log().length >= first + 5);
    await runUntil(() => log().includes("end"));
    const steps = log().filter((line) => line.startsWith("step"));
    assert.deepEqual(
      [...new Set(steps)],
      Array.from({ length: 40 }, (_, i) => `step ${i + 1}`),
      "none is missing",
    );
    assert.ok(steps.length <= 42, `at most one step is made again after each of two ends: ${steps.length}`);
  }));
