/** Options of calls to a hub, checked before anything is asked. */
import { Failure, HUB_URL, hubAddress, parseDurationNs } from "../../src/core/mod.ts";
import { type Call, optionsArgument } from "../../src/lua/mod.ts";
import { LuaFloat, type LuaValue } from "../../src/vm/mod.ts";

type Check = (value: LuaValue) => boolean;

const isText: Check = (value) => typeof value === "string" && value !== "";
const isFlag: Check = (value) => typeof value === "boolean";
const isCount: Check = (value) => typeof value === "number" && Number.isInteger(value) && value >= 1;

function oneOf(...words: string[]): [Check, string] {
  return [(value) => typeof value === "string" && words.includes(value), words.join(", ")];
}

function isTimeout(value: LuaValue): boolean {
  if (typeof value === "string") {
    const ns = parseDurationNs(value);
    return ns !== undefined && ns > 0n;
  }
  const seconds = value instanceof LuaFloat ? value.value : value;
  return typeof seconds === "number" && seconds > 0 && seconds !== Infinity;
}

function isVersion(value: LuaValue): boolean {
  if (isText(value)) return true;
  if (typeof value !== "object" || value === null) return false;
  const { id, label, version } = value as { [key: string]: LuaValue };
  return [id, label, version].some(isText);
}

/** Every option there is: what fits, and how that is said. */
const OPTIONS: Readonly<Record<string, readonly [fits: Check, expected: string]>> = {
  registry: [isText, "a URL"],
  token: [isText, "a string"],
  timeout: [isTimeout, 'seconds or a duration such as "30s"'],
  page: [isCount, "an integer from 1 on"],
  page_size: [isCount, "an integer from 1 on"],
  organization_id: [isText, "a string"],
  org: [isText, "a string"],
  visibility: oneOf("public", "private", "internal"),
  type: oneOf("library", "application", "agent", "plugin"),
  sort_order: oneOf("name_asc", "name_desc", "created_desc", "updated_desc", "downloads_desc"),
  keywords: [(value) => Array.isArray(value) && value.every(isText), "a list of strings"],
  license: [isText, "a string"],
  include_deprecated: [isFlag, "a boolean"],
  include_yanked: [isFlag, "a boolean"],
  version: [isVersion, "a string, or a table with id, version or label"],
};

/** The address of the hub that a call is for: that of its options (argument `i`), else of the environment, else the public one. */
export function hubOf(call: Call, i: number): string {
  const options = optionsArgument(call, i);
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(OPTIONS, name)) continue;
    const [fits, expected] = OPTIONS[name]!;
    if (!fits(value)) {
      throw new Failure("Invalid", `invalid option ${name}: ${expected}`, { retryable: false });
    }
  }
  return addressOf(call, options["registry"] as string | undefined);
}

/** The address `given`, or the one that holds where none is. */
export function addressOf(call: Call, given: string | undefined): string {
  return hubAddress(given ?? (call.services.ports.osVariable("WIPPY_REGISTRY") || HUB_URL));
}
