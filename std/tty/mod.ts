/** The `tty` module: terminal programs. */
import { Failure } from "../../src/core/mod.ts";
import {
  type Call,
  defineModule,
  defineObject,
  type ModuleFunction,
  type ObjectDefinition,
} from "../../src/lua/mod.ts";
import { attachment, type Terminal, TerminalAttachment } from "../../src/ports/mod.ts";
import { LuaFloat, type LuaValue, Values } from "../../src/vm/mod.ts";
import { bindingObject, readBinding } from "./binding.ts";
import { colourCode } from "./colour.ts";
import {
  heightOf,
  joinHorizontally,
  joinVertically,
  placeHorizontally,
  placeVertically,
  widthOf,
} from "./layout.ts";
import { screenOf } from "./screen.ts";
import { BORDER_NAMES, borderName, render, sidesOf, type StyleRules } from "./style.ts";
import types from "./tty.d.lua" with { type: "text" };

/** Most cells or lines that anything may have; a larger box is a mistake. */
const CELLS_MAX = 10_000;
/** Events that may wait for their receiver. */
const EVENTS_CAPACITY = 256;

function invalid(message: string): Failure {
  return new Failure("Invalid", message, { retryable: false });
}

function terminalOf(call: Call): Terminal {
  const terminal = attachment(call.process.frame, TerminalAttachment);
  if (terminal === undefined) throw new Failure("Unavailable", "no terminal context", { retryable: false });
  return terminal;
}

const start: ModuleFunction = (call) => {
  const screen = screenOf(terminalOf(call));
  screen.start();
  call.process.onEnd(() => screen.stop());
  return true;
};

const events: ModuleFunction = (call) => {
  const screen = screenOf(terminalOf(call));
  const fed = call.openChannel(EVENTS_CAPACITY);
  screen.subscribe(fed);
  call.process.onEnd(() => screen.forget(fed));
  return fed.channel;
};

const screenSize: ModuleFunction = (call) => {
  const size = terminalOf(call).size();
  if (size !== undefined) return new Values([size.width, size.height]);
  const failure = new Failure("Internal", "the output is no terminal: its size is unknown", {
    retryable: false,
  });
  return new Values([null, null, call.error(failure)]);
};

/** A count of cells or lines. */
function cells(call: Call, i: number): number {
  const count = call.number(i);
  if (!(count >= 0 && count <= CELLS_MAX)) throw invalid(`${count} is no size: 0 to ${CELLS_MAX}`);
  return Math.trunc(count);
}

/** The texts from argument `i` on. */
function texts(call: Call, i: number): string[] {
  return Array.from({ length: Math.max(0, call.count - i + 1) }, (_, k) => call.string(i + k));
}

/** The texts of a list. */
function textList(call: Call): string[] {
  const list = call.value(1);
  if (!Array.isArray(list)) throw invalid("a list of texts is required");
  return list.map(String);
}

/** A method that sets one rule and gives a new style. */
function setting<K extends keyof StyleRules>(name: K, read: (call: Call) => StyleRules[K]): ModuleFunction {
  return (call) => call.create(styleObject, { ...call.self(styleObject), [name]: read(call) });
}

function isOn(call: Call): boolean {
  return call.count < 2 || call.type(2) === "nil" || call.truthy(2);
}

function colour(call: Call, i: number): string {
  const written = call.string(i);
  colourCode(written, "foreground");
  return written;
}

function colours(call: Call): StyleRules["border_foreground"] {
  const sides = sidesOf(Array.from({ length: call.count - 1 }, (_, i) => colour(call, i + 2)));
  if (sides === undefined) throw invalid("one to four colours are required");
  return sides;
}

function distances(call: Call): StyleRules["padding"] {
  const sides = sidesOf(Array.from({ length: call.count - 1 }, (_, i) => cells(call, i + 2)));
  if (sides === undefined) throw invalid("one to four numbers are required");
  return sides;
}

const border: ModuleFunction = (call) => {
  const rules = call.self(styleObject);
  const name = borderName(call.string(2));
  const written = Array.from({ length: call.count - 2 }, (_, i) => call.truthy(i + 3));
  return call.create(styleObject, {
    ...rules,
    border: name,
    borderSides: written.length === 0 ? undefined : sidesOf(written),
  });
};

/** Whether a terminal shows colours; outside of one everything is written. */
function isColoured(call: Call): boolean {
  return attachment(call.process.frame, TerminalAttachment)?.coloured ?? true;
}

const position = (call: Call): number => call.number(2);
const size = (call: Call): number => cells(call, 2);

const styleObject: ObjectDefinition<StyleRules> = defineObject<StyleRules>({
  name: "tty.Style",
  tostring: () => "tty.Style{}",
  methods: {
    foreground: setting("foreground", (call) => colour(call, 2)),
    background: setting("background", (call) => colour(call, 2)),
    bold: setting("bold", isOn),
    italic: setting("italic", isOn),
    underline: setting("underline", isOn),
    strikethrough: setting("strikethrough", isOn),
    faint: setting("faint", isOn),
    blink: setting("blink", isOn),
    reverse: setting("reverse", isOn),
    inline: setting("inline", isOn),
    width: setting("width", size),
    height: setting("height", size),
    max_width: setting("max_width", size),
    max_height: setting("max_height", size),
    padding: setting("padding", distances),
    margin: setting("margin", distances),
    align: setting("align", position),
    align_vertical: setting("align_vertical", position),
    border,
    border_foreground: setting("border_foreground", colours),
    border_background: setting("border_background", colours),
    copy: (call) => call.create(styleObject, { ...call.self(styleObject) }),
    render: (call) => render(call.self(styleObject), texts(call, 2).join(" "), isColoured(call)),
  },
});

/** A number that stays a float in Lua. */
const float = (value: number): LuaValue => new LuaFloat(value);

export default defineModule({
  name: "tty",
  types,
  classes: ["io", "nondeterministic"],
  constants: {
    borders: BORDER_NAMES,
    align: { LEFT: 0, CENTER: float(0.5), RIGHT: 1 },
    text: { position: { TOP: 0, LEFT: 0, CENTER: float(0.5), BOTTOM: 1, RIGHT: 1 } },
  },
  functions: {
    start,
    events,
    stop: (call) => {
      screenOf(terminalOf(call)).stop();
      return true;
    },
    screen_size: screenSize,
    mouse: (call) => {
      screenOf(terminalOf(call)).setMouse(call.truthy(1));
      return true;
    },
    bind: (call) => call.create(bindingObject, readBinding(call.value(1))),
    style: (call) => call.create(styleObject, {}),
    "text.width": (call) => widthOf(call.string(1)),
    "text.height": (call) => heightOf(call.string(1)),
    "text.size": (call) => new Values([widthOf(call.string(1)), heightOf(call.string(1))]),
    "text.join_horizontal": (call) => joinHorizontally(call.number(1), texts(call, 2)),
    "text.join_vertical": (call) => joinVertically(call.number(1), texts(call, 2)),
    "text.max_width": (call) => textList(call).reduce((most, text) => Math.max(most, widthOf(text)), 0),
    "text.max_height": (call) => textList(call).reduce((most, text) => Math.max(most, heightOf(text)), 0),
    "text.place": (call) =>
      placeVertically(
        cells(call, 2),
        call.number(4),
        placeHorizontally(cells(call, 1), call.number(3), call.string(5)),
      ),
    "text.place_horizontal": (call) => placeHorizontally(cells(call, 1), call.number(2), call.string(3)),
    "text.place_vertical": (call) => placeVertically(cells(call, 1), call.number(2), call.string(3)),
  },
  objects: [styleObject as never, bindingObject as never],
});
