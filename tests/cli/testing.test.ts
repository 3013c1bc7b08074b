/** `wippy test` with wippy/test: what is run, in which order, under whom, and what is told of it. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { inFolder, start, wippy } from "./wippy.ts";

/** A test entry; `more` is added to its fields. */
function entry(name: string, meta: string, source: string, more = ""): string {
  return `  - name: ${name}
    kind: function.lua
    meta: {type: test${meta === "" ? "" : `, ${meta}`}}
    method: run
    imports: {test: "wippy.test:test"}
${more}    source: |
${source.split("\n").map((line) => `      ${line}`).join("\n")}
`;
}

function project(...entries: string[]): Record<string, string> {
  return { "src/_index.yaml": `namespace: app\nentries:\n${entries.join("")}` };
}

const cases = (body: string): string => `return { run = test.run_cases(function()\n${body}\nend) }`;

async function run(files: Record<string, string>, args: string[] = []): Promise<[number | null, string]> {
  let end: [number | null, string] = [null, ""];
  await inFolder(files, async (cwd) => {
    const { code, stdout, stderr } = await wippy(["test", ...args], { cwd });
    assert.equal(stderr, "");
    end = [code, stdout.replaceAll(/\d+ms/g, "<n>ms")];
  });
  return end;
}

test("tests are found by their metadata, and a failure is the exit code [test.cmd] [test.cmd.exit] [test.discover]", async () => {
  const library = "  - name: no_test\n    kind: library.lua\n    meta: {type: test}\n    source: return {}\n";
  const good = entry("good", "", "return { run = function() end }");
  const files = project(good, library);
  assert.deepEqual(await run(files), [
    0,
    "  other (1)  1/1  <n>ms\n    o good\n\n  PASSED   1 test   <n>ms\n",
  ]);
  const bad = entry("bad", "", 'return { run = function() error("no") end }');
  const [code, output] = await run(project(good, bad));
  assert.equal(code, 1);
  assert.match(output, /^ {2}FAILED {3}2 tests {3}1 failed {3}<n>ms$/m);
});

test("without tests there is nothing to fail [test.cmd.none]", async () => {
  const [code, output] = await run({ "src/_index.yaml": "namespace: app\nentries: []\n" });
  assert.deepEqual([code, output.split("\n")[0]], [0, "No tests found."]);
});

test("words choose ids, and are no patterns [test.cmd.filter]", async () => {
  const pass = "return { run = function() end }";
  const files = project(entry("a.one", "", pass), entry("b.two", "", pass), entry("c.three", "", pass));
  const shown = async (...words: string[]): Promise<string[]> => {
    const [code, output] = await run(files, words);
    assert.equal(code, 0);
    return [...output.matchAll(/^ {4}o (.*)$/gm)].map((match) => match[1]!);
  };
  assert.deepEqual(await shown("one", "app:b"), ["a.one", "b.two"]);
  assert.deepEqual(await shown("."), ["a.one", "b.two", "c.three"]);
  assert.deepEqual(await shown("a.*"), []);
});

test("packs and modules are targets, everything else is a filter [test.cmd.filter.conflict]", async () => {
  const own = entry("own", "", "return { run = function() end }");
  const module = {
    ".wippy/vendor/acme/tools/_index.yaml": `namespace: acme.tools\nentries:\n${
      entry("theirs", "", "return { run = function() end }")
    }`,
  };
  await inFolder({ ...project(own), ...module }, async (cwd) => {
    const theirs = await wippy(["test", "acme/tools"], { cwd });
    assert.equal(theirs.code, 0, theirs.stderr);
    assert.deepEqual([...theirs.stdout.matchAll(/^ {4}o (.*)$/gm)].map((match) => match[1]), ["theirs"]);
    const nowhere = await wippy(["test", "acme/nowhere@1.2.3"], { cwd });
    assert.equal(nowhere.code, 1);
    assert.match(nowhere.stderr, /there is no module acme\/nowhere here/);
    const pack = await wippy(["test", "tests.wapp"], { cwd });
    assert.equal(pack.code, 2);
    assert.match(pack.stderr, /tests\.wapp/);
  });
});

test("suites by name, tests by order and id, names as given [test.meta.suite] [test.meta.name] [test.meta.order]", async () => {
  const pass = "return { run = function() end }";
  const [, output] = await run(project(
    entry("z", "suite: beta, order: -1", pass),
    entry("y", "suite: beta", pass),
    entry("x", "suite: beta, name: Shown as this", pass),
    entry("w", "suite: alpha, order: 2", pass),
    entry("v", "suite: alpha, order: 10", pass),
    entry("u", "", pass),
  ));
  assert.equal(
    output,
    "  alpha (2)  2/2  <n>ms\n    o w\n    o v\n\n" +
      "  beta (3)  3/3  <n>ms\n    o z\n    o Shown as this\n    o y\n\n" +
      "  other (1)  1/1  <n>ms\n    o u\n\n  PASSED   6 tests   <n>ms\n",
  );
});

test("a test has the time that it says [test.meta.timeout]", async () => {
  const [code, output] = await run(project(
    entry(
      "slow",
      "timeout: 20ms",
      'return { run = function() time.sleep("1h") end }',
      "    modules: [time]\n",
    ),
    entry("odd", "timeout: soon", "return { run = function() end }"),
  ));
  assert.equal(code, 1);
  assert.match(output, /x slow\n {8}no result after <n>ms\n/);
  assert.match(output, /x odd\n {8}timeout: "soon" is not a duration/);
});

/** Notes when it begins and ends; in between others get their turn. */
const OVERLAPPING = `return { run = function()
  local name = process.id()
  local store = require("store").get("app:notes")
  store:set(name .. "+", funcs.call("app:next"))
  for _ = 1, 20 do funcs.call("app:next") end
  store:set(name .. "-", funcs.call("app:next"))
end }`;
const CHECKED = `return { run = function()
  local store = require("store").get("app:notes")
  local first, second = store:get("app:a-"), store:get("app:b+")
  if EXPECTED then
    test.lte(first, second)
  else
    test.gt(first, second)
  end
end }`;
const NOTES = `  - name: notes
    kind: store.memory
    lifecycle: {auto_start: true}
  - name: next
    kind: function.lua
    method: main
    pool: {type: static, workers: 1}
    source: |
      local count = 0
      return { main = function() count = count + 1 return count end }
`;

test("the tests of a suite run one by one, suites beside each other, or all one by one [test.sequential]", async () => {
  const modules = "    modules: [store, funcs]\n";
  const both = (second: string, expected: string): Record<string, string> =>
    project(
      NOTES,
      entry("a", "suite: one", OVERLAPPING, modules),
      entry("b", `suite: ${second}`, OVERLAPPING, modules),
      entry("c", `suite: ${second}, order: 1`, CHECKED.replace("EXPECTED", expected), modules),
    );
  assert.equal((await run(both("one", "true")))[0], 0);
  assert.equal((await run(both("two", "false")))[0], 0);
  assert.equal((await run(both("two", "true"), ["--sequential"]))[0], 0);
});

test("a test is called with whom to tell [test.call.args]", async () => {
  const [code, output] = await run(project(entry(
    "args",
    "",
    `return { run = function(options)
  test.matches(options.pid, "^{.*wippy.terminal:host|")
  test.eq(options.topic, "test:update")
  test.eq(options.ref_id, "app:args")
end }`,
  )));
  assert.equal(code, 0, output);
});

test("a plain function is judged by its end, one with cases by them [test.simple] [test.simple.detect]", async () => {
  const [code, output] = await run(project(
    entry("a", "", "return { run = function() return true end }"),
    entry("b", "", "return { run = function() return nil end }"),
    entry("c", "", "return { run = function() return false end }"),
    entry("d", "", 'return { run = function() error("raised") end }'),
    entry("e", "", 'return { run = function() return nil, "returned" end }'),
    entry("f", "", cases('test.describe("s", function() test.it("case", function() end) end)')),
    entry(
      "g",
      "",
      `local run = test.run_cases(function() test.describe("s", function() test.it("fails", function() test.fail("once") end) end) end)
return { run = function(options)
  local result = run(options)
  if result.failed_tests > 0 then error("tests failed: " .. result.failed_tests) end
  return result
end }`,
    ),
  ));
  assert.equal(code, 1);
  assert.equal(
    output,
    "  other (7)  3/7  <n>ms\n    o a\n    o b\n    x c\n        returned false\n" +
      "    x d\n        raised\n        at src/_index.yaml:30\n    x e\n        returned\n    o case\n" +
      "    x fails\n        once\n        at src/_index.yaml:53\n        at src/_index.yaml:55\n\n  FAILED   7 tests   4 failed   <n>ms\n",
  );
});

test("lines of cases, suites and the sum [test.output.case] [test.output.suite] [test.output.summary] [test.output.conflict] [x.test.output]", async () => {
  const body = `test.describe("s", function()
  test.it("passes", function() end)
  test.it("fails", function() test.eq(1, 2) end)
  test.it_skip("waits", function() end)
end)`;
  const [, output] = await run(project(entry("mixed", "suite: mixed", cases(body))));
  assert.equal(
    output,
    "  mixed (3)  1/3  1 skipped  <n>ms\n    o passes\n    x fails\n        assertion failed: expected 2, got 1\n" +
      "        at src/_index.yaml:12\n    - waits (skipped)\n\n  FAILED   2 tests   1 failed   1 skipped   <n>ms\n",
  );
});

test("the runner may do everything, whatever the application allows [test.runner.security]", async () => {
  const files = project(entry(
    "who",
    "",
    `return { run = function()
  test.eq(security.actor():id(), "wippy.test:runner")
  test.is_true(security.can("anything", "anywhere"))
end }`,
    "    modules: [security]\n",
  ));
  for (const strict of ["false", "true"]) {
    const [code, output] = await run(files, ["--set", `security.strict_mode=${strict}`]);
    assert.equal(code, 0, output);
  }
});

test("the runner brings its own host, and takes that of the application [test.runner.host] [fw.terminal.host]", async () => {
  const host = "  - name: mine\n    kind: terminal.host\n";
  const where = (id: string): string =>
    entry("where", "", `return { run = function(options) test.contains(options.pid, "${id}|") end }`);
  assert.equal((await run(project(where("wippy.terminal:host"))))[0], 0);
  assert.equal((await run(project(where("app:mine"), host)))[0], 0);
  assert.equal(
    (await run(project(where("wippy.terminal:host"), host), ["--host", "wippy.terminal:host"]))[0],
    0,
  );
});

test("the method names what the source returns [test.export]", async () => {
  const body = cases('test.describe("s", function() test.it("case", function() end) end)');
  assert.equal((await run(project(entry("direct", "", body))))[0], 0);
  const wrapped = body.replace("run = ", "other = nil, run = ");
  assert.equal((await run(project(entry("wrapped", "", wrapped))))[0], 0);
  const [code, output] = await run(project(entry("absent", "", body.replace("run = ", "main = "))));
  assert.equal(code, 1);
  assert.match(output, /method "run" not found in module/);
});

const REPORTED = {
  ...project(
    `  - name: maths
    kind: library.lua
    source: file://maths.lua
`,
    entry(
      "maths_test",
      "suite: maths",
      cases(`test.describe("maths", function()
  test.it("signs <plus>", function() test.eq(maths.sign(3), "+") end)
  test.it_skip("signs minus", function() end)
  test.describe("zero", function()
    test.it("is neither", function() test.eq(maths.sign(0), "0") end)
  end)
end)`),
    ).replace('"wippy.test:test"', '"wippy.test:test", maths: "app:maths"'),
  ),
  "src/maths.lua": `local function sign(n: number): string
  if n > 0 then
    return "+"
  elseif n < 0 then
    return "-"
  end
  -- Neither.
  return "?"
end

return { sign = sign }
`,
};

test("results become JUnit XML", async () => {
  await inFolder(REPORTED, async (cwd) => {
    const { code } = await wippy(["test", "--junit", "out/results.xml"], { cwd });
    assert.equal(code, 1);
    const xml = readFileSync(join(cwd, "out/results.xml"), "utf8").replaceAll(/time="[\d.]+"/g, 'time="-"');
    assert.match(xml, /<testsuite name="maths" tests="3" failures="1" errors="0" skipped="1" time="-">/);
    assert.match(xml, /<testcase classname="app:maths_test" name="signs &lt;plus&gt;" time="-"\/>/);
    assert.match(xml, /name="signs minus" time="-">\n {6}<skipped\/>/);
    assert.match(
      xml,
      /name="zero &gt; is neither" time="-">\n {6}<failure message="assertion failed: expected &quot;0&quot;, got &quot;\?&quot;">/,
    );
    assert.match(xml, /at src\/_index\.yaml:17/);
  });
});

test("coverage tells which lines of the application ran, as text, lcov and page", async () => {
  await inFolder(REPORTED, async (cwd) => {
    const { stdout } = await wippy(
      ["test", "--coverage", "--coverage-lcov", "lcov.info", "--coverage-html", "coverage.html"],
      { cwd },
    );
    assert.match(
      stdout,
      /^FILE +LINES +COVERED +NOT COVERED\nsrc\/maths\.lua +7 +85\.7% +5\nall +7 +85\.7%\n/m,
    );
    const lcov = readFileSync(join(cwd, "lcov.info"), "utf8");
    assert.match(lcov, /^TN:\nSF:src\/maths\.lua\nDA:1,1\nDA:2,2\nDA:3,1\nDA:4,1\nDA:5,0\nDA:8,1\n/m);
    assert.match(lcov, /^LF:7\nLH:6\nend_of_record\n$/m);
    const page = readFileSync(join(cwd, "coverage.html"), "utf8");
    assert.match(page, /class="miss"><i> {4}5 {2}0×<\/i> {4}return &quot;-&quot;/);
    assert.match(page, /class="hit"><i> {4}3 {2}1×/);
  });
});

test("tests that are interrupted have not passed", async () => {
  const slow = entry(
    "slow",
    "",
    'return { run = function() print("begun") time.sleep("1h") end }',
    "    modules: [time]\n",
  );
  await inFolder(project(slow), async (cwd) => {
    const command = start(["test", "-v"], { cwd });
    await command.until(/begun/);
    command.signal("SIGINT");
    const { code, stderr } = await command.ended;
    assert.equal(code, 1);
    assert.match(stderr, /^interrupted$/m);
  });
});

test("reports of a test command that tells nothing are refused", async () => {
  const files = {
    "src/_index.yaml": `namespace: app
entries:
  - {name: terminal, kind: terminal.host}
  - name: own
    kind: process.lua
    meta: {command: {name: checks, use_case: test}}
    method: main
    source: |
      return { main = function() return 0 end }
`,
  };
  await inFolder(files, async (cwd) => {
    assert.equal((await wippy(["test"], { cwd })).code, 0);
    const { code, stderr } = await wippy(["test", "--junit", "x.xml"], { cwd });
    assert.equal(code, 2);
    assert.match(stderr, /--junit needs the runner of wippy\/test; here app:own runs the tests/);
  });
});

test("watching runs again after a change, until it is ended", async () => {
  await inFolder(REPORTED, async (cwd) => {
    const command = start(["test", "--watch"], { cwd });
    await command.until(/FAILED {3}2 tests[\s\S]*watching \.; Ctrl\+C ends/);
    const path = join(cwd, "src/maths.lua");
    writeFileSync(path, readFileSync(path, "utf8").replace('"?"', '"0"'));
    await command.until(/PASSED {3}2 tests[\s\S]*watching[\s\S]*watching/);
    writeFileSync(path, "return {");
    await command.until(/maths\.lua:1/);
    await command.until(/(watching[\s\S]*){3}/);
    command.signal("SIGINT");
    assert.equal((await command.ended).code, 1);
  });
});
