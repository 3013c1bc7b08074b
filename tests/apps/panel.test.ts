/** A program that owns the whole screen of a terminal. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { NO_SCRIPT, typing, withProject } from "./application.ts";

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
