/** Variables from the machine, a file and memory. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { wippy } from "../cli/wippy.ts";
import { withProject } from "./application.ts";

test("variables come from their storages, with defaults, and are set where that is allowed [j.env]", async () => {
  await withProject("settings", async ({ folder }) => {
    const show = async (env: Record<string, string>, ...words: string[]) => {
      const { code, stdout, stderr } = await wippy(["run", "-x", "app:show", ...words], { cwd: folder, env });
      assert.deepEqual([code, stderr], [0, ""]);
      return stdout.trimEnd().split("\n");
    };
    assert.deepEqual(await show({}), [
      "SHOP_NAME = Corner Shop",
      "SHOP_TONE = formal",
      "SHOP_PORT = 8080",
      "SHOP_LEVEL = info",
      "SHOP_VERSION = 1.0",
      "SHOP_NOTHING = NotFound",
      "SHOP_LEVEL = debug",
      "read-only:\tnil\tPermissionDenied",
      "app:shop_version = 1.0",
      "5 variables",
    ]);
    const machine = await show({ SHOP_PORT: "9999", SHOP_TONE: "casual" }, "Harbour Shop");
    assert.deepEqual(machine.slice(1, 3), ["SHOP_TONE = formal", "SHOP_PORT = 9999"]);
    // The file keeps its comments and the values that nobody set.
    const file = readFileSync(join(folder, "settings.env"), "utf8");
    assert.match(
      file,
      /^# Settings of the shop\.\nSHOP_NAME="?Harbour Shop"?\n\n# How it talks\.\nSHOP_TONE=formal/,
    );
    assert.equal((await show({}))[0], "SHOP_NAME = Harbour Shop");
  });
});
