import assert from "node:assert/strict";
import { test } from "node:test";
import { RecentTable } from "./recent_table.ts";

test("a full table drops what was used least recently, and tells of it", () => {
  const dropped: string[] = [];
  const table = new RecentTable<number, string>(2, (value) => dropped.push(value));
  table.set(1, "one");
  table.set(2, "two");
  assert.equal(table.get(1), "one");
  table.set(3, "three");
  assert.deepEqual([table.get(2), table.get(1), table.size, dropped], [undefined, "one", 2, ["two"]]);
  table.set(3, "again");
  table.delete(1);
  table.delete(1);
  assert.deepEqual([table.size, dropped], [1, ["two", "three", "one"]]);
  table.clear();
  assert.deepEqual([table.size, dropped.at(-1)], [0, "again"]);
});

test("a table of no size holds nothing", () => {
  const table = new RecentTable<string, number>(0, () => assert.fail("nothing was held"));
  table.set("a", 1);
  assert.equal(table.get("a"), undefined);
});
