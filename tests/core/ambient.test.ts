/** Ambient modules: a program has those that it can come to, whatever way it takes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { withApplication } from "../application.ts";
import { entry, HEAD } from "../lua_entries.ts";
import { code, CPUS, fn, HOST, LONG } from "../process/worker_project.ts";

const PROJECT = HEAD +
  fn("nothing", "return 1") +
  fn("named", "return type(process.send)") +
  fn(
    "each",
    'return table.concat({ type(print), type(channel.new), type(errors.new), type(os.time), type(payload.new) }, " ")',
  ) +
  fn("table", 'return type(_G["pro" .. ...])') +
  fn("environment", 'return type(_ENV["pro" .. ...])') +
  fn("required", 'return type(require("pro" .. ...))') +
  entry("given", "library.lua", "return { require = require }") +
  fn("through", 'return type(given.require("pro" .. ...))', "", "imports: { given: app:given }") +
  entry(
    "plain",
    "library.lua",
    "return { ask = function(get, name) local found = get(name) return found end }",
  ) +
  fn("lent", 'return type(plain.ask(require, "pro" .. ...))', "", "imports: { plain: app:plain }");

test("an ambient module is there however a program comes to it", () =>
  withApplication(PROJECT, async (app) => {
    assert.equal(await app.call("app:nothing"), 1);
    assert.equal(await app.call("app:named"), "function");
    assert.equal(await app.call("app:each"), "function function function function function");
    for (const name of ["table", "environment", "required", "through", "lent"]) {
      assert.equal(await app.call(`app:${name}`, "cess"), "table", name);
    }
  }));

const FUTURE = HEAD + fn("seven", "return {a = 7}") + fn(
  "future",
  `
  local future = funcs.async("app:seven")
  future:response():receive()
  return future:result():transcode("json/plain"):data()`,
  "funcs",
);

test("values that modules hand out have their methods in programs that name no module for them", () =>
  withApplication(FUTURE, async (app) => {
    assert.deepEqual(await app.call("app:future"), { a: 7 });
  }));

const READER = HOST + code("reader", 'local given = ... return given:transcode("json/plain"):data().a') +
  fn("start", 'return process.exec("app:reader", "app:host", payload.new({ a = 7 }))');

test(
  "values of other threads have their methods in programs that name no module",
  LONG,
  () =>
    withApplication(
      READER,
      async (app) => {
        app.application.runtime.board!.mainTakes = false;
        assert.equal(await app.call("app:start"), 7);
      },
      CPUS,
    ),
);
