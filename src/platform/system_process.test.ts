/** What a program waits for, and how it tells contents apart. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { quickDigest } from "./quick_digest.ts";
import { soonDone } from "./system_process.ts";

test("what another thread does is waited for, however long it takes, and its failure is heard", async () => {
  const empty = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
  let compiled: unknown;
  await soonDone(
    WebAssembly.compile(empty).then((module) => {
      compiled = module;
    }),
  );
  assert.ok(compiled instanceof WebAssembly.Module);
  const broken = WebAssembly.compile(empty.subarray(0, 5)).then(() => undefined);
  await assert.rejects(soonDone(broken), WebAssembly.CompileError);
  // Longer than anybody looks for it all the time.
  const { promise, resolve } = Promise.withResolvers<void>();
  let turns = 0;
  const later = (): unknown => ++turns > 20_000 ? resolve() : setImmediate(later);
  later();
  await soonDone(promise);
  assert.ok(turns > 20_000);
});

test("contents that differ have other digests", () => {
  const contents = ["", "a", "b", "ab", "ba", "a\0", "\0a"].map((text) => new TextEncoder().encode(text));
  const digests = contents.map(quickDigest);
  assert.equal(new Set(digests).size, contents.length);
  assert.deepEqual(digests, contents.map(quickDigest));
  for (const digest of digests) assert.match(digest, /^[0-9a-f]+$/);
});
