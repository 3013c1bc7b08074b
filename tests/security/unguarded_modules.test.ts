/** Modules that need no permission: they do their work under an actor that may do nothing. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { startApplication } from "../application.ts";

const MODULES = "io tty logger metrics crypto hash uuid html queue env cdc".split(" ");

const SOURCE = `
local calls = {
  io = function() return io.print("") end,
  tty = function() return tty.text.width("wide") == 4 end,
  logger = function() logger:info("seen") return true end,
  metrics = function() return metrics.counter_inc("calls", {}) end,
  crypto = function() return crypto.random.bytes(8) end,
  hash = function() return hash.sha256("x") end,
  uuid = function() return uuid.v4() end,
  html = function() return html.sanitize.new_policy() end,
  ["queue.info"] = function() return queue.info("a:queue") end,
  cdc = function()
    assert(cdc.list_sources()[1].name == "a:source" and cdc.source("a:source").slot == "slot")
    local stream = assert(cdc.stream("a:source"))
    return stream:channel() ~= nil and stream:close()
  end,
  ["env.get"] = function() return env.get("HOME") end,
}
return { main = function(name)
  local value, err = calls[name]()
  if err then return err:kind() end
  return value ~= nil and "done" or "nothing"
end }`;

const ENTRIES = {
  version: "1.0",
  namespace: "a",
  entries: [
    { name: "driver", kind: "queue.driver.memory", lifecycle: { auto_start: true } },
    { name: "queue", kind: "queue.queue", driver: "a:driver" },
    {
      name: "source",
      kind: "db.cdc.postgres",
      host: "127.0.0.1",
      port: 1,
      database: "app",
      username: "app",
      password: "",
      slot_name: "slot",
      publication: "pub",
    },
    {
      name: "nothing",
      kind: "security.policy",
      policy: { actions: "*", resources: "*", effect: "deny" },
    },
    { name: "step", kind: "function.lua", method: "main", modules: MODULES, source: SOURCE },
  ],
};

test("modules without an action of their own work without any right [security.action.none]", async () => {
  const { app, stop } = await startApplication(JSON.stringify(ENTRIES), {
    config: { security: { strict_mode: true } },
  });
  try {
    const { runtime, security } = app.application;
    const frame = {
      actor: { id: "nobody", meta: {} },
      scope: security.scopeOf(["a:nothing"]),
      values: {},
      network: "",
      attachments: new Map(),
    };
    const outcome = async (name: string) => {
      const result = await runtime.call("a:step", [name], { frame });
      assert.ok(result.ok, result.ok ? "" : `${name}: ${result.failure.message}`);
      return result.value;
    };
    assert.equal(await outcome("env.get"), "PermissionDenied", "the actor may do nothing");
    for (const name of ["tty", "logger", "metrics", "crypto", "hash", "uuid", "html", "queue.info", "cdc"]) {
      assert.equal(await outcome(name), "done", name);
    }
    // Nothing is printed where there is no terminal, and that is all there is against it.
    assert.notEqual(await outcome("io"), "PermissionDenied");
  } finally {
    await stop();
  }
});
