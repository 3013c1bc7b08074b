/** Processes on terminal hosts: input, output, exit codes, logs. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { chooseTerminalHost, exitCodeOf } from "../../src/app/terminal_run.ts";
import type { BusEvent } from "../../src/ports/mod.ts";
import { startApplication, type TestApplication } from "../application.ts";
import { ScriptedTerminal } from "./scripted_terminal.ts";

/** A project with one command and its terminal host. */
function project(source: string, more = ""): string {
  return `
version: "1.0"
namespace: app
entries:
  - name: term
    kind: terminal.host
    lifecycle: {auto_start: true}
  - name: host
    kind: process.host
    lifecycle: {auto_start: true}
  - name: cli
    kind: process.lua
    method: main
    modules: [io, system, funcs]
    source: |
${source.trim().split("\n").map((line) => `      ${line}`).join("\n")}
${more}`;
}

/** Runs the command to its end; the application ends with it. */
async function run(
  source: string,
  terminal: ScriptedTerminal,
  more = "",
  inspect: (app: TestApplication) => void = () => undefined,
): Promise<number> {
  const { app, stop } = await startApplication(project(source, more));
  inspect(app);
  try {
    return await app.application.runTerminal({ process: "app:cli", args: terminal.args, terminal });
  } finally {
    await stop();
  }
}

test("write puts values one after the other, print and eprint tabs and a newline [io.write]", async () => {
  const terminal = new ScriptedTerminal();
  const code = await run(
    `return { main = function()
      assert(io.write("a", 1, true, nil, 2.0) == true)
      assert(io.write() == true)
      assert(io.print("x", 2, false, nil) == true)
      assert(io.print() == true)
      assert(io.eprint("oops", setmetatable({}, { __tostring = function() return "custom" end })) == true)
      io.write("\\xc3\\xa4", "\\0", "\\n")
    end }`,
    terminal,
  );
  assert.equal(code, 0);
  assert.equal(terminal.text, "a1truenil2.0x\t2\tfalse\tnil\n\nä\0\n");
  assert.equal(terminal.errors, "oops\tcustom\n");
});

test("a failing write is an error, not a crash [io.write]", async () => {
  const terminal = new ScriptedTerminal();
  terminal.broken = true;
  const code = await run(
    `return { main = function()
      local ok, err = io.write("x")
      if ok == nil and err:kind() == errors.INTERNAL and err:retryable() == false then return 7 end
      return 1
    end }`,
    terminal,
  );
  assert.equal(code, 7);
});

test("read gives up to n bytes, readline a line, both nil at the end [io.read]", async () => {
  const terminal = new ScriptedTerminal({
    input: ["first\nsec", "ond\r\n", "abcdef", "\xff".repeat(1500), "last"],
  });
  const code = await run(
    `return { main = function()
      assert(io.readline() == "first")
      assert(io.readline() == "second")
      assert(io.read(4) == "abcd")
      assert(io.read(4) == "ef")
      local chunk = io.read(0)
      assert(#chunk == 1024, #chunk)
      assert(#io.read(-1) == 1024)
      assert(#io.read() == 952)
      assert(io.readline() == "last")
      local line, err = io.readline()
      assert(line == nil and err == nil)
      local data, failed = io.read(1)
      assert(data == nil and failed == nil)
      return 5
    end }`,
    terminal,
  );
  assert.equal(terminal.errors, "");
  assert.equal(code, 5);
});

test("raw mode is counted and undone when the process ends [io.raw]", async () => {
  const terminal = new ScriptedTerminal();
  await run(
    `return { main = function()
      assert(io.raw() == true)
      assert(io.raw(true) == true)
      assert(io.raw(false) == true)
      io.print("still raw")
      io.raw(false)
      io.raw(false)
      io.raw(true)
      io.raw(true)
      error("dies while raw")
    end }`,
    terminal,
  );
  assert.deepEqual(terminal.modes.filter((mode) => mode !== "flush"), ["raw", "cooked", "raw", "cooked"]);
});

test("flush and arguments [io.misc]", async () => {
  const terminal = new ScriptedTerminal({ args: ["one", "two words", ""] });
  const code = await run(
    `return { main = function(first, second, third, none)
      local args = io.args()
      assert(#args == 3 and args[1] == "one" and args[2] == "two words" and args[3] == "")
      assert(first == "one" and second == "two words" and third == "" and none == nil)
      assert(io.flush() == true)
      io.print("flushed")
      return 4
    end }`,
    terminal,
  );
  assert.equal(terminal.errors, "");
  assert.equal(code, 4);
});

test("a terminal host runs one process at a time, with streams and arguments [kind.terminal.host]", async () => {
  const terminal = new ScriptedTerminal({ args: ["x"], input: ["typed\n"] });
  const code = await run(
    `return { main = function(arg)
      local _, busy = process.spawn("app:cli", "app:term")
      assert(busy:kind() == "LimitExceeded", tostring(busy))
      io.print(arg, io.readline())
      io.eprint("done")
      local pid = process.spawn("app:other", "app:host")
      process.monitor(pid)
      local event = process.events():receive()
      io.print(event.result.value)
    end }`,
    terminal,
    `  - name: other
    kind: process.lua
    method: main
    modules: [io]
    source: |
      return { main = function() local _, err = io.print("x") return err:message() end }
`,
  );
  assert.equal(code, 0);
  assert.equal(terminal.text, "x\ttyped\nno terminal context\n");
  assert.equal(terminal.errors, "done\n");
});

test("the exit code is what the process returned [terminal.exit]", async () => {
  assert.equal(exitCodeOf(3), 3);
  assert.equal(exitCodeOf(2.9), 2);
  assert.equal(exitCodeOf(-2.9), -2);
  assert.equal(exitCodeOf(NaN), 1);
  assert.equal(exitCodeOf(Infinity), 1);
  assert.equal(exitCodeOf(true), 0);
  assert.equal(exitCodeOf(false), 1);
  for (const other of [null, undefined, "3", { code: 3 }, [3]]) assert.equal(exitCodeOf(other), 0);

  for (
    const [returned, code] of [["2.7", 2], ["0/0", 1], ["1/0", 1], ["false", 1], ["true", 0], ["{}", 0], [
      '"9"',
      0,
    ], ["nil", 0]] as const
  ) {
    assert.equal(
      await run(`return { main = function() return ${returned} end }`, new ScriptedTerminal()),
      code,
      returned,
    );
  }
  const raising = new ScriptedTerminal();
  assert.equal(await run(`return { main = function() error("no good") end }`, raising), 1);
  assert.match(raising.errors, /^app:cli:1: no good\n$/);
  const returning = new ScriptedTerminal();
  assert.equal(await run(`return { main = function() return nil, errors.new("refused") end }`, returning), 1);
  assert.equal(returning.errors, "refused\n");
});

test("the application ends with its terminal process, raw mode off before that [terminal.end]", async () => {
  const terminal = new ScriptedTerminal();
  const { app, stop } = await startApplication(project(`return { main = function() io.raw() return 3 end }`));
  let rawWhenStopping: string | undefined;
  app.application.bus.subscribe("supervisor", "service.update", ({ path, data }) => {
    if (path === "app:host" && (data as { status: string }).status === "stopping") {
      rawWhenStopping = terminal.modes.at(-2);
    }
  });
  const code = await app.application.runTerminal({ process: "app:cli", args: [], terminal });
  assert.equal(code, 3);
  assert.equal(await app.application.ended, 3);
  assert.equal(app.application.running, false);
  assert.deepEqual(terminal.modes, ["raw", "cooked", "flush"]);
  assert.equal(rawWhenStopping, "cooked");
  await stop();
});

test("logs go to the event bus while a process hides them [terminal.logs]", async () => {
  const events: BusEvent[] = [];
  const terminal = new ScriptedTerminal();
  const text = project(`return { main = function() print("quiet") return 0 end }`)
    .replace("kind: terminal.host", "kind: terminal.host\n    hide_logs: true");
  const { app, stop } = await startApplication(text);
  app.application.bus.subscribe("logs", "logs.entry", (event) => events.push(event));
  print(app, "before");
  await app.application.runTerminal({ process: "app:cli", args: [], terminal });
  await stop();
  const messages = events.map(({ data }) => (data as { message: string }).message);
  assert.ok(messages.includes("quiet"), "streamed while hidden");
  assert.ok(!messages.includes("before"), "not streamed otherwise");
});

function print(app: TestApplication, message: string): void {
  app.application.log.info(message);
}

test("system.exit ends the application with its code, code after it may still run [system.exit]", async () => {
  const terminal = new ScriptedTerminal();
  const code = await run(
    `return { main = function()
      assert(system.exit(42) == true)
      io.print("after")
      return 3
    end }`,
    terminal,
  );
  assert.equal(terminal.text, "after\n");
  assert.equal(code, 42);
  const { app, stop } = await startApplication(`
version: "1.0"
namespace: app
entries:
  - name: quit
    kind: function.lua
    method: main
    modules: [system]
    source: |
      return { main = function(code)
        local ok, err = system.exit(code)
        return { ok = ok, kind = err and err:kind() }
      end }
`);
  assert.deepEqual(await app.call("app:quit", "five"), { kind: "Invalid" });
  assert.deepEqual(await app.call("app:quit"), { ok: true });
  assert.equal(await app.application.ended, 0);
  await stop();
});

test("the terminal host of a command is found, or has to be named [cli.run.host-ambiguous]", () => {
  const host = (id: string) => ({ id, kind: "terminal.host", meta: {}, data: {} });
  assert.equal(chooseTerminalHost([host("a:t")], undefined), "a:t");
  assert.throws(() => chooseTerminalHost([], undefined), /no terminal host found/);
  assert.throws(
    () => chooseTerminalHost([host("b:t"), host("a:t")], undefined),
    /^Failure: multiple terminal hosts found \(a:t, b:t\), use --host to specify$/,
  );
  assert.equal(chooseTerminalHost([host("b:t"), host("a:t")], "b:t"), "b:t");
  assert.throws(
    () => chooseTerminalHost([host("a:t")], "c:t"),
    /terminal host not found: c:t; there are: a:t/,
  );
});
