/** What is wrong with a definition file: what every linter finds, and what only shows where it is written. */
import { parse, resolve } from "../lang/mod.ts";
import { usedGrants } from "../lua/mod.ts";
import { type DefinitionFinding, type GrantFix, placesOfFinding, type Stretch } from "../lint/mod.ts";
import type { DefinitionText, WrittenEntry } from "./definition_text.ts";
import type { Text } from "./text.ts";
import type { LuaUnit, Workspace } from "./workspace.ts";

/** A problem and where it is. */
export interface DefinitionProblem extends Stretch, Pick<DefinitionFinding, "message" | "severity"> {
  /** As `wippy lint` calls it; what keeps the file from being read at all has none. */
  readonly code?: string;
  readonly help?: string;
  /** The change after which it is gone, and the entry that is changed. */
  readonly fix?: GrantFix & { readonly entry: WrittenEntry };
}

/** Problems of a definition file by itself and among the other entries. */
export function definitionProblems(
  workspace: Workspace,
  uri: string,
  definition: DefinitionText,
): DefinitionProblem[] {
  const problems: DefinitionProblem[] = definition.mistakes.map((mistake) => ({
    ...mistake,
    severity: "error",
  }));
  const seen = new Set<string>();
  for (const entry of definition.entries) {
    const report = ({ start, end }: Stretch, message: string): void => {
      problems.push({ start, end, message, severity: "error" });
    };
    const first = workspace.entries().get(entry.id)?.definition;
    const isSecond = seen.has(entry.id) || (first !== undefined && first.uri !== uri);
    if (isSecond) report(entry.namePlace, `${entry.id} is defined already; rename one`);
    seen.add(entry.id);
    if (entry.kindPlace === undefined || entry.kind === "") {
      report(entry.namePlace, `${entry.id}: missing kind`);
      continue;
    }
    for (const finding of workspace.findings().of(entry)) {
      problems.push(...problemsOf(workspace, entry, finding));
    }
    if (entry.source?.kind === "file") {
      const missing = workspace.missingSource(uri, entry.source.reference);
      if (missing !== undefined) report(entry.source.place, `file not found: ${missing}`);
    }
  }
  return problems;
}

/** Modules and imports that sources are granted and never use. */
export function grantProblems(workspace: Workspace, definition: DefinitionText): DefinitionProblem[] {
  return definition.entries.flatMap((entry) =>
    workspace.findings().grants(entry, usedBy(workspace, entry)).flatMap((finding) =>
      problemsOf(workspace, entry, finding)
    )
  );
}

/** A finding once for each place that it is about. */
function problemsOf(
  workspace: Workspace,
  entry: WrittenEntry,
  finding: DefinitionFinding,
): DefinitionProblem[] {
  const { code, fix, help, message, severity } = finding;
  return placesOfFinding(entry.node, finding, workspace.kinds.find(entry.kind)).map(({ start, end }) => ({
    start,
    end,
    message,
    severity,
    code,
    ...(help === undefined ? {} : { help }),
    ...(fix === undefined ? {} : { fix: { ...fix, entry } }),
  }));
}

/** What the source of an entry uses; undefined when it may use anything, as one that is not there. */
function usedBy(workspace: Workspace, { id }: WrittenEntry): readonly string[] | undefined {
  const unit: LuaUnit | undefined = workspace.unitOfEntry(id);
  const isThere = unit !== undefined && (unit.path === undefined || workspace.text(unit.uri) !== undefined);
  return isThere ? usedIn(workspace.unitText(unit)) : undefined;
}

const USED = new WeakMap<Text, { readonly names: readonly string[] | undefined }>();

function usedIn(text: Text): readonly string[] | undefined {
  let used = USED.get(text);
  if (used === undefined) {
    const parsed = parse(text.source);
    USED.set(text, used = { names: usedGrants(parsed, resolve(parsed)) });
  }
  return used.names;
}
