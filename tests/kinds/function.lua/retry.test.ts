/** Retries that a function entry, or a call of it, asks for. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { withApplication } from "../../application.ts";
import { entry, failureOf, HEAD, main } from "../../lua_entries.ts";

const FLAKY = `
local tries = 0
return { main = function(kind, retryable)
  tries = tries + 1
  if tries < 3 then return nil, errors.new({ message = "try " .. tries, kind = kind, retryable = retryable }) end
  return tries
end }`;

test("preset retry options repeat a failing call [entry.interceptor.retry, kind.function.retry]", async () => {
  await withApplication(
    HEAD +
      entry(
        "f",
        "function.lua",
        FLAKY,
        "method: main\npool: { type: inline }\nmeta: { options: { retry: { max_attempts: 3, initial_delay: 1 } } }",
      ),
    async (app) => assert.equal(await app.call("app:f", "Unavailable", true), 3),
  );
});

test("which kinds are retried [entry.interceptor.retry.kinds]", async () => {
  const flaky = (name: string, more: string) =>
    entry(
      name,
      "function.lua",
      FLAKY,
      `method: main\npool: { type: inline }\nmeta: { options: { retry: { max_attempts: 3, initial_delay: 1${more} } } }`,
    );
  await withApplication(
    HEAD + flaky("plain", "") + flaky("unknown", "") + flaky("flagged", "") +
      flaky("only", ", retry_kinds: [Invalid]") + flaky("skips", ", skip_kinds: [Unavailable]"),
    async (app) => {
      assert.equal((await failureOf(app.call("app:plain", "Invalid"))).message, "try 1");
      assert.equal(await app.call("app:unknown", ""), 3);
      assert.equal((await failureOf(app.call("app:flagged", "Unavailable", false))).message, "try 1");
      assert.equal(await app.call("app:only", "Invalid"), 3);
      assert.equal((await failureOf(app.call("app:skips", "Unavailable", true))).message, "try 1");
    },
  );
});

test("call options override preset ones key by key [entry.options.merge]", async () => {
  await withApplication(
    HEAD +
      entry(
        "flaky",
        "function.lua",
        FLAKY,
        "method: main\npool: { type: inline }\nmeta: { options: { retry: { max_attempts: 3, initial_delay: 1 }, timeout: 60000 } }",
      ) +
      entry(
        "f",
        "function.lua",
        main(`
        local _, err = funcs.new():with_options({ retry = { max_attempts = 1 } }):call("app:flaky", "Unavailable", true)
        return err:message()`),
        "method: main\nmodules: [funcs]",
      ),
    async (app) => assert.equal(await app.call("app:f"), "try 1"),
  );
});

/** Virtual milliseconds between the tries of a function that always fails. */
async function pauses(retry: string): Promise<number[]> {
  const tries: number[] = [];
  await withApplication(
    HEAD + entry(
      "f",
      "function.lua",
      `return { main = function()
  print("try")
  return nil, errors.new({ message = "no", kind = errors.UNAVAILABLE, retryable = true })
end }`,
      `method: main\nmeta: { options: { retry: ${retry} } }`,
    ),
    async (app) => {
      await failureOf(app.call("app:f"));
      const at = app.logs.filter(({ message }) => message === "try").map(({ timeMs }) => timeMs);
      tries.push(...at.slice(1).map((ms, i) => ms - at[i]!));
    },
    { simulated: true },
  );
  return tries;
}

test("pauses begin with initial_delay and grow up to max_delay; numbers are ms, texts durations [entry.interceptor.retry]", async () => {
  assert.deepEqual(
    await pauses(`{ max_attempts: 6, initial_delay: 20, max_delay: "0.1s", backoff_factor: 3, jitter: 0 }`),
    [20, 60, 100, 100, 100],
  );
  assert.deepEqual(await pauses(`{ max_attempts: 3, initial_delay: 1s, jitter: 0 }`), [1_000, 2_000]);
  assert.deepEqual(await pauses("{ max_attempts: 1 }"), []);
  assert.deepEqual(await pauses("{ max_attempts: 0 }"), []);
});

test("by default the first pause is 100 ms, each twice the one before, give or take a tenth, 10 s at most [entry.interceptor.retry] [kind.function.retry]", async () => {
  const found = await pauses("{ max_attempts: 10 }");
  const expected = [100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000];
  assert.equal(found.length, expected.length);
  for (const [i, ms] of found.entries()) {
    assert.ok(Math.abs(ms - expected[i]!) <= expected[i]! * 0.1 + 1, `${found}`);
  }
  assert.ok(found.some((ms, i) => Math.abs(ms - expected[i]!) > 1), "no jitter at all");
});
