/**
 * What a terminal sends, as events (xterm's sequences: CSI and SS3 keys with modifiers, SGR mouse, focus, bracketed paste).
 *
 * I1. Any input ends in events or is passed over; what is cut off waits for its rest, but a lone escape is a key.
 */
import type { LuaValue } from "../../src/vm/mod.ts";

/** An event as Lua sees it. */
export type InputEvent = { [field: string]: LuaValue };

/** Text of a paste that waits for its end is kept up to here; then it is given in parts. */
const PASTE_LENGTH_MAX = 1024 * 1024;
const ESC = "\x1b";
const PASTE_START = `${ESC}[200~`;
const PASTE_END = `${ESC}[201~`;
// deno-lint-ignore no-control-regex
const CSI = /^\x1b\[([<=>?]?)([\d;:]*)([ -/]*)([@-~])/;
// deno-lint-ignore no-control-regex
const CSI_BEGUN = /^\x1b\[[<=>?]?[\d;:]*[ -/]*$/;

const LETTER_KEYS: Record<string, string> = {
  A: "up",
  B: "down",
  C: "right",
  D: "left",
  E: "begin",
  F: "end",
  H: "home",
  P: "f1",
  Q: "f2",
  R: "f3",
  S: "f4",
  M: "enter",
};

const NUMBER_KEYS: Record<number, string> = {
  1: "home",
  2: "insert",
  3: "delete",
  4: "end",
  5: "pgup",
  6: "pgdown",
  7: "home",
  8: "end",
  ...Object.fromEntries([11, 12, 13, 14, 15, 17, 18, 19, 20, 21, 23, 24].map((n, i) => [n, `f${i + 1}`])),
};

const CONTROL_KEYS: Record<string, string> = {
  "\t": "tab",
  "\r": "enter",
  "\n": "enter",
  "\x7f": "backspace",
  "\b": "backspace",
  [ESC]: "esc",
};

const BUTTONS = ["left", "middle", "right", "none"];
const WHEELS = ["wheelup", "wheeldown", "wheelleft", "wheelright"];
const EXTRA_BUTTONS = ["backward", "forward", "button10", "button11"];

interface Modifiers {
  readonly shift?: boolean;
  readonly alt?: boolean;
  readonly ctrl?: boolean;
}

function keyEvent(key: string, keyType: string, modifiers: Modifiers = {}): InputEvent {
  const { alt = false, ctrl = false, shift = false } = modifiers;
  return { type: "key", key, key_type: keyType, action: "press", alt, ctrl, shift };
}

function namedKey(name: string, modifiers?: Modifiers): InputEvent {
  return keyEvent(name, name, modifiers);
}

/** Modifiers as xterm numbers them: one more than the sum of their bits. */
function modifiersOf(parameter: string | undefined): Modifiers {
  const bits = Math.max(0, Number((parameter ?? "1").split(":")[0] || "1") - 1);
  return { shift: (bits & 1) !== 0, alt: (bits & 2) !== 0, ctrl: (bits & 4) !== 0 };
}

/** Turns a terminal's input into events, piece by piece. */
export class InputParser {
  readonly #decoder = new TextDecoder();
  #rest = "";
  #pasted: string | undefined;

  /** The events that end in this piece. */
  parse(data: Uint8Array): InputEvent[] {
    const events: InputEvent[] = [];
    let text = this.#rest + this.#decoder.decode(data, { stream: true });
    this.#rest = "";
    while (text !== "") {
      const length = this.#pasted === undefined ? this.#one(text, events) : this.#paste(text, events);
      if (length === 0) {
        this.#rest = text;
        break;
      }
      text = text.slice(length);
    }
    return events;
  }

  /** Takes pasted text; the length taken, 0 when the rest has to come first. */
  #paste(text: string, events: InputEvent[]): number {
    const end = text.indexOf(PASTE_END);
    if (end >= 0) {
      events.push({ type: "paste", text: this.#pasted! + text.slice(0, end) });
      this.#pasted = undefined;
      return end + PASTE_END.length;
    }
    // The end may be cut off.
    const length = Math.max(0, text.length - PASTE_END.length + 1);
    this.#pasted += text.slice(0, length);
    if (this.#pasted!.length > PASTE_LENGTH_MAX) {
      events.push({ type: "paste", text: this.#pasted! });
      this.#pasted = "";
    }
    return length;
  }

  /** Takes one event; the length taken, 0 when the rest has to come first. */
  #one(text: string, events: InputEvent[]): number {
    if (text.startsWith(PASTE_START)) {
      this.#pasted = "";
      return PASTE_START.length;
    }
    if (text.startsWith(`${ESC}[`) && text.length > 2) {
      const match = CSI.exec(text);
      if (match === null) return CSI_BEGUN.test(text) ? 0 : this.#key(text, events);
      const event = controlSequence(match[1]!, match[2]!.split(";"), match[4]!);
      if (event !== undefined) events.push(event);
      return match[0].length;
    }
    if (text.startsWith(`${ESC}O`) && text.length > 2) {
      const name = LETTER_KEYS[text[2]!];
      if (name !== undefined) events.push(namedKey(name));
      return 3;
    }
    return this.#key(text, events);
  }

  #key(text: string, events: InputEvent[]): number {
    if (text.startsWith(ESC) && text.length > 1) {
      const character = String.fromCodePoint(text.codePointAt(1)!);
      events.push(characterKey(character, { alt: true }));
      return 1 + character.length;
    }
    const character = String.fromCodePoint(text.codePointAt(0)!);
    events.push(characterKey(character, {}));
    return character.length;
  }
}

function characterKey(character: string, modifiers: Modifiers): InputEvent {
  const name = CONTROL_KEYS[character];
  if (name !== undefined) return namedKey(name, modifiers);
  if (character === " ") return keyEvent(" ", "space", modifiers);
  const code = character.charCodeAt(0);
  if (code === 0) return keyEvent(" ", "space", { ...modifiers, ctrl: true });
  // Control characters are letters, or signs, with their upper bits taken away.
  if (code < 0x20) {
    return keyEvent(String.fromCharCode(code + 0x40).toLowerCase(), "runes", { ...modifiers, ctrl: true });
  }
  return keyEvent(character, "runes", modifiers);
}

function controlSequence(prefix: string, parameters: string[], final: string): InputEvent | undefined {
  if (prefix === "<") return mouseEvent(parameters.map(Number), final === "m");
  if (prefix !== "") return undefined;
  if (final === "I" || final === "O") return { type: "focus", focused: final === "I" };
  if (final === "Z") return namedKey("tab", { shift: true });
  const name = final === "~" ? NUMBER_KEYS[Number(parameters[0])] : LETTER_KEYS[final];
  return name === undefined ? undefined : namedKey(name, modifiersOf(parameters[1]));
}

/** A mouse event; positions count from 0. */
function mouseEvent([code = 0, column = 1, row = 1]: number[], isRelease: boolean): InputEvent {
  const isMotion = (code & 32) !== 0;
  const isWheel = (code & 64) !== 0;
  const index = code & 3;
  const button = isWheel ? WHEELS[index]! : (code & 128) !== 0 ? EXTRA_BUTTONS[index]! : BUTTONS[index]!;
  return {
    type: "mouse",
    action: isWheel ? "wheel" : isMotion ? "motion" : isRelease ? "release" : "press",
    button,
    x: column - 1,
    y: row - 1,
    shift: (code & 4) !== 0,
    alt: (code & 8) !== 0,
    ctrl: (code & 16) !== 0,
  };
}
