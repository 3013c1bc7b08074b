/** Input of terminals as events: sequences, raw mode, sizes, and who gets what afterwards. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Value, ValueMap } from "../../src/core/mod.ts";
import { InputParser } from "../../std/tty/input.ts";
import { ScriptedTerminal } from "../app/scripted_terminal.ts";
import { startApplication } from "../application.ts";

const KEY = { type: "key", action: "press", alt: false, ctrl: false, shift: false };

function parsed(...pieces: string[]): unknown[] {
  const parser = new InputParser();
  return pieces.flatMap((piece) => parser.parse(new TextEncoder().encode(piece)));
}

function keys(...pieces: string[]): string[] {
  return (parsed(...pieces) as ValueMap[]).map((event) =>
    [...["ctrl", "alt", "shift"].filter((name) => event[name] === true), event["key"]].join("+")
  );
}

test("printable characters are runes, others have names [tty.event]", () => {
  assert.deepEqual(parsed("a"), [{ ...KEY, key: "a", key_type: "runes" }]);
  assert.deepEqual(parsed("ü日"), [{ ...KEY, key: "ü", key_type: "runes" }, {
    ...KEY,
    key: "日",
    key_type: "runes",
  }]);
  assert.deepEqual(parsed("\r"), [{ ...KEY, key: "enter", key_type: "enter" }]);
  assert.deepEqual(parsed(" "), [{ ...KEY, key: " ", key_type: "space" }]);
  assert.deepEqual(parsed("\x03"), [{ ...KEY, key: "c", key_type: "runes", ctrl: true }]);
  assert.deepEqual(keys("\t\x7f\x1b"), ["tab", "backspace", "esc"]);
  assert.deepEqual(keys("\x1b"), ["esc"]);
  assert.deepEqual(keys("\x00"), ["ctrl+ "]);
});

test("sequences are keys with modifiers, whole or in pieces [tty.event]", () => {
  assert.deepEqual(keys("\x1b[A\x1b[1;5C\x1b[1;2D\x1bOP\x1b[15~\x1b[3;3~\x1b[Z\x1b[H\x1b[4~"), [
    "up",
    "ctrl+right",
    "shift+left",
    "f1",
    "f5",
    "alt+delete",
    "shift+tab",
    "home",
    "end",
  ]);
  assert.deepEqual(keys("\x1bx\x1b\r"), ["alt+x", "alt+enter"]);
  assert.deepEqual(keys("\x1b[1;", "5A", "b"), ["ctrl+up", "b"]);
  assert.deepEqual(
    parsed("\x1b[999zq"),
    [{ ...KEY, key: "q", key_type: "runes" }],
    "unknown ones are passed over",
  );
  const bytes = new TextEncoder().encode("é");
  const parser = new InputParser();
  assert.deepEqual(parser.parse(bytes.subarray(0, 1)), []);
  assert.equal((parser.parse(bytes.subarray(1)) as ValueMap[])[0]!["key"], "é");
});

test("mouse, focus and paste are events of their own [tty.event]", () => {
  const mouse = { type: "mouse", alt: false, ctrl: false, shift: false };
  assert.deepEqual(parsed("\x1b[<0;11;6M\x1b[<2;1;1m\x1b[<35;2;2M\x1b[<64;1;1M\x1b[<20;1;1M"), [
    { ...mouse, action: "press", button: "left", x: 10, y: 5 },
    { ...mouse, action: "release", button: "right", x: 0, y: 0 },
    { ...mouse, action: "motion", button: "none", x: 1, y: 1 },
    { ...mouse, action: "wheel", button: "wheelup", x: 0, y: 0 },
    { ...mouse, action: "press", button: "left", x: 0, y: 0, ctrl: true, shift: true },
  ]);
  assert.deepEqual(parsed("\x1b[I\x1b[O"), [{ type: "focus", focused: true }, {
    type: "focus",
    focused: false,
  }]);
  assert.deepEqual(parsed("\x1b[200~two\nlines\x1b[A", "\x1b[20", "1~x"), [
    { type: "paste", text: "two\nlines\x1b[A" },
    { ...KEY, key: "x", key_type: "runes" },
  ]);
});

test("no input stops a parser, and none makes it grow [tty.event]", () => {
  let seed = 1;
  const next = (bound: number): number => (seed = (seed * 48_271) % 2_147_483_647) % bound;
  const pieces = ["\x1b", "[", "<", "O", "200~", "201~", ";", "1", "M", "m", "a", "\x00", "ü", "\x1b["];
  const parser = new InputParser();
  let events = 0;
  for (let i = 0; i < 20_000; i++) {
    events += parser.parse(new TextEncoder().encode(pieces[next(pieces.length)]!)).length;
  }
  assert.ok(events > 1000);
  const pasting = new InputParser();
  pasting.parse(new TextEncoder().encode("\x1b[200~"));
  const parts = Array.from({ length: 30 }, () => pasting.parse(new Uint8Array(100_000).fill(65))).flat();
  assert.ok(parts.length > 0, "a paste without end comes in parts");
});

/** Calls `reached` once when the program has written `text`. */
function whenWritten(terminal: ScriptedTerminal, text: string, reached: () => void): void {
  const write = terminal.write.bind(terminal);
  terminal.write = (data) => {
    write(data);
    if (!terminal.text.includes(text)) return;
    terminal.write = write;
    reached();
  };
}

/** Runs a command on a scripted terminal; what it returned with `done` comes back. */
async function run(source: string, terminal: ScriptedTerminal): Promise<Value> {
  const project = JSON.stringify({
    version: "1.0",
    namespace: "app",
    entries: [
      { name: "term", kind: "terminal.host", lifecycle: { auto_start: true } },
      { name: "store", kind: "store.memory" },
      {
        name: "cli",
        kind: "process.lua",
        method: "main",
        modules: ["io", "tty", "store", "json"],
        source: `return { main = function()
${source}
end }`,
      },
    ],
  });
  const { app, stop } = await startApplication(project);
  try {
    return await app.application.runTerminal({ process: "app:cli", args: [], terminal });
  } finally {
    await stop();
  }
}

const ON = "\x1b[?2004h\x1b[?1004h";
const OFF = "\x1b[?1004l\x1b[?2004l";

test("start enters raw mode and events come, stop gives the terminal back [tty.input]", async () => {
  const released = Promise.withResolvers<void>();
  const terminal = new ScriptedTerminal({
    size: { width: 120, height: 40 },
    input: ["a\x1b[A", released.promise, "rest of the line\n"],
  });
  whenWritten(terminal, "READY", released.resolve);
  const code = await run(
    `
local w, h, err = tty.screen_size()
assert(w == 120 and h == 40 and err == nil)
assert(tty.start() == true and tty.start() == true)
local events = tty.events()
local first = events:receive()
assert(first.type == "start" and first.width == 120 and first.height == 40)
assert(events:receive().key == "a" and events:receive().key == "up")
assert(tty.mouse(true) == true)
assert(tty.stop() == true and tty.stop() == true)
local _, ok = events:receive()
assert(ok == false, "closed with the terminal")
io.write("READY")
assert(io.readline() == "rest of the line", "what came after the stop is the next reader's")
return 0`,
    terminal,
  );
  assert.equal(code, 0);
  assert.deepEqual(terminal.modes.filter((mode) => mode !== "flush"), ["raw", "cooked"]);
  assert.equal(terminal.text, `${ON}\x1b[?1003h\x1b[?1006h\x1b[?1006l\x1b[?1003l${OFF}READY`);
});

test("a change of size is an event; the end of input closes the channel [tty.event] [tty.input]", async () => {
  const resized = Promise.withResolvers<void>();
  const terminal = new ScriptedTerminal({ size: { width: 80, height: 24 }, input: [resized.promise, "z"] });
  whenWritten(terminal, "GO", () => {
    terminal.resize(100, 30);
    resized.resolve();
  });
  assert.equal(
    await run(
      `
local events = tty.events()
tty.start()
assert(events:receive().type == "start", "also for who was there before")
io.write("GO")
local event = events:receive()
assert(event.type == "resize" and event.width == 100 and event.height == 30)
assert(events:receive().key == "z")
local _, ok = events:receive()
assert(ok == false)
return 0`,
      terminal,
    ),
    0,
  );
  assert.deepEqual(terminal.modes.filter((mode) => mode !== "flush"), ["raw", "cooked"]);
});

test("a process that fails leaves no raw terminal behind [tty.input]", async () => {
  const terminal = new ScriptedTerminal({ input: [new Promise<void>(() => {})] });
  await run(`tty.start() tty.mouse(true) error("gone")`, terminal).catch(() => undefined);
  assert.deepEqual(terminal.modes.filter((mode) => mode !== "flush"), ["raw", "cooked"]);
  assert.ok(terminal.text.endsWith(`\x1b[?1006l\x1b[?1003l${OFF}`));
});

test("an output without screen has no size and no colours [tty.input] [tty.style.text]", async () => {
  const terminal = new ScriptedTerminal();
  const code = await run(
    `
local w, h, err = tty.screen_size()
assert(w == nil and h == nil and err:kind() == errors.INTERNAL)
io.write(tty.style():bold():foreground("red"):width(3):render("x"))
return 0`,
    terminal,
  );
  assert.equal(code, 0);
  assert.equal(terminal.text, "x  ");
  const coloured = new ScriptedTerminal({ coloured: true });
  await run(`io.write(tty.style():bold():render("x"))`, coloured);
  assert.equal(coloured.text, "\x1b[1mx\x1b[0m");
});
