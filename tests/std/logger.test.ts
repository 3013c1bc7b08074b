/** Log records written from Lua. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { LogRecord } from "../../src/ports/mod.ts";
import { withApplication } from "../application.ts";

/** Records that `code` writes, by the entry `app:main`. */
async function recordsOf(code: string): Promise<LogRecord[]> {
  const entry = `version: "1.0"
namespace: app
entries:
  - name: main
    kind: function.lua
    method: main
    modules: [logger, time]
    source: |
      return { main = function()
${code.split("\n").map((line) => `        ${line}`).join("\n")}
      end }
`;
  let found: LogRecord[] = [];
  await withApplication(entry, async (app) => {
    await app.call("app:main");
    found = app.logs.filter((record) => record.logger.startsWith("app:main"));
  });
  return found;
}

test("every level writes a record with its message and fields [log.levels]", async () => {
  const records = await recordsOf(`
logger:debug("d", { n = 1 })
logger:info("i", { text = "x", flag = true })
logger:warn("w")
logger:error("e", { n = 2.5 })`);
  assert.deepEqual(records.map(({ level, message }) => [level, message]), [[-1, "d"], [0, "i"], [1, "w"], [
    2,
    "e",
  ]]);
  assert.equal(records[0]!.fields["n"], 1);
  assert.equal(records[1]!.fields["text"], "x");
  assert.equal(records[1]!.fields["flag"], true);
  assert.equal(records[3]!.fields["n"], 2.5);
  for (const { fields, logger } of records) {
    assert.match(String(fields["pid"]), /^\{app:main\|0x/);
    assert.match(String(fields["location"]), /^app:main:\d+$/);
    assert.equal(logger, "app:main");
  }
});

test("children add fields and names, and leave their parent alone [log.child]", async () => {
  const records = await recordsOf(`
local child = logger:with({ request = 7, shared = "child" })
local auth = child:named("auth"):named("login")
auth:info("deep", { shared = "call" })
child:info("child")
logger:info("root")
local none, err = logger:named("")
assert(none == nil and err:kind() == errors.INVALID)
assert(select(2, child:named("")):kind() == errors.INVALID)
assert(not pcall(logger.with, logger, "no table"))
assert(not pcall(logger.info, logger))`);
  assert.deepEqual(records.map(({ logger }) => logger), ["app:main.auth.login", "app:main", "app:main"]);
  assert.equal(records[0]!.fields["request"], 7);
  assert.equal(records[0]!.fields["shared"], "call");
  assert.equal(records[1]!.fields["shared"], "child");
  assert.equal(records[2]!.fields["request"], undefined);
});

test("tables are structures, errors text, other objects text or nothing [logger.fields]", async () => {
  const [record] = await recordsOf(`
logger:info("m", {
  nested = { list = { 1, "two" }, map = { a = true } },
  failure = errors.new("went wrong"),
  lasted = time.parse_duration("90s"),
  channel = channel.new(),
  fn = print,
  [1] = "no text key", [true] = "neither",
})`);
  const { pid: _pid, location: _location, ...fields } = record!.fields;
  assert.deepEqual(fields, {
    nested: { list: [1, "two"], map: { a: true } },
    failure: "went wrong",
    lasted: "1m30s",
  });
});

test("fields follow pid and location by name, whatever the order of the table [logger.fields]", async () => {
  const [record] = await recordsOf(`logger:info("i", { zebra = 1, ant = 2, mole = 3, bee = 4 })`);
  assert.deepEqual(Object.keys(record!.fields), ["pid", "location", "ant", "bee", "mole", "zebra"]);
});
