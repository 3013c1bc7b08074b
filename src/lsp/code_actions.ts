/** Changes that an editor offers: what findings bring with them, and modules that a source asks for and is not granted. */
import type { CodeAction, Diagnostic, TextEdit } from "vscode-languageserver-protocol";
import { isSeq } from "yaml";
import type { Diagnostic as Finding, Fix } from "../lang/mod.ts";
import { findingsOf, problemShown, problemsOf, shown } from "./diagnostics.ts";
import { type DefinitionText, keyPlace, nodeAt, placeOf, scalarText } from "./definition_text.ts";
import type { CheckedUnit, ProjectEntry, Workspace } from "./workspace.ts";

/** What a client asks for. */
export interface CodeActionRequest {
  readonly uri: string;
  readonly start: number;
  readonly end: number;
  /** Kinds that are wanted; all when absent. */
  readonly only: readonly string[] | undefined;
}

const QUICK_FIX = "quickfix";
const FIX_ALL = "source.fixAll";

/** Actions for a stretch of a Lua source. */
export function codeActions(
  workspace: Workspace,
  checked: CheckedUnit,
  request: CodeActionRequest,
): CodeAction[] {
  const { uri, start, end, only } = request;
  const isWanted = (kind: string): boolean =>
    only === undefined || only.some((wanted) => kind === wanted || kind.startsWith(`${wanted}.`));
  const findings = findingsOf(workspace, checked);
  const actions: CodeAction[] = [];
  if (isWanted(QUICK_FIX)) {
    for (const finding of findings) {
      if (finding.start > end || finding.end < start) continue;
      const diagnostic = shown(checked, finding, uri);
      if (finding.fix !== undefined) actions.push(fixAction(checked, finding.fix, diagnostic, uri));
      actions.push(...grantActions(workspace, checked, finding, diagnostic));
    }
  }
  const fixes = findings.flatMap(({ fix }) => fix === undefined ? [] : [fix]);
  const edits = withoutOverlaps(fixes);
  if (isWanted(FIX_ALL) && edits.length > 0) {
    actions.push({
      title: "Fix all that can be fixed",
      kind: FIX_ALL,
      edit: { changes: { [uri]: edits.map((edit) => textEdit(checked, edit)) } },
    });
  }
  return actions;
}

/** Actions for a stretch of a definition file. */
export function definitionActions(
  workspace: Workspace,
  definition: DefinitionText,
  { uri, start, end, only }: CodeActionRequest,
): CodeAction[] {
  if (only !== undefined && !only.includes(QUICK_FIX)) return [];
  return problemsOf(workspace, uri, definition).flatMap((problem) => {
    const { removal } = problem;
    const isTouched = problem.start <= end && problem.end >= start;
    if (removal === undefined || removal.end === removal.start || !isTouched) return [];
    const edit = { range: definition.text.range(removal.start, removal.end), newText: "" };
    return [{
      title: removal.title,
      kind: QUICK_FIX,
      diagnostics: [problemShown(definition, problem)],
      isPreferred: true,
      edit: { changes: { [uri]: [edit] } },
    }];
  });
}

function fixAction(checked: CheckedUnit, fix: Fix, diagnostic: Diagnostic, uri: string): CodeAction {
  return {
    title: fix.title[0]!.toUpperCase() + fix.title.slice(1),
    kind: QUICK_FIX,
    diagnostics: [diagnostic],
    isPreferred: true,
    edit: { changes: { [uri]: fix.edits.map((edit) => textEdit(checked, edit)) } },
  };
}

function textEdit({ text }: CheckedUnit, edit: Fix["edits"][number]): TextEdit {
  return { range: text.range(edit.start, edit.end), newText: edit.text };
}

/** The edits of those fixes that don't touch an earlier one. */
function withoutOverlaps(fixes: readonly Fix[]): Fix["edits"][number][] {
  const taken: Fix["edits"][number][] = [];
  for (const { edits } of fixes) {
    if (edits.some((edit) => taken.some((other) => edit.start < other.end && other.start < edit.end))) {
      continue;
    }
    taken.push(...edits);
  }
  return taken.sort((a, b) => a.start - b.start);
}

/** Grants what `require` asks for: a module, or a library of the project. */
function grantActions(
  workspace: Workspace,
  { unit }: CheckedUnit,
  { problem }: Finding,
  diagnostic: Diagnostic,
): CodeAction[] {
  if (problem.kind !== "undeclared-require") return [];
  const { name } = problem;
  const grants = workspace.modules.has(name)
    ? [{ title: `Grant module ${name}`, edit: (entry: ProjectEntry) => moduleEdit(workspace, entry, name) }]
    : [...workspace.entries().values()].filter(({ kind, id }) =>
      kind === "library.lua" && id.endsWith(`:${name}`)
    )
      .map(({ id }) => ({
        title: `Import ${id}`,
        edit: (entry: ProjectEntry) => importEdit(workspace, entry, name, id),
      }));
  return grants.flatMap(({ title, edit }) => {
    const changes: Record<string, TextEdit[]> = {};
    for (const entry of unit.entries) {
      const change = edit(entry);
      if (change !== undefined) (changes[entry.definition!.uri] ??= []).push(change);
    }
    return Object.keys(changes).length === 0
      ? []
      : [{ title, kind: QUICK_FIX, diagnostics: [diagnostic], edit: { changes } }];
  });
}

function moduleEdit(workspace: Workspace, entry: ProjectEntry, name: string): TextEdit | undefined {
  const { definition } = entry;
  const text = definition === undefined ? undefined : workspace.definition(definition.uri)?.text;
  if (definition === undefined || text === undefined) return undefined;
  const list = nodeAt(definition.entry, "modules");
  if (!isSeq(list) || list.items.length === 0) return fieldEdit(workspace, entry, `modules: [${name}]`);
  const last = list.items.at(-1)!;
  if (scalarText(last) === undefined) return undefined;
  const { start, end } = placeOf(last as Parameters<typeof placeOf>[0]);
  if (list.flow) return { range: text.range(end, end), newText: `, ${name}` };
  const line = text.line(text.lineOf(start));
  const margin = /^\s*/.exec(line)![0];
  return { range: text.range(end, end), newText: `\n${margin}- ${name}` };
}

function importEdit(
  workspace: Workspace,
  entry: ProjectEntry,
  alias: string,
  id: string,
): TextEdit | undefined {
  const { definition } = entry;
  const text = definition === undefined ? undefined : workspace.definition(definition.uri)?.text;
  const key = definition === undefined ? undefined : keyPlace(definition.entry, "imports");
  if (definition === undefined || text === undefined) return undefined;
  if (key === undefined) {
    const margin = marginOf(workspace, entry);
    return fieldEdit(workspace, entry, `imports:\n${margin}  ${alias}: ${id}`);
  }
  const line = text.lineOf(key.start);
  if (!/^\s*imports:\s*(#.*)?$/.test(text.line(line))) return undefined;
  const end = text.startOf(line) + text.line(line).length;
  return { range: text.range(end, end), newText: `\n${marginOf(workspace, entry)}  ${alias}: ${id}` };
}

/** A new field below the kind. */
function fieldEdit(workspace: Workspace, entry: ProjectEntry, field: string): TextEdit | undefined {
  const { definition } = entry;
  const text = workspace.definition(definition!.uri)?.text;
  const kind = definition!.entry.kindPlace;
  if (text === undefined || kind === undefined) return undefined;
  const line = text.lineOf(kind.start);
  const end = text.startOf(line) + text.line(line).length;
  return { range: text.range(end, end), newText: `\n${marginOf(workspace, entry)}${field}` };
}

/** The blanks before an entry's fields. */
function marginOf(workspace: Workspace, { definition }: ProjectEntry): string {
  const text = workspace.definition(definition!.uri)!.text;
  const key = keyPlace(definition!.entry, "kind");
  return key === undefined ? "    " : " ".repeat(key.start - text.startOf(text.lineOf(key.start)));
}
