/** The same programs on stock Lua 5.4 (wasmoon) and on ours, with a full and with the smallest budget: the same results. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { LuaFactory } from "wasmoon";
import { TestUniverse } from "./universe.ts";

const FOLDER = new URL("./language/", import.meta.url);

/** Addresses and chunk names differ; nothing else may. */
function comparable(text: string): string {
  return text.replaceAll(/0x[0-9a-f]{6,}/g, "0xADDRESS").replaceAll(
    /(\[string "[^"]*"\]|test:main):(\d+):/g,
    "chunk:$2:",
  );
}

async function onStockLua(source: string): Promise<string> {
  const engine = await new LuaFactory().createEngine({ openStandardLibs: true });
  try {
    return String(await engine.doString(source));
  } finally {
    engine.global.close();
  }
}

for (const name of readdirSync(FOLDER).filter((file) => file.endsWith(".lua")).sort()) {
  const source = readFileSync(new URL(name, FOLDER), "utf8");
  test(`${name} gives what stock Lua gives`, async () => {
    const expected = comparable(await onStockLua(source)).split("|");
    for (const budget of [4000, 1]) {
      const vm = new TestUniverse({ budget });
      const body = source.trimEnd();
      const actual = comparable(String(vm.values(body)[0])).split("|");
      assert.deepEqual(actual, expected, `budget ${budget}`);
    }
  });
}

test("the same seeds give the same order of keys and of processes", () => {
  const run = (hashSeed: number, orderSeed: number): string => {
    const vm = new TestUniverse({ hashSeed, orderSeed });
    const slots = Array.from({ length: 8 }, (_, i) =>
      vm.spawn(`
        local order = {}
        for k in pairs({ alpha = 1, beta = 2, gamma = 3, delta = 4, epsilon = 5, zeta = 6 }) do order[#order + 1] = k end
        print(${i}, table.concat(order, ","))
        host.wait(1)
        print(${i}, math.random(1000000))`));
    vm.settle();
    assert.ok(slots.every((slot) => vm.ended(slot)?.ok));
    return vm.printed.join("\n");
  };
  assert.equal(run(1, 5), run(1, 5));
  assert.notEqual(run(1, 5), run(2, 5));
  assert.notEqual(run(1, 5), run(1, 6));
});
