/** `wippy call`: one function, here or in an application that runs. */
import assert from "node:assert/strict";
import { chmodSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { COUNTER, FAILING, TOOLS } from "./applications.ts";
import { inFolder, start, wippy } from "./wippy.ts";

test("call prints the result as JSON", async () => {
  await inFolder(TOOLS, async (cwd) => {
    const { code, stdout, stderr } = await wippy(["call", "app:add", "2", "40"], { cwd });
    assert.deepEqual([code, stdout, stderr], [0, "42\n", ""]);
    const pretty = await wippy(["call", "app:tell", "name=Ada", "n=3"], { cwd });
    assert.deepEqual(JSON.parse(pretty.stdout), { count: 1, first: { name: "Ada", n: 3 } });
    assert.ok(pretty.stdout.split("\n").length > 3);
    const line = await wippy(["call", "app:tell", '{"a": [1, {"b": null}]}', "--json"], { cwd });
    assert.equal(line.stdout.split("\n").length, 2);
    assert.equal(JSON.parse(line.stdout).count, 1);
    assert.equal((await wippy(["call", "app:tell", "--", "-5"], { cwd })).stdout.includes("-5"), true);
  });
});

/** Anchors and folded text are read by a library, ChaCha20 comes from one; both are loaded at the last moment. */
const LIBRARIES = `namespace: app
x-method: &method main
entries:
  - name: seals
    kind: function.lua
    method: *method
    modules: [crypto]
    meta:
      comment: >
        folded
        text
    source: |
      local crypto = require("crypto")
      return { main = function(text)
        local key = string.rep("k", 32)
        return crypto.decrypt.chacha20(assert(crypto.encrypt.chacha20(text, key)), key)
      end }
`;

test("what is loaded at the last moment is there, in the binary too", async () => {
  await inFolder({ "src/_index.yaml": LIBRARIES }, async (cwd) => {
    const { code, stdout, stderr } = await wippy(["call", "app:seals", "hello"], { cwd });
    assert.deepEqual([code, stdout, stderr], [0, '"hello"\n', ""]);
  });
});

const PARTLY_BROKEN = {
  "src/_index.yaml": `namespace: app
entries:
  - name: whole
    kind: function.lua
    method: main
    source: file://whole.lua
    imports: {words: words}
  - name: words
    kind: library.lua
    source: file://words.lua
  - name: broken
    kind: function.lua
    method: main
    source: file://missing.lua
`,
  "src/whole.lua": `return { main = function() return require("words").hello end }`,
  "src/words.lua": `return { hello = "hello" }`,
};

test("call reads only the files that the function needs, and a missing one of those is told with its place", async () => {
  await inFolder(PARTLY_BROKEN, async (cwd) => {
    const whole = await wippy(["call", "app:whole"], { cwd });
    assert.deepEqual([whole.code, whole.stdout, whole.stderr], [0, '"hello"\n', ""]);
    const broken = await wippy(["call", "app:broken"], { cwd });
    assert.equal(broken.code, 1);
    assert.match(
      broken.stderr,
      /^error \(Invalid\): src\/_index\.yaml:14: app:broken: source: file not found: src\/missing\.lua$/m,
    );
    const all = await wippy(["registry", "list"], { cwd });
    assert.equal(all.code, 1);
    assert.match(all.stderr, /_index\.yaml:14: app:broken: source: file not found/);
  });
});

const DISPATCH = {
  "src/_index.yaml": `version: "1.0"
namespace: app
entries:
  - name: dispatch
    kind: function.lua
    method: main
    modules: [funcs]
    source: |
      local funcs = require("funcs")
      return { main = function(arg) return assert(funcs.call(arg.of .. arg.name)) end }
  - name: target
    kind: function.lua
    method: main
    source: 'return { main = function() return "hit" end }'
`,
};

test("call boots what its arguments name, and says what it can't know of", async () => {
  await inFolder(DISPATCH, async (cwd) => {
    const named = await wippy(["call", "app:dispatch", "of=app:target", "name="], { cwd });
    assert.deepEqual([named.code, named.stdout, named.stderr], [0, '"hit"\n', ""]);
    const unknown = await wippy(["call", "app:dispatch", "of=app:", "name=target"], { cwd });
    assert.equal(unknown.code, 1);
    assert.match(unknown.stderr, /no handler registered for target/);
    assert.match(unknown.stderr, /an id that is put together at run time must stand in one of them, too/);
  });
});

test("call boots only what the function needs", async () => {
  await inFolder(FAILING, async (cwd) => {
    assert.equal((await wippy(["run"], { cwd })).code, 1);
    assert.equal((await wippy(["call", "app:raises", "4"], { cwd })).stdout, "0.25\n");
  });
});

const SEARCHING = {
  "src/_index.yaml": `namespace: app
entries:
  - name: gateway
    kind: http.service
    addr: 127.0.0.1:1
    lifecycle: {auto_start: true}
  - {name: pear, kind: registry.entry, meta: {type: fruit}, price: 3}
  - name: twice
    kind: function.lua
    meta: {type: tool}
    method: main
    modules: [sql]
    source: |
      return { main = function(n) return sql.get("app:db"):query("SELECT ? * 2 AS n", { n })[1].n end }
  - {name: db, kind: db.sql.sqlite, file: ":memory:"}
  - name: look
    kind: function.lua
    method: main
    imports: {finder: finder}
    modules: [funcs]
    source: file://look.lua
  - name: finder
    kind: library.lua
    modules: [registry]
    source: file://finder.lua
`,
  "src/finder.lua": `return { ids = function(criteria)
  local ids = {}
  for _, entry in ipairs(assert(registry.find(criteria))) do ids[#ids + 1] = entry.id end
  return ids
end }
`,
  "src/look.lua": `return { main = function()
  local tool = finder.ids({["meta.type"] = "tool"})[1]
  return {
    fruits = finder.ids({["meta.type"] = "fruit"}),
    servers = finder.ids({[".kind"] = "http.service"}),
    result = funcs.call(tool, 21),
  }
end }
`,
};

test("a function that searches the registry finds every entry and calls what it finds; nothing else is started", async () => {
  await inFolder(SEARCHING, async (cwd) => {
    const account = join(cwd, "account");
    // Again: the second call has a plan.
    for (let round = 0; round < 2; round++) {
      const { code, stdout, stderr } = await wippy(["call", "app:look"], {
        cwd,
        env: { WIPPY_CACHE_DIR: account },
      });
      assert.deepEqual([code, stderr], [0, ""]);
      assert.deepEqual(JSON.parse(stdout), { fruits: ["app:pear"], servers: ["app:gateway"], result: 42 });
    }
  });
});

test("a function that raises gives 1, its message and a trace in the user's files", async () => {
  await inFolder(FAILING, async (cwd) => {
    const { code, stdout, stderr } = await wippy(["call", "app:raises"], { cwd });
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(stderr, /^error: .*division by zero\n/);
    assert.match(stderr, /^ {2}at src\/lua\/raises\.lua:2 .*divide/m);
    assert.match(stderr, /^ {2}at src\/lua\/raises\.lua:8$/m);
    const inline = await wippy(["call", "app:inline"], { cwd });
    assert.match(inline.stderr, /^ {2}at src\/_index\.yaml:12 .*inner/m);
    assert.match(inline.stderr, /^ {2}at src\/_index\.yaml:14$/m);
  });
});

test("an error that is returned keeps kind and details", async () => {
  await inFolder(FAILING, async (cwd) => {
    const plain = await wippy(["call", "app:returns"], { cwd });
    assert.equal(plain.code, 1);
    assert.match(plain.stderr, /^error \(NotFound\): no such order\n/);
    const json = await wippy(["call", "app:returns", "--json"], { cwd });
    assert.deepEqual([json.code, json.stdout], [1, ""]);
    const { error } = JSON.parse(json.stderr);
    assert.equal(error.kind, "NotFound");
    assert.equal(error.message, "no such order");
    assert.deepEqual(error.details, { order: 7 });
  });
});

test("call gives up after its timeout", async () => {
  await inFolder(FAILING, async (cwd) => {
    const { code, stderr } = await wippy(["call", "app:sleeps", "--timeout", "100ms"], { cwd });
    assert.equal(code, 1);
    assert.match(stderr, /^error \(Timeout\): no result after 100 ms\n$/);
    const misuse = await wippy(["call", "app:sleeps", "--timeout", "soon"], { cwd });
    assert.equal(misuse.code, 2);
    assert.match(misuse.stderr, /^error: --timeout soon: expected a duration/);
  });
});

test("a signal cancels the call that is waited for", async () => {
  const source =
    `return { waits = function() print("waiting now"); require("time").sleep("1h"); return 1 end }`;
  const index = `namespace: app\nentries:\n  - name: f\n    kind: function.lua\n    method: waits\n` +
    `    modules: [time]\n    source: '${source}'\n`;
  await inFolder({ "src/_index.yaml": index }, async (cwd) => {
    const running = start(["call", "app:f", "-v", "--timeout", "1h"], { cwd });
    await running.until(/waiting now/);
    running.signal("SIGTERM");
    const { code, stdout, stderr } = await running.ended;
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(stderr, /^error \(Canceled\)/m);
  });
});

test("call of what is no function is misuse", async () => {
  await inFolder(TOOLS, async (cwd) => {
    const cases: [string[], RegExp][] = [
      [[], /^error: which function\? usage: wippy call /],
      [["add"], /^error: "add" is no function id; usage: /],
      [["app:ad"], /^error: there is no function app:ad; did you mean app:add\?\n$/],
      [["app:terminal"], /^error: app:terminal is a terminal\.host, which can't be called\n$/],
    ];
    for (const [words, message] of cases) {
      const { code, stdout, stderr } = await wippy(["call", ...words], { cwd });
      assert.deepEqual([code, stdout], [2, ""]);
      assert.match(stderr, message);
    }
    const process = await wippy(["call", "app:echo"], { cwd });
    assert.deepEqual([process.code, process.stdout], [1, ""]);
    assert.match(
      process.stderr,
      /hint: app:echo is a process\.lua without meta\.default_host.*wippy run -x app:echo/,
    );
  });
});

test("call --connect reaches the application that runs, through a socket of its owner's alone", async () => {
  await inFolder(COUNTER, async (cwd) => {
    assert.doesNotMatch((await wippy(["call", "app:count"], { cwd })).stderr, /hint/);
    const nobody = await wippy(["call", "--connect", "app:count"], { cwd });
    assert.equal(nobody.code, 1);
    assert.match(nobody.stderr, /^error \(Unavailable\): no application runs in .*; start it with wippy run/);

    const running = start(["run"], { cwd });
    await running.until(/counting/);
    assert.equal(statSync(join(cwd, ".wippy/control.sock")).mode & 0o777, 0o600);
    assert.equal((await wippy(["call", "--connect", "app:count"], { cwd })).stdout, "1\n");
    assert.equal((await wippy(["call", "--connect", "app:count"], { cwd })).stdout, "2\n");
    const here = await wippy(["call", "app:count"], { cwd });
    assert.equal(here.code, 1);
    assert.match(
      here.stderr,
      /^hint: an application runs in this folder; wippy call --connect app:count asks that one$/m,
    );
    const wrong = await wippy(["call", "--connect", "app:cont"], { cwd });
    assert.equal(wrong.code, 1);
    assert.match(
      wrong.stderr,
      /^error \(NotFound\): app:cont is not in the application that runs; did you mean app:count\?$/m,
    );
    running.signal("SIGINT");
    await running.ended;
  });
});

test("a socket left over from a crash is in nobody's way", async () => {
  await inFolder(COUNTER, async (cwd) => {
    const running = start(["run"], { cwd });
    await running.until(/counting/);
    running.signal("SIGKILL");
    await running.ended;
    chmodSync(join(cwd, ".wippy/control.sock"), 0o600);
    assert.match((await wippy(["ps"], { cwd })).stderr, /no application runs in/);
    const again = start(["run"], { cwd });
    await again.until(/runtime ready/);
    assert.equal((await wippy(["call", "--connect", "app:count"], { cwd })).stdout, "1\n");
    again.signal("SIGINT");
    await again.ended;
  });
});

test("processes are listed with memory, mailbox, restarts and names", async () => {
  await inFolder(COUNTER, async (cwd) => {
    const none = await wippy(["ps"], { cwd });
    assert.equal(none.code, 1);
    assert.match(none.stderr, /^error \(Unavailable\): no application runs in /);

    const running = start(["run"], { cwd });
    await running.until(/counting/);
    const { code, stdout } = await wippy(["ps"], { cwd });
    assert.equal(code, 0);
    assert.match(stdout, /^PID +ENTRY +STATE +MEMORY +MAILBOX +RESTARTS +NAMES\n/);
    assert.match(
      stdout,
      /^\{app:processes\|0x[0-9a-f]{5}\} +app:counter +\w+ +[\d.]+ [KM]?B +0 +0 +counter$/m,
    );
    await wippy(["call", "--connect", "app:crash"], { cwd });
    await running.until(/counting[^]*counting/);
    const [facts] = JSON.parse((await wippy(["ps", "--json"], { cwd })).stdout);
    assert.equal(facts.entry, "app:counter");
    assert.equal(facts.restarts, 1);
    assert.deepEqual(facts.names, ["counter"]);
    assert.ok(facts.memoryBytes > 0);
    running.signal("SIGINT");
    await running.ended;
  });
});
