/** Contract of the Random port. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { inWorld, WORLDS } from "./worlds.ts";

for (const world of WORLDS) {
  test(`random (${world}): draws stay in their range and spread over it`, () =>
    inWorld(world, ({ ports: { random } }) => {
      const counts = new Array<number>(10).fill(0);
      for (let i = 0; i < 10_000; i++) {
        const float = random.float();
        assert.ok(float >= 0 && float < 1);
        counts[random.below(10)]!++;
      }
      for (const count of counts) assert.ok(count > 700 && count < 1300, String(counts));
      assert.equal(random.below(1), 0);
    }));

  test(`random (${world}): bytes have the length asked for and differ`, () =>
    inWorld(world, ({ ports: { random } }) => {
      assert.equal(random.bytes(0).length, 0);
      const seen = new Set<string>();
      for (let i = 0; i < 1000; i++) seen.add(String(random.bytes(16)));
      assert.equal(seen.size, 1000);
      const large = random.bytes(200_000);
      assert.equal(large.length, 200_000);
      assert.ok(large.subarray(150_000).some((byte) => byte !== 0));
    }));

  test(`random (${world}): streams draw by themselves`, () =>
    inWorld(world, ({ ports: { random } }) => {
      const draws = [random.stream("a").float(), random.stream("b").float()];
      assert.notEqual(draws[0], draws[1]);
    }));
}
