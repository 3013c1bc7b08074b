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
