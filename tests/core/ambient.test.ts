/** Ambient modules: a program has those that it can come to, whatever way it takes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { withApplication } from "../application.ts";
import { code, CPUS, fn, HOST, LONG, run } from "../process/worker_project.ts";

function entry(name: string, kind: string, source: string, more = ""): string {
  const lines = source.trim().split("\n").map((line) => `      ${line}`).join("\n");
  return `  - name: ${name}\n    kind: ${kind}\n    method: main\n${more}    source: |\n${lines}\n`;
}

const PROJECT = `
version: "1.0"
namespace: app
entries:
${entry("nothing", "function.lua", "return { main = function() return 1 end }")}
${entry("named", "function.lua", "return { main = function() return type(process.send) end }")}
${
  entry(
    "each",
    "function.lua",
    `return { main = function()
  return type(print) .. " " .. type(channel.new) .. " " .. type(errors.new) .. " " .. type(os.time) .. " " .. type(payload.new)
end }`,
  )
}
${entry("table", "function.lua", 'return { main = function(name) return type(_G["pro" .. name]) end }')}
${
  entry(
    "environment",
    "function.lua",
    'return { main = function(name) return type(_ENV["pro" .. name]) end }',
  )
}
${
  entry(
    "required",
    "function.lua",
    'return { main = function(name) return type(require("pro" .. name)) end }',
  )
}
${entry("given", "library.lua", "return { require = require, names = function() return _G end }")}
${
  entry(
    "through",
    "function.lua",
    'local given = require("given") return { main = function(name) return type(given.require("pro" .. name)) end }',
    "    imports: { given: app:given }\n",
  )
}
${
  entry(
    "plain",
    "library.lua",
    "return { ask = function(get, name) local found = get(name) return type(found) end }",
  )
}
${
  entry(
    "lent",
    "function.lua",
    'local plain = require("plain") return { main = function(name) return plain.ask(require, "pro" .. name) end }',
    "    imports: { plain: app:plain }\n",
  )
}
`;

test("an ambient module is there however a program comes to it", () =>
  withApplication(PROJECT, async (app) => {
    assert.equal(await app.call("app:nothing"), 1);
    assert.equal(await app.call("app:named"), "function");
    assert.equal(await app.call("app:each"), "function function function function function");
    for (const name of ["table", "environment", "required", "through", "lent"]) {
      assert.equal(await app.call(`app:${name}`, "cess"), "table", name);
    }
  }));

const FUTURE = `
version: "1.0"
namespace: app
entries:
${entry("seven", "function.lua", "return { main = function() return {a = 7} end }")}
${
  entry(
    "future",
    "function.lua",
    `return { main = function()
  local future = funcs.async("app:seven")
  future:response():receive()
  return future:result():transcode("json/plain"):data()
end }`,
    "    modules: [funcs]\n",
  )
}
`;

test("values that modules hand out have their methods in programs that name no module for them", () =>
  withApplication(FUTURE, async (app) => {
    assert.deepEqual(await app.call("app:future"), { a: 7 });
  }));

test(
  "values of other threads have their methods in programs that name no module",
  LONG,
  () =>
    withApplication(
      HOST + fn("data", 'local given = ... return given:transcode("json/plain"):data()') +
        code("asking", 'local a = funcs.call("app:data", payload.new({a = 7})) return a', "funcs"),
      async (app) => {
        assert.deepEqual(await run(app, "app:asking"), { a: 7 });
      },
      CPUS,
    ),
);
