--- Terminal programs: keys and mouse as events, styled text, layout.
---
--- Input belongs to processes on a terminal host; styles and layout work everywhere.
---
--- ```lua
--- local tty = require("tty")
---
--- local title = tty.style():bold():foreground("#FF00AA")
--- local box = tty.style():border(tty.borders.ROUNDED):padding(0, 1)
--- print(box:render(title:render("Orders"), "17 open"))
--- assert(tty.text.width(title:render("Orders")) == 6)
--- ```

tty.borders: {NORMAL: string, ROUNDED: string, THICK: string, DOUBLE: string, HIDDEN: string}
tty.align: {LEFT: number, CENTER: number, RIGHT: number}
tty.text.position: {TOP: number, LEFT: number, CENTER: number, BOTTOM: number, RIGHT: number}

--- What happened at the terminal; `type` says which fields there are: "key", "mouse", "resize", "start", "focus" or "paste".
type tty.Event = {
  type: string,
  key: string?,
  key_type: string?,
  action: string?,
  alt: boolean?,
  ctrl: boolean?,
  shift: boolean?,
  button: string?,
  x: integer?,
  y: integer?,
  width: integer?,
  height: integer?,
  focused: boolean?,
  text: string?
}

--- How a binding is told to people.
type tty.Help = {key: string?, desc: string?}

--- Keys that mean the same.
type tty.KeyBinding = {
  matches: (self: tty.KeyBinding, event: tty.Event) -> boolean,
  set_enabled: (self: tty.KeyBinding, enabled: boolean) -> tty.KeyBinding,
  is_enabled: (self: tty.KeyBinding) -> boolean,
  help: (self: tty.KeyBinding) -> tty.Help
}

--- How text looks. Every method but `render` gives a new style. Colours are `#RRGGBB`, `#RGB`, an ANSI number or a name;
--- padding and margin take one to four numbers, as in CSS.
type tty.Style = {
  foreground: (self: tty.Style, colour: string) -> tty.Style,
  background: (self: tty.Style, colour: string) -> tty.Style,
  bold: (self: tty.Style, on: boolean?) -> tty.Style,
  italic: (self: tty.Style, on: boolean?) -> tty.Style,
  underline: (self: tty.Style, on: boolean?) -> tty.Style,
  strikethrough: (self: tty.Style, on: boolean?) -> tty.Style,
  faint: (self: tty.Style, on: boolean?) -> tty.Style,
  blink: (self: tty.Style, on: boolean?) -> tty.Style,
  reverse: (self: tty.Style, on: boolean?) -> tty.Style,
  width: (self: tty.Style, cells: integer) -> tty.Style,
  height: (self: tty.Style, lines: integer) -> tty.Style,
  max_width: (self: tty.Style, cells: integer) -> tty.Style,
  max_height: (self: tty.Style, lines: integer) -> tty.Style,
  padding: (self: tty.Style, ...integer) -> tty.Style,
  margin: (self: tty.Style, ...integer) -> tty.Style,
  align: (self: tty.Style, position: number) -> tty.Style,
  align_vertical: (self: tty.Style, position: number) -> tty.Style,
  inline: (self: tty.Style, on: boolean?) -> tty.Style,
  border: (self: tty.Style, name: string, ...boolean) -> tty.Style,
  border_foreground: (self: tty.Style, ...string) -> tty.Style,
  border_background: (self: tty.Style, ...string) -> tty.Style,
  copy: (self: tty.Style) -> tty.Style,
  render: (self: tty.Style, ...any) -> string
}

--- Switches the terminal to raw mode and starts events.
function tty.start(): (boolean?, error?)
--- Restores the terminal; the channels of events are closed.
function tty.stop(): (boolean?, error?)
--- A channel of events.
function tty.events(): (any, error?)
--- Width and height in cells.
function tty.screen_size(): (integer?, integer?, error?)
--- Turns mouse events on or off.
function tty.mouse(enable: boolean): (boolean?, error?)
--- A binding of keys such as "a", "ctrl+c" or "enter".
function tty.bind(config: {keys: {string}, help: tty.Help?}): tty.KeyBinding
--- An empty style.
function tty.style(): tty.Style
--- Cells of the widest line, without escape sequences.
function tty.text.width(text: string): integer
--- Number of lines.
function tty.text.height(text: string): integer
--- Width and height.
function tty.text.size(text: string): (integer, integer)
--- Texts side by side, aligned from 0 (top) to 1 (bottom).
function tty.text.join_horizontal(position: number, ...: string): string
--- Texts on top of each other, aligned from 0 (left) to 1 (right).
function tty.text.join_vertical(position: number, ...: string): string
--- Width of the widest text.
function tty.text.max_width(texts: {string}): integer
--- Height of the tallest text.
function tty.text.max_height(texts: {string}): integer
--- A text in a box of that many cells and lines.
function tty.text.place(width: integer, height: integer, horizontal: number, vertical: number, text: string): string
--- A text in a box of that width.
function tty.text.place_horizontal(width: integer, position: number, text: string): string
--- A text in a box of that height.
function tty.text.place_vertical(height: integer, position: number, text: string): string
