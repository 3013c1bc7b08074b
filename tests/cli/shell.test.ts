/** `wippy shell`: Lua in an application, from a script and from a person at a terminal. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ShellTypes } from "../../src/cli/shell/shell_types.ts";
import { COUNTER } from "./applications.ts";
import { commandLine, inFolder, start, wippy } from "./wippy.ts";

const PROJECT = {
  "src/_index.yaml": `namespace: app
entries:
  - name: shapes
    kind: library.lua
    source: file://shapes.lua
  - name: area
    kind: function.lua
    method: main
    imports: {shapes: "app:shapes"}
    source: |
      return { main = function(w, h) return shapes.area(w, h) end }
`,
  "src/shapes.lua": `local function area(width: number, height: number): number
  if width < 0 then
    error("a width below zero")
  end
  return width * height
end

return { area = area, unit = "m" }
`,
};

/** Runs inputs in one session; exit code, results, complaints. */
async function evaluate(cwd: string, ...inputs: string[]): Promise<[number | null, string, string]> {
  const { code, stdout, stderr } = await wippy(["shell", ...inputs.flatMap((input) => ["-e", input])], {
    cwd,
  });
  return [code, stdout, stderr];
}

test("values are shown so that they can be read", async () => {
  await inFolder(PROJECT, async (cwd) => {
    const [code, shown, complaints] = await evaluate(
      cwd,
      "1 + 1",
      '= "a\\n\\"b\\"", nil, true',
      '{1, 2, {x = "y"}, name = "n", ["a b"] = {}}',
      'local t = {}; t.self = t; for i = 1, 30 do t["key" .. i] = ("v"):rep(10) end return t',
      "_.self == nil",
    );
    assert.deepEqual([code, complaints], [0, ""]);
    const [first, ...more] = shown.split("{ 1, 2,");
    assert.equal(first, '2\n"a\\n\\"b\\""\nnil\ntrue\n');
    assert.match(
      more[0]!,
      /^ \{ x = "y" \}, \["a b"\] = \{\}, name = "n" \}\n\{\n {2}key1 = "vvvvvvvvvv",\n/,
    );
    assert.match(shown, /\n {2}self = <itself>,\n\}\nfalse\n$/);
  });
});

test("what is declared stays, with its type, and libraries of the application are there by id", async () => {
  await inFolder(PROJECT, async (cwd) => {
    const [code, shown, complaints] = await evaluate(
      cwd,
      "local width: number, height <const> = 3, 4",
      "local function double(n: number): number return n * 2 end",
      "double(width) + height",
      'local shapes = require("app:shapes")',
      "shapes.area(width, height)",
      'require("app:shapes") == shapes',
      'funcs.call("app:area", 5, 6)',
      "local later",
      "later == nil",
    );
    assert.deepEqual([code, complaints], [0, ""]);
    assert.equal(shown, "10\n12\ntrue\n30\ntrue\n");
  });
});

test("types are checked before anything runs, and may be overruled", async () => {
  await inFolder(PROJECT, async (cwd) => {
    const wrong = 'require("app:shapes").area("wide", print("ran"))';
    const [code, shown, complaints] = await evaluate(cwd, wrong);
    assert.deepEqual([code, shown], [1, ""]);
    assert.match(
      complaints,
      /^error: shell:1:28: string not assignable to number \[E0001\]\n 1 \| require\("app:shapes"\)/,
    );
    const [, , forced] = await evaluate(cwd, `!${wrong}`);
    assert.match(forced, /attempt to compare/);
    const [, , kept] = await evaluate(cwd, "local n: number = 1", 'n = "text"');
    assert.match(kept, /error: shell:1:5: string not assignable to number/);
    const [, , syntax] = await evaluate(cwd, "local = 5");
    assert.match(syntax, /error: shell:1:7: .*\[P0001\]/);
  });
});

test("what can't be required is told of as the shell sees it, not as a rule of entries", async () => {
  await inFolder(PROJECT, async (cwd) => {
    const [code, , entry] = await evaluate(cwd, 'require("app:nowhere")');
    assert.equal(code, 1);
    assert.match(entry, /^error: .*there is no Lua entry app:nowhere\n/);
    assert.match((await evaluate(cwd, 'require("jsn")'))[2], /^error: .*module 'jsn' not found\n/);
  });
});

test("failures name kind and places, and end a script", async () => {
  await inFolder(PROJECT, async (cwd) => {
    const [code, shown, complaints] = await evaluate(
      cwd,
      'require("app:shapes").area(-1, 2)',
      'print("never")',
    );
    assert.deepEqual([code, shown], [1, ""]);
    assert.equal(
      complaints,
      "error: app:shapes:3: a width below zero\n  at src/shapes.lua:3  area\n".replace("  area", ""),
    );
    const [, , kind] = await evaluate(
      cwd,
      'error(errors.new({message = "no such thing", kind = errors.NOT_FOUND}))',
    );
    assert.match(kind, /^error \(NotFound\): no such thing\n {2}at shell:1 {2}main chunk\n$/);
  });
});

test("a script comes by the pipe, and what it prints is not held back", async () => {
  await inFolder(PROJECT, async (cwd) => {
    const input = "local sum = 0\nfor i = 1, 3 do\n  sum = sum + i\n  print(i)\nend\nreturn sum\n";
    const { code, stdout, stderr } = await wippy(["shell"], { cwd, input });
    assert.deepEqual([code, stdout, stderr], [0, "1\n2\n3\n6\n", ""]);
    const command = start(["shell", "-e", 'print("begun"); time.sleep("1h")'], { cwd });
    await command.until(/begun/);
    command.signal("SIGINT");
    const ended = await command.ended;
    assert.equal(ended.code, 1);
    assert.match(ended.stderr, /^error \(Canceled\): canceled$/m);
  });
});

test("the application that runs here is where code runs", async () => {
  await inFolder(COUNTER, async (cwd) => {
    const application = start(["run"], { cwd });
    await application.until(/runtime ready/);
    const [code, shown, complaints] = await evaluate(
      cwd,
      'process.registry.lookup("counter") ~= nil',
      'funcs.call("app:count") > 0',
      "registry.snapshot():version():id()",
    );
    assert.deepEqual([code, shown, complaints], [0, "true\ntrue\n0\n", ""]);
    assert.equal(
      (await wippy(["ps"], { cwd })).stdout.includes("shell"),
      false,
      "the session has ended with its connection",
    );
    const refused = await wippy(["shell", "-o", "app:counter:method=x", "-e", "1"], { cwd });
    assert.equal(refused.code, 2);
    const [, , loop] = await evaluate(cwd, "while true do end".replace("true", "false"), "error('x')");
    assert.match(loop, /error: shell:1: x/);
    application.signal("SIGINT");
    assert.equal((await application.ended).code, 0);
  });
});

test("words are completed from declarations, libraries, ids and what was typed", () => {
  const types = new ShellTypes([
    {
      id: "app:shapes",
      kind: "library.lua",
      meta: {},
      data: {
        source: "local function area(w: number): number return w end\nreturn { area = area, unit = 1 }",
      },
    },
    { id: "app:store", kind: "store.memory", meta: {}, data: {} },
  ]);
  const words = (input: string): readonly string[] => types.complete(input).words;
  assert.deepEqual(words("hash.sha"), ["sha1", "sha256", "sha512"]);
  assert.deepEqual(words("process.registry.look"), ["lookup"]);
  assert.ok(words("time.now():").includes("format_rfc3339") && words("time.now():form").length === 2);
  assert.deepEqual(words("reg"), ["registry"]);
  assert.deepEqual(words('require("app:s'), ["app:shapes", "app:store"]);
  assert.deepEqual(words('require("app:shapes").'), ["area", "unit"]);
  types.accept('local shapes = require("app:shapes")');
  types.accept("counted = 5");
  assert.deepEqual([words("shap"), words("shapes.a"), words("count")], [["shapes"], ["area"], ["counted"]]);
  assert.ok(words('("x"):up').includes("upper"));
  assert.equal(types.complete("x = hash.sha").start, 9);
});

test("an input that is not finished is told from one that is wrong", () => {
  const types = new ShellTypes([]);
  for (
    const open of ["for i = 1, 2 do", "local t = {", "f(", "x = [[a", "function f()", "1 +", "if x then y()"]
  ) {
    assert.equal(types.isUnfinished(open), true, open);
  }
  for (const closed of ["1 + 1", "for i = 1, 2 do end", "x = )", "end", "local 5 = x"]) {
    assert.equal(types.isUnfinished(closed), false, closed);
  }
});

const NO_SCRIPT = spawnSync("sh", ["-c", "command -v script"]).status === 0
  ? false
  : "needs the program script, which gives commands a terminal";

test("a person types, completes, ends what runs and leaves", { skip: NO_SCRIPT }, async () => {
  await inFolder(PROJECT, async (cwd) => {
    const [program, before] = commandLine();
    const line = [program, ...before, "shell"].map((word) => `'${word}'`).join(" ");
    const child = spawn("script", ["-qec", line, "/dev/null"], {
      cwd,
      env: { ...process.env, NO_COLOR: "1", TERM: "xterm" },
    });
    let shown = "";
    let look: () => void = () => undefined;
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      shown += text.replaceAll("\r", "");
      look();
    });
    const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
    /** Types a text once the terminal shows a pattern in what came since the last one. */
    let seen = 0;
    const until = (pattern: RegExp): Promise<void> =>
      new Promise((resolve) => {
        look = () => {
          const match = pattern.exec(shown.slice(seen));
          if (match === null) return;
          seen += match.index + match[0].length;
          look = () => undefined;
          resolve();
        };
        look();
      });
    await until(/booted for this session; help tells what can be typed, Ctrl\+D leaves\n[\s\S]*> /);
    child.stdin.write("for i = 1, 2 do\n");
    await until(/\. /);
    child.stdin.write("print(i * 10)\nend\n");
    await until(/10\n20\n[\s\S]*> /);
    child.stdin.write("hash.sha25");
    await until(/sha25/);
    child.stdin.write("\t");
    await until(/6/);
    child.stdin.write("('abc') ~= nil\n");
    await until(/\ntrue\n[\s\S]*> /);
    child.stdin.write("kept = 7\n");
    await until(/> /);
    child.stdin.write("print('busy') while true do end\n");
    await until(/\nbusy\n/);
    child.stdin.write("\u0003");
    await until(/error \(Canceled\): canceled\n[\s\S]*> /);
    child.stdin.write("dropped + \u0003");
    await until(/> /);
    child.stdin.write("kept\n");
    await until(/\n7\n/);
    child.stdin.write("big = {} while true do big[#big + 1] = ('x'):rep(1000000) .. #big end\n");
    await until(/error \(LimitExceeded\): process memory limit exceeded[\s\S]*> /);
    child.stdin.write("type(kept)\n");
    await until(/this is a new one, without what was declared before\n"nil"\n/);
    child.stdin.write("\u0004");
    assert.equal(await ended, 0, shown);
    const history = join(cwd, ".wippy/shell_history");
    assert.ok(existsSync(history));
    assert.match(readFileSync(history, "utf8"), /^for i = 1, 2 do\nprint\(i \* 10\)\nend\n[\s\S]*kept = 7\n/);
  });
});
