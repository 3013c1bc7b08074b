/**
 * The `Differ` object: differences between texts, and patches, by diff-match-patch.
 *
 * D1. Texts that are no UTF-8 are compared byte by byte, so that nothing of them is lost (`text_form.ts`).
 * D2. A comparison ends after `diff_timeout`; what it found by then is right, though not the shortest.
 */
import type { diff_match_patch as DiffMatchPatch } from "@dmsnell/diff-match-patch";
import { DIFF_TIME_MS_MAX } from "../../src/core/mod.ts";
import {
  type Call,
  defineObject,
  type ModuleCommand,
  type ObjectDefinition,
  type Options,
  optionsArgument,
} from "../../src/lua/mod.ts";
import { ArgumentError, type LuaValue, Values } from "../../src/vm/mod.ts";
import { internal, numberOption } from "./arguments.ts";
import { formOf, type TextForm } from "./text_form.ts";

type Library = typeof import("@dmsnell/diff-match-patch");
type Engine = DiffMatchPatch;
type Step = [number, string];
type Operation = "equal" | "delete" | "insert";

const CODES: Readonly<Record<Operation, number>> = { delete: -1, equal: 0, insert: 1 };
const NAMES: Readonly<Record<string, Operation>> = { "-1": "delete", "0": "equal", "1": "insert" };

function createEngine(library: Library, options: Options): Engine {
  const engine = new library.diff_match_patch();
  const unlimited = Number.MAX_SAFE_INTEGER;
  const seconds = numberOption(options, "diff_timeout", { fallback: 1, min: 0, max: unlimited });
  const most = DIFF_TIME_MS_MAX / 1000;
  engine.Diff_Timeout = seconds === 0 ? most : Math.min(seconds, most);
  const whole = true;
  engine.Diff_EditCost = numberOption(options, "diff_edit_cost", {
    fallback: 4,
    min: 0,
    max: unlimited,
    whole,
  });
  engine.Match_Threshold = numberOption(options, "match_threshold", { fallback: 0.5, min: 0, max: 1 });
  engine.Match_Distance = numberOption(options, "match_distance", {
    fallback: 1000,
    min: 0,
    max: unlimited,
    whole,
  });
  engine.Patch_DeleteThreshold = numberOption(options, "patch_delete_threshold", {
    fallback: 0.5,
    min: 0,
    max: 1,
  });
  // The engine matches at most 32 characters at once: a pattern and its margins must leave room.
  engine.Patch_Margin = numberOption(options, "patch_margin", { fallback: 4, min: 0, max: 15, whole });
  return engine;
}

/** `text.diff.new`. */
export const newDiffer: ModuleCommand = (call) => {
  const options = optionsArgument(call, 1);
  return import("@dmsnell/diff-match-patch").then((library) =>
    call.create(differObject, createEngine(library, options))
  );
};

function stepsBetween(engine: Engine, before: string, after: string): Step[] {
  const steps = engine.diff_main(before, after, true);
  if (steps.length > 2) {
    engine.diff_cleanupSemantic(steps);
    engine.diff_cleanupEfficiency(steps);
  }
  return steps as Step[];
}

function stepsTable(steps: readonly Step[], form: TextForm): LuaValue[] {
  return steps.map((step) => ({ operation: NAMES[step[0]]!, text: form.encode(step[1]) }));
}

function compare(call: Call): LuaValue {
  const engine = call.self(differObject);
  const texts = [call.bytes(2), call.bytes(3)];
  const form = formOf(texts);
  const [before, after] = texts.map(form.decode) as [string, string];
  return stepsTable(stepsBetween(engine, before, after), form);
}

type Row = { readonly [key: string]: LuaValue };

/** A list of tables, as Lua hands it over. */
function rowsOf(value: LuaValue, what: string): Row[] {
  if (!Array.isArray(value)) throw internal(`${what} must be a list`);
  return value.map((row, i) => {
    const isRow = typeof row === "object" && row !== null && Object.getPrototypeOf(row) === Object.prototype;
    if (!isRow) throw internal(`${what}[${i + 1}] must be a table`);
    return row as Row;
  });
}

/** A difference as a script keeps it. */
interface KeptStep {
  readonly operation: Operation;
  readonly text: string | Uint8Array;
}

function keptSteps(value: LuaValue, what: string): KeptStep[] {
  return rowsOf(value, what).map(({ operation, text }, i) => {
    if (typeof operation !== "string" || !Object.hasOwn(CODES, operation)) {
      throw internal(`${what}[${i + 1}].operation must be equal, delete or insert`);
    }
    if (typeof text !== "string" && !(text instanceof Uint8Array)) {
      throw internal(`${what}[${i + 1}].text must be a string`);
    }
    return { operation: operation as Operation, text };
  });
}

function stepsArgument(call: Call): KeptStep[] {
  if (call.count < 2 || call.type(2) !== "table") throw new ArgumentError(2, "table", call.type(2));
  return keptSteps(call.value(2), "diffs");
}

function formOfKept(steps: readonly KeptStep[]): TextForm {
  return formOf(steps.map((step) => step.text));
}

function summarize(call: Call): LuaValue {
  const counts = { insert: 0, delete: 0, equal: 0 };
  const steps = stepsArgument(call);
  const form = formOfKept(steps);
  for (const { operation, text } of steps) {
    for (const _ of form.decode(text)) counts[operation]++;
  }
  return { insertions: counts.insert, deletions: counts.delete, equals: counts.equal };
}

/** The texts of the differences, each as `show` wants it. */
function shown(call: Call, show: (operation: Operation, text: string) => string): LuaValue {
  const steps = stepsArgument(call);
  const form = formOfKept(steps);
  return form.encode(
    steps.map(({ operation, text }) => show(operation, form.decode(text))).join(""),
  );
}

const COLOURS: Readonly<Record<Operation, string>> = { equal: "", delete: "\x1b[31m", insert: "\x1b[32m" };
const TAGS: Readonly<Record<Operation, string>> = { equal: "", delete: "del", insert: "ins" };

function coloured(operation: Operation, text: string): string {
  return operation === "equal" ? text : `${COLOURS[operation]}${text}\x1b[0m`;
}

function tagged(operation: Operation, text: string): string {
  const safe = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  return operation === "equal" ? safe : `<${TAGS[operation]}>${safe}</${TAGS[operation]}>`;
}

function makePatches(call: Call): LuaValue {
  const engine = call.self(differObject);
  const texts = [call.bytes(2), call.bytes(3)];
  const form = formOf(texts);
  const [before, after] = texts.map(form.decode) as [string, string];
  return engine.patch_make(before, stepsBetween(engine, before, after)).map((patch) => ({
    start1: patch.start1,
    start2: patch.start2,
    length1: patch.length1,
    length2: patch.length2,
    diffs: stepsTable(patch.diffs as Step[], form),
  }));
}

function placeOf(row: Row, name: string, what: string): number {
  const value = row[name];
  if (typeof value === "number" && Number.isInteger(value) && value >= 0) return value;
  throw internal(`${what}.${name} must be an integer of at least 0`);
}

function applyPatches(call: Call): Values {
  const engine = call.self(differObject);
  if (call.count < 2 || call.type(2) !== "table") throw new ArgumentError(2, "table", call.type(2));
  const rows = rowsOf(call.value(2), "patches");
  const kept = rows.map((row, i) => keptSteps(row["diffs"], `patches[${i + 1}].diffs`));
  const bytes = call.bytes(3);
  const form = formOf([bytes, ...kept.flatMap((steps) => steps.map((step) => step.text))]);
  const patches = rows.map((row, i) => ({
    diffs: kept[i]!.map(({ operation, text }): Step => [CODES[operation], form.decode(text)]),
    start1: placeOf(row, "start1", `patches[${i + 1}]`),
    start2: placeOf(row, "start2", `patches[${i + 1}]`),
    length1: placeOf(row, "length1", `patches[${i + 1}]`),
    length2: placeOf(row, "length2", `patches[${i + 1}]`),
  }));
  const [text, applied] = engine.patch_apply(patches as never, form.decode(bytes));
  return new Values([form.encode(text), applied.every(Boolean)]);
}

/** Compares texts with the options it was made with. */
export const differObject: ObjectDefinition<Engine> = defineObject<Engine>({
  name: "text.Differ",
  methods: {
    compare,
    summarize,
    pretty_text: (call) => shown(call, coloured),
    pretty_html: (call) => shown(call, tagged),
    patch_make: makePatches,
    patch_apply: applyPatches,
  },
});
