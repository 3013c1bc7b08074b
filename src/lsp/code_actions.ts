/** Changes that an editor offers: what findings bring with them, and modules that a source asks for and is not granted. */
import type { CodeAction, Diagnostic, TextEdit } from "vscode-languageserver-protocol";
import type { Diagnostic as Finding, Fix } from "../lang/mod.ts";
import { findingsOf, problemShown, problemsOf, shown } from "./diagnostics.ts";
import { definitionEdits, type GrantChange, importFix, moduleFix } from "../lint/mod.ts";
import type { DefinitionText, WrittenEntry } from "./definition_text.ts";
import type { CheckedUnit, Workspace } from "./workspace.ts";

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
    const { fix } = problem;
    if (fix === undefined || problem.start > end || problem.end < start) return [];
    const edits = editsIn(definition, fix.entry, fix.change);
    if (edits.length === 0) return [];
    return [{
      title: titleOf(fix),
      kind: QUICK_FIX,
      diagnostics: [problemShown(definition, problem)],
      isPreferred: true,
      edit: { changes: { [uri]: edits } },
    }];
  });
}

function titleOf({ title }: { readonly title: string }): string {
  return title[0]!.toUpperCase() + title.slice(1);
}

/** The edits of a definition file for a change of one of its entries; none when it is written in a way that can't be edited. */
function editsIn(
  { mistakes, text }: DefinitionText,
  { node }: WrittenEntry,
  change: GrantChange,
): TextEdit[] {
  if (mistakes.length > 0) return [];
  return (definitionEdits(text.source, node, change) ?? []).map((edit) => ({
    range: text.range(edit.start, edit.end),
    newText: edit.text,
  }));
}

function fixAction(checked: CheckedUnit, fix: Fix, diagnostic: Diagnostic, uri: string): CodeAction {
  return {
    title: titleOf(fix),
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
  const libraries = [...workspace.entries().values()].filter(({ kind, id }) =>
    kind === "library.lua" && id.endsWith(`:${name}`)
  );
  const fixes = workspace.modules.has(name)
    ? [moduleFix(name)]
    : libraries.map(({ id }) => importFix(name, id));
  return fixes.flatMap((fix) => {
    const changes: Record<string, TextEdit[]> = {};
    for (const { definition } of unit.entries) {
      const file = definition === undefined ? undefined : workspace.definition(definition.uri);
      if (definition === undefined || file === undefined) continue;
      const edits = editsIn(file, definition.entry, fix.change);
      if (edits.length > 0) (changes[definition.uri] ??= []).push(...edits);
    }
    return Object.keys(changes).length === 0
      ? []
      : [{ title: titleOf(fix), kind: QUICK_FIX, diagnostics: [diagnostic], edit: { changes } }];
  });
}
