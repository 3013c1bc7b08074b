/** Grants in definition files that nobody uses. */
import { isMap, isSeq, type Node, type YAMLMap, type YAMLSeq } from "yaml";
import { parse, resolve } from "../lang/mod.ts";
import { AMBIENT_MODULES, usedGrants } from "../lua/mod.ts";
import type { DefinitionProblem } from "./definition_problems.ts";
import {
  type DefinitionText,
  nodeAt,
  placeOf,
  scalarText,
  type Stretch,
  type WrittenEntry,
} from "./definition_text.ts";
import { DiagnosticSeverity } from "./protocol.ts";
import type { Text } from "./text.ts";
import type { Workspace } from "./workspace.ts";

/** Modules and imports that sources are granted and never use. */
export function grantProblems(workspace: Workspace, definition: DefinitionText): DefinitionProblem[] {
  return definition.entries.flatMap((entry) => problemsOfEntry(workspace, definition.text, entry));
}

function problemsOfEntry(workspace: Workspace, text: Text, entry: WrittenEntry): DefinitionProblem[] {
  const problems: DefinitionProblem[] = [];
  const unit = workspace.unitOfEntry(entry.id);
  // A source that is not there may use anything.
  const isThere = unit !== undefined && (unit.path === undefined || workspace.text(unit.uri) !== undefined);
  const used = isThere ? usedIn(workspace.unitText(unit)) : undefined;
  if (used === undefined) return problems;
  const complain = (what: string, name: string, place: Stretch, removal: Stretch): void => {
    problems.push({
      start: place.start,
      end: place.end,
      message: `${what} '${name}' is granted and never used`,
      severity: DiagnosticSeverity.Hint,
      code: "S0003",
      removal: { ...removal, title: `Take ${name} out of its ${what}s` },
    });
  };
  const modules = nodeAt(entry, "modules");
  for (const [i, item] of (isSeq(modules) ? modules.items : []).entries()) {
    const name = scalarText(item);
    const isAmbient = (AMBIENT_MODULES as readonly string[]).includes(name ?? "");
    if (name === undefined || used.has(name) || isAmbient || !workspace.modules.has(name)) continue;
    const list = modules as YAMLSeq<Node>;
    complain("module", name, placeOf(list.items[i]!), itemRemoval(text, list, i));
  }
  const imports = nodeAt(entry, "imports");
  for (const pair of isMap(imports) ? imports.items : []) {
    const alias = scalarText(pair.key);
    if (alias === undefined || used.has(alias)) continue;
    const place = placeOf(pair.key as Node);
    const isAlone = (imports as YAMLMap).items.length === 1 || (imports as YAMLMap).flow === true;
    complain(
      "import",
      alias,
      place,
      isAlone ? { start: place.start, end: place.start } : lineOf(text, place.start),
    );
  }
  return problems;
}

const USED = new WeakMap<Text, ReadonlySet<string> | "unknown">();

/** What a source uses; undefined when it may use anything. */
function usedIn(text: Text): ReadonlySet<string> | undefined {
  let used = USED.get(text);
  if (used === undefined) {
    const parsed = parse(text.source);
    const names = usedGrants(parsed, resolve(parsed));
    USED.set(text, used = names === undefined ? "unknown" : new Set(names));
  }
  return used === "unknown" ? undefined : used;
}

/** What goes with an item of a list: its comma, or its line; the whole field with the only one. */
function itemRemoval(text: Text, list: YAMLSeq<Node>, index: number): Stretch {
  const { start, end } = placeOf(list.items[index]!);
  if (list.items.length === 1) {
    const whole = placeOf(list);
    const first = lineOf(text, text.source.lastIndexOf("modules", whole.start));
    return { start: first.start, end: lineOf(text, Math.max(whole.start, end - 1)).end };
  }
  if (!list.flow) return lineOf(text, start);
  if (index > 0) return { start: placeOf(list.items[index - 1]!).end, end };
  return { start, end: placeOf(list.items[1]!).start };
}

function lineOf(text: Text, offset: number): Stretch {
  const line = text.lineOf(offset);
  return { start: text.startOf(line), end: text.startOf(line + 1) };
}
