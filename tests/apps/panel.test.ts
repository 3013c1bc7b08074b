/** A program that owns the whole screen of a terminal. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { test } from "node:test";
import { commandLine } from "../cli/wippy.ts";
import { withProject } from "./application.ts";

const NO_SCRIPT = spawnSync("sh", ["-c", "command -v script"]).status === 0
  ? false
  : "needs the program script, which gives commands a terminal";

/** Runs a command on a terminal; each step waits for what is shown after the step before, then types. */
function typing(
  words: readonly string[],
  cwd: string,
  steps: readonly (readonly [shown: RegExp, keys: string])[],
): Promise<{ code: number | null; shown: string }> {
  const [program, before] = commandLine();
  // What the terminal is set to before and after shows whether it was restored.
  const line = `stty -a; ${
    [program, ...before, ...words].map((word) => `'${word}'`).join(" ")
  }; code=$?; stty -a; exit $code`;
  const child = spawn("script", ["-qec", line, "/dev/null"], { cwd, env: { ...process.env, TERM: "xterm" } });
  let shown = "";
  let seen = 0;
  let next = 0;
  return new Promise((resolve) => {
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      shown += text;
      while (next < steps.length) {
        const [pattern, keys] = steps[next]!;
        const match = pattern.exec(shown.slice(seen));
        if (match === null) return;
        seen += match.index + match[0].length;
        next++;
        child.stdin.write(keys);
      }
    });
    child.on("close", (code) => resolve({ code, shown }));
  });
}

test(
  "keys act at once, ticks redraw, services are seen, and the terminal is given back [j.tty] [j.metrics]",
  { skip: NO_SCRIPT },
  async () => {
    await withProject("panel", async ({ folder }) => {
      const { code, shown } = await typing(["run", "panel"], folder, [
        [/frame [1-9]\d*, cursor 1/, "j"],
        [/cursor 2/, "\u001b[B"],
        [/cursor 1/, "j"],
        [/cursor 2/, "q"],
      ]);
      assert.equal(code, 0, shown);
      const [before, ...screens] = shown.split("\u001b[?1049h");
      assert.equal(screens.length, 1);
      const [screen, after] = screens[0]!.split("\u001b[?1049l");
      assert.match(screen!, /╭[^]*app:bar running[^]*app:kitchen running[^]*╯/);
      assert.match(after!, /bye after choosing 2\r?\n/);
      const settings = (text: string): string => /speed [^]*-?echoke.*/.exec(text)![0].replaceAll("\r", "");
      assert.equal(settings(after!), settings(before!));
      assert.match(settings(after!), /(^|\s)icanon\b/);
    });
  },
);

test(
  "the terminal is given back when the program fails in the middle [j.tty]",
  { skip: NO_SCRIPT },
  async () => {
    await withProject("panel", async ({ folder }) => {
      const override = [
        "-o",
        'app:panel:source=local tty = require("tty") return { main = function() tty.start() error("fell over") end }',
      ];
      const { code, shown } = await typing(["run", ...override, "panel"], folder, []);
      assert.equal(code, 1);
      assert.match(shown, /app:panel:1: fell over/);
      const [before, after] = shown.split("fell over");
      const settings = (text: string): string => /speed [^]*-?echoke.*/.exec(text)![0].replaceAll("\r", "");
      assert.equal(settings(after!), settings(before!));
    });
  },
);
