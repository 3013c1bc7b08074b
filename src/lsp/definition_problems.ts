/** What is wrong with a definition file: kinds, fields, references, files. */
import { Failure, isValueMap, nearestName, resolveEntryId, type ValueMap } from "../core/mod.ts";
import {
  type DefinitionText,
  keyPlace,
  nodeAt,
  placeOf,
  scalarText,
  type Stretch,
  textsOf,
  type WrittenEntry,
} from "./definition_text.ts";
import { REQUIREMENT_KIND } from "../registry/mod.ts";
import { isReferencePath } from "./navigation.ts";
import { DiagnosticSeverity } from "./protocol.ts";
import { isSeq, type Node } from "yaml";
import type { Workspace } from "./workspace.ts";

/** A problem and where it is. */
export interface DefinitionProblem extends Stretch {
  readonly message: string;
  readonly severity: DiagnosticSeverity;
  /** As `wippy lint` calls it. */
  readonly code?: string;
  /** What may be taken out: then the problem is gone. */
  readonly removal?: Stretch & { readonly title: string };
}

/** All problems of a definition file. */
export function definitionProblems(
  workspace: Workspace,
  uri: string,
  definition: DefinitionText,
): DefinitionProblem[] {
  const problems: DefinitionProblem[] = definition.mistakes.map((mistake) => ({
    ...mistake,
    severity: DiagnosticSeverity.Error,
  }));
  const namespaces = new Set([...workspace.entries().values()].map(({ ns }) => ns));
  const seen = new Set<string>();
  for (const entry of definition.entries) {
    const report: Report = (at, message, facts = {}) => {
      problems.push({ start: at.start, end: at.end, message, severity: DiagnosticSeverity.Error, ...facts });
    };
    const first = workspace.entries().get(entry.id)?.definition;
    const isSecond = seen.has(entry.id) || (first !== undefined && first.uri !== uri);
    if (isSecond) report(entry.namePlace, `${entry.id} is defined already; rename one`);
    seen.add(entry.id);
    checkKind(workspace, entry, report);
    checkReferences(workspace, namespaces, entry, report);
    if (entry.source?.kind === "file") {
      const missing = workspace.missingSource(uri, entry.source.reference);
      if (missing !== undefined) report(entry.source.place, `file not found: ${missing}`);
    }
  }
  return problems;
}

type Report = (
  at: Stretch,
  message: string,
  facts?: Partial<Pick<DefinitionProblem, "severity" | "code">>,
) => void;

const UNKNOWN = { severity: DiagnosticSeverity.Warning, code: "S0002" } as const;

function checkKind(workspace: Workspace, entry: WrittenEntry, report: Report): void {
  if (entry.kindPlace === undefined || entry.kind === "") {
    return report(entry.namePlace, `${entry.id}: missing kind`);
  }
  const kind = workspace.kinds.get(entry.kind);
  if (kind === undefined) {
    const near = nearestName(entry.kind, workspace.kinds.keys());
    const hint = near === undefined ? "" : `; did you mean ${near}?`;
    return report(entry.kindPlace, `unknown kind ${entry.kind}${hint}`, {
      severity: DiagnosticSeverity.Warning,
    });
  }
  try {
    kind.config.decode(entry.data, { path: "", ns: entry.ns, references: [] });
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const path = typeof error.details?.path === "string" ? error.details.path : "";
    const node = path === "" ? undefined : nodeAt(entry, path);
    // What a placeholder stands for is known only to the application.
    if (scalarText(node)?.includes("${")) return;
    const at = node === undefined
      ? keyPlace(entry, path.split(/[.[]/)[0] ?? "") ?? entry.kindPlace
      : placeOf(node);
    report(at, error.message, { code: "E0014" });
  }
}

/** Whether an id only holds the place of what whoever uses the module will give. */
function isToBeGiven(workspace: Workspace, entry: WrittenEntry, id: string): boolean {
  return [...workspace.entries().values()].some((requirement) =>
    requirement.kind === REQUIREMENT_KIND && id.startsWith(`${requirement.ns}:`) &&
    targetsOf(requirement.data, requirement.ns).includes(entry.id)
  );
}

/** Entries that a requirement fills in; what is malformed is passed over. */
function targetsOf({ targets }: ValueMap, ns: string): string[] {
  return (Array.isArray(targets) ? targets : []).flatMap((target) => {
    const id = isValueMap(target) ? target.entry : undefined;
    return typeof id === "string" ? [resolveEntryId(id, ns)] : [];
  });
}

function checkReferences(
  workspace: Workspace,
  namespaces: ReadonlySet<string>,
  entry: WrittenEntry,
  report: Report,
): void {
  const entries = workspace.entries();
  const kind = workspace.kinds.get(entry.kind);
  for (const { path, text, place } of textsOf(entry)) {
    if (text === "" || text.includes("${") || !isReferencePath(kind, path) || text.startsWith(":")) continue;
    const id = resolveEntryId(text, entry.ns);
    const ns = id.slice(0, id.indexOf(":"));
    // Entries of modules that are not installed, or that are made while the application runs, can't be known.
    if (entries.has(id) || !namespaces.has(ns) || isToBeGiven(workspace, entry, id)) continue;
    const near = nearestName(id, entries.keys());
    report(
      place,
      `there is no entry ${id}${near === undefined ? "" : `; did you mean ${near}?`}`,
      UNKNOWN,
    );
  }
  const modules = nodeAt(entry, "modules");
  if (!isSeq(modules) || !/\.lua$/.test(entry.kind)) return;
  for (const item of modules.items) {
    const name = scalarText(item);
    if (name === undefined || workspace.modules.has(name)) continue;
    const near = nearestName(name, workspace.modules.keys());
    const hint = near === undefined ? "" : `; did you mean ${near}?`;
    report(placeOf(item as Node), `unknown module ${name}${hint}`, UNKNOWN);
  }
}
