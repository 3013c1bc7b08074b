/** `wippy/security`: policies that applications put into the scopes of their processes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { withApplication } from "../application.ts";
import { entry, HEAD, main } from "../lua_entries.ts";

const FILES = HEAD +
  "  - { name: dependency.security, kind: ns.dependency, component: wippy/security, version: '*' }\n" +
  entry(
    "asks",
    "function.lua",
    main(`
local function may(scope, action, resource)
  return scope:evaluate(actor, action, resource)
end
local group = assert(security.named_scope("wippy.security:process"))
local general = security.new_scope({ assert(security.policy("wippy.security:general")) })
actor = security.new_actor("ann")
local ids = {}
for _, policy in ipairs(group:policies()) do ids[#ids + 1] = policy:id() end
table.sort(ids)
return {
  ids = ids,
  read = may(group, "registry.get", "app:x"),
  write = may(group, "registry.apply", "app:x"),
  version = may(group, "registry.apply_version", "3"),
  general = may(general, "registry.apply", "app:x"),
  other = may(group, "funcs.call", "anything"),
}`),
    "method: main\nmodules: [security]",
  );

test("one policy allows everything, another one denies changes of the registry, and both are in one group [fw.security.general] [fw.security.nowrite]", () =>
  withApplication(FILES, async (app) => {
    assert.deepEqual(await app.call("app:asks"), {
      ids: ["wippy.security:general", "wippy.security:registry.no_write"],
      read: "allow",
      write: "deny",
      version: "deny",
      general: "allow",
      other: "allow",
    });
  }));
