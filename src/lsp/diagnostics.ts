/**
 * What is wrong with a document, as editors show it.
 *
 * DI1. Sources written inside definition files are told of in the definition file.
 */
import { describe, type Diagnostic as Finding, lint, parse } from "../lang/mod.ts";
import type { Diagnostic } from "vscode-languageserver-protocol";
import { type DefinitionProblem, definitionProblems, grantProblems } from "./definition_problems.ts";
import type { DefinitionText, WrittenEntry } from "./definition_text.ts";
import { DiagnosticSeverity } from "./protocol.ts";
import type { CheckedUnit, Workspace } from "./workspace.ts";

const SOURCE = "wippy";

const SEVERITIES = {
  error: DiagnosticSeverity.Error,
  warning: DiagnosticSeverity.Warning,
  hint: DiagnosticSeverity.Hint,
} as const;

/** Findings about what could go. */
const UNNECESSARY = new Set(["W0004", "W0005", "W0006", "S0003"]);
const TAG_UNNECESSARY = 1;

/** What is wrong with a document; undefined for what is no document of a project. */
export function diagnosticsOf(workspace: Workspace, uri: string): Diagnostic[] | undefined {
  if (uri.endsWith(".d.lua")) return declarationFindings(workspace, uri);
  const unit = workspace.unit(uri);
  if (unit !== undefined) {
    const checked = workspace.check(unit);
    return findingsOf(workspace, checked).map((finding) => shown(checked, finding, uri));
  }
  const definition = workspace.definition(uri);
  if (definition === undefined) return undefined;
  const problems = problemsOf(workspace, uri, definition).map((problem) => problemShown(definition, problem));
  return [
    ...problems,
    ...definition.entries.flatMap((entry) => inlineFindings(workspace, uri, definition, entry)),
  ];
}

const KNOWN = new WeakMap<
  CheckedUnit["parsed"],
  { readonly epoch: number; readonly found: readonly Finding[] }
>();

const PROBLEMS = new WeakMap<
  DefinitionText,
  { readonly epoch: number; readonly found: readonly DefinitionProblem[] }
>();

/** A problem in the protocol's form. */
export function problemShown(
  { text }: DefinitionText,
  { start, end, message, severity, code, help }: DefinitionProblem,
): Diagnostic {
  return {
    range: text.range(start, end),
    severity: SEVERITIES[severity],
    source: SOURCE,
    message: withHelp(message, help),
    ...(code === undefined ? {} : { code }),
    ...(code !== undefined && UNNECESSARY.has(code) ? { tags: [TAG_UNNECESSARY] } : {}),
  };
}

/** Problems of a definition file, what its sources use included. */
export function problemsOf(
  workspace: Workspace,
  uri: string,
  definition: DefinitionText,
): readonly DefinitionProblem[] {
  return [...ownProblems(workspace, uri, definition), ...grantProblems(workspace, definition)];
}

/** Those that are looked for again only when it or other entries have changed. */
function ownProblems(
  workspace: Workspace,
  uri: string,
  definition: DefinitionText,
): readonly DefinitionProblem[] {
  const epoch = workspace.epoch();
  const known = PROBLEMS.get(definition);
  if (known?.epoch === epoch) return known.found;
  const found = definitionProblems(workspace, uri, definition);
  PROBLEMS.set(definition, { epoch, found });
  return found;
}

/** All findings about a source, by place. */
export function findingsOf(workspace: Workspace, checked: CheckedUnit): readonly Finding[] {
  const { parsed, resolution, result, unit } = checked;
  const epoch = workspace.epoch();
  const known = KNOWN.get(parsed);
  if (known?.epoch === epoch) return known.found;
  const style = parsed.diagnostics.length > 0 ? [] : lint(parsed, resolution, workspace.world(checked));
  const found = [...parsed.diagnostics, ...result.diagnostics, ...style]
    // A file that belongs to no entry has nobody who grants it anything.
    .filter(({ problem }) => unit.entries.length > 0 || problem.kind !== "undeclared-require")
    .sort((a, b) => a.start - b.start);
  KNOWN.set(parsed, { epoch, found });
  return found;
}

/** A finding in the protocol's form. */
export function shown(checked: Pick<CheckedUnit, "text">, finding: Finding, uri: string): Diagnostic {
  const { start, end, code, severity, related, help } = finding;
  const { text } = checked;
  return {
    range: text.range(start, Math.min(end, Math.max(start, text.source.length))),
    severity: SEVERITIES[severity],
    code,
    source: SOURCE,
    message: withHelp(describe(finding), help),
    ...(UNNECESSARY.has(code) ? { tags: [TAG_UNNECESSARY] } : {}),
    ...(related === undefined || related.length === 0 ? {} : {
      relatedInformation: related.map((place) => ({
        location: { uri, range: text.range(place.start, place.end) },
        message: place.message,
      })),
    }),
  };
}

function withHelp(message: string, help: string | undefined): string {
  return help === undefined ? message : `${message}\n${help.replace(/^help: /, "")}`;
}

function declarationFindings(workspace: Workspace, uri: string): Diagnostic[] | undefined {
  const text = workspace.text(uri);
  if (text === undefined) return undefined;
  const { diagnostics } = parse(text.source, { isDeclaration: true });
  return diagnostics.map((finding) => shown({ text }, finding, uri));
}

/** Findings about a source that stands in the definition file. */
function inlineFindings(
  workspace: Workspace,
  uri: string,
  { text }: DefinitionText,
  { id, source }: WrittenEntry,
): Diagnostic[] {
  const unit = source?.kind === "inline" ? workspace.unitOfEntry(id) : undefined;
  if (unit === undefined || source?.kind !== "inline") return [];
  const checked = workspace.check(unit);
  const written = workspace.asWritten(checked);
  return findingsOf(workspace, checked).map((finding) => {
    if (written !== checked) return shown(written, finding, uri);
    // Folded or quoted: its places have no counterpart.
    const { relatedInformation: _related, ...diagnostic } = shown(checked, finding, uri);
    return { ...diagnostic, range: text.range(source.place.start, source.place.end) };
  });
}
