/** Lua as applications write it: with types, whole numbers, and only the modules it asks for. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { withProject } from "./application.ts";

test("typed sources run, integers stay integers, and a function reaches only what it lists [j.lua]", async () => {
  await withProject("dialect", async (project) => {
    const call = async (...words: string[]): Promise<unknown> => {
      const { code, stdout, stderr } = await project.wippy("call", ...words);
      assert.deepEqual([code, stderr], [0, ""]);
      return JSON.parse(stdout);
    };
    const order = {
      lines: [{ name: "cup", count: 3, price: 2.5 }, { name: "tray", count: 2, price: 10 }, {
        name: "gone",
        count: 0,
        price: 1,
      }],
      notes: { door: "ring twice" },
    };
    assert.deepEqual(await call("app:bill", JSON.stringify(order)), {
      count: 5,
      total: 27.5,
      kinds: ["integer", "integer", "float", "float"],
      text: "5 items, [2,1]",
      note: "ring twice",
    });
    assert.deepEqual(await call("app:ambient"), {
      process: "table",
      channel: "table",
      errors: "table",
      coroutine: "function",
      time: "number",
      print: "function",
      required: "table",
      io: "nil",
      debug: "nil",
      load: "nil",
      json: "nil",
    });
    const curious = await call("app:curious") as { ok: boolean; message: string; leak: boolean };
    assert.deepEqual([curious.ok, curious.leak], [false, false]);
    assert.match(curious.message, /module 'json' not found/);
  });
});
