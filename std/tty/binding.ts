/** Key bindings: sets of keys that mean the same. */
import { Failure } from "../../src/core/mod.ts";
import { type Call, defineObject, type ObjectDefinition } from "../../src/lua/mod.ts";
import type { LuaValue } from "../../src/vm/mod.ts";

/** A binding in the hands of a script. */
export interface Binding {
  readonly keys: ReadonlySet<string>;
  readonly help: { readonly key: string; readonly desc: string };
  isEnabled: boolean;
}

const MODIFIERS = ["ctrl", "alt", "shift"] as const;
/** Other words for keys. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ["space", " "],
  ["escape", "esc"],
  ["return", "enter"],
  ["del", "delete"],
  ["ins", "insert"],
]);

/** One form for a key with its modifiers. */
function canonical(key: string, isHeld: (modifier: string) => boolean): string {
  return [...MODIFIERS.filter(isHeld), key].join("+");
}

/** The key that a text such as "ctrl+c" means. */
function parseKey(text: string): string {
  const parts = text === "+"
    ? ["+"]
    : text.endsWith("++")
    ? [...text.slice(0, -2).split("+"), "+"]
    : text.split("+");
  const key = parts.at(-1)!;
  const held = parts.slice(0, -1).map((part) => part.trim().toLowerCase());
  const unknown = held.find((part) => !(MODIFIERS as readonly string[]).includes(part));
  if (key === "" || unknown !== undefined) {
    const message = `invalid key: ${text} (such as "a", "ctrl+c" or "enter")`;
    throw new Failure("Invalid", message, { retryable: false });
  }
  const name = [...key].length === 1 ? key : key.trim().toLowerCase();
  return canonical(ALIASES.get(name) ?? name, (modifier) => held.includes(modifier));
}

/** A binding from Lua's table `{keys, help}`. */
export function readBinding(config: LuaValue): Binding {
  const { help, keys } = (config ?? {}) as { keys?: LuaValue; help?: { key?: LuaValue; desc?: LuaValue } };
  if (!Array.isArray(keys) || keys.length === 0 || keys.some((key) => typeof key !== "string")) {
    throw new Failure("Invalid", "keys must be a list of key names", { retryable: false });
  }
  const text = (value: LuaValue): string => typeof value === "string" ? value : "";
  return {
    keys: new Set((keys as string[]).map(parseKey)),
    help: { key: text(help?.key), desc: text(help?.desc) },
    isEnabled: true,
  };
}

function matches(call: Call): boolean {
  const { isEnabled, keys } = call.self(bindingObject);
  if (!isEnabled || call.type(2) !== "table") return false;
  const event = call.value(2) as { [field: string]: LuaValue };
  if (event["type"] !== "key" || event["action"] === "release" || typeof event["key"] !== "string") {
    return false;
  }
  return keys.has(canonical(event["key"], (modifier) => event[modifier] === true));
}

/** The class of bindings. */
export const bindingObject: ObjectDefinition<Binding> = defineObject<Binding>({
  name: "tty.KeyBinding",
  methods: {
    matches,
    set_enabled: (call) => {
      call.self(bindingObject).isEnabled = call.truthy(2);
      return call.value(1);
    },
    is_enabled: (call) => call.self(bindingObject).isEnabled,
    help: (call) => ({ ...call.self(bindingObject).help }),
  },
});
