/** Paths are taken apart and put together as the library does it. */
import assert from "node:assert/strict";
import { posix } from "node:path";
import { test } from "node:test";
import { POSIX_PATHS } from "./paths.ts";
import { SimulatedRandom } from "./simulated/simulated_random.ts";

const PIECES = ["", "/", ".", "..", "a", "b.c", "//", "///", "/a", "a/", "/é/", "./", "../", "..."];
const ROUNDS = 20_000;

test("paths of POSIX are those of the library", { skip: import.meta.dirname!.includes("\\") }, () => {
  const random = new SimulatedRandom(11);
  const pick = (): string => PIECES[random.below(PIECES.length)]!;
  for (let round = 0; round < ROUNDS; round++) {
    const parts = Array.from(
      { length: 1 + random.below(3) },
      () => Array.from({ length: random.below(5) }, pick).join(""),
    );
    const shown = JSON.stringify(parts);
    assert.equal(POSIX_PATHS.resolve(...parts), posix.resolve(...parts), shown);
    assert.equal(POSIX_PATHS.dirname(parts[0]!), posix.dirname(parts[0]!), shown);
    assert.equal(POSIX_PATHS.basename(parts[0]!), posix.basename(parts[0]!), shown);
  }
});
