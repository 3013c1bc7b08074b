/**
 * Makes the changes that findings propose, file by file.
 *
 * FX1. Only the project's own files are changed, never those of modules.
 * FX2. Of changes that overlap one is made; the next lint proposes the other again.
 */
import { isValueMap } from "../../core/mod.ts";
import type { TextEdit } from "../../lang/mod.ts";
import type { GrantChange } from "../../lint/mod.ts";
import type { Ports } from "../../ports/mod.ts";
import { decodeText, type Entry, type LoadedEntries } from "../../registry/mod.ts";
import { applyEdits, editsInFile, EntryTexts } from "./entry_text.ts";
import type { Finding } from "../../lint/mod.ts";

const UNUSED_IMPORT = "W0006";

/** What was changed. */
export interface FixOutcome {
  /** Findings whose change was made. */
  readonly fixed: readonly Finding[];
  /** Files that were changed, as messages show them. */
  readonly files: readonly string[];
}

/** Makes the changes of `findings`. Whoever wants the rest lints again. */
export async function fixFindings(
  findings: readonly Finding[],
  loaded: LoadedEntries,
  ports: Pick<Ports, "files" | "yaml">,
): Promise<FixOutcome> {
  // Loaded here, for it brings the library that keeps what is written as it is.
  const grantEdits = await grantEditor();
  const texts = new EntryTexts(ports);
  const entries = new Map(loaded.entries.map((entry) => [entry.id, entry]));
  const plans = new Map<string, { shown: string; edits: TextEdit[] }>();
  const fixed: Finding[] = [];
  const goes = new Set(findings.filter(({ code }) => code === UNUSED_IMPORT).map(lineOf));
  for (const finding of findings) {
    // A module is not granted for an import that goes.
    if (finding.code !== UNUSED_IMPORT && goes.has(lineOf(finding))) continue;
    const entry = entries.get(finding.entry);
    if (entry === undefined || entry.meta["module"] !== undefined) continue;
    const change = editsOf(finding, entry, loaded, { texts, ports, grantEdits });
    if (change === undefined || change.edits.length === 0) continue;
    const plan = plans.get(change.path) ?? { shown: change.shown, edits: [] };
    const isFree = change.edits.every((edit) =>
      plan.edits.every((other) => edit.end < other.start || edit.start > other.end)
    );
    if (!isFree) continue;
    plan.edits.push(...change.edits);
    plans.set(change.path, plan);
    fixed.push(finding);
  }
  for (const [path, { edits }] of plans) {
    ports.files.writeFile(path, applyEdits(readAll(ports, path), edits));
  }
  return { fixed, files: [...plans.values()].map(({ shown }) => shown).sort() };
}

function lineOf({ entry, line }: Finding): string {
  return `${entry} ${line}`;
}

/** The whole text of a file, a byte order mark included. */
function readAll({ files }: Pick<Ports, "files">, path: string): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(files.readFile(path));
}

interface EditTools {
  readonly texts: EntryTexts;
  readonly ports: Pick<Ports, "files">;
  readonly grantEdits: GrantEditor;
}

type GrantEditor = (
  text: string,
  path: readonly (string | number)[],
  change: GrantChange,
) => readonly TextEdit[] | undefined;

/** Makes the edits for a change of the entry at a path of a definition file. */
async function grantEditor(): Promise<GrantEditor> {
  const [{ definitionEdits }, { isMap, parseDocument }] = await Promise.all([
    import("../../lint/mod.ts"),
    import("yaml"),
  ]);
  return (text, path, change) => {
    const document = parseDocument(text, { keepSourceTokens: false });
    const node = path.length === 0 ? document.contents : document.getIn(path, true);
    return document.errors.length === 0 && isMap(node) ? definitionEdits(text, node, change) : undefined;
  };
}

function editsOf(
  { fix, entry: id }: Finding,
  entry: Entry,
  loaded: LoadedEntries,
  { texts, ports, grantEdits }: EditTools,
): { path: string; shown: string; edits: readonly TextEdit[] } | undefined {
  const place = loaded.place?.(id);
  if (fix === undefined || place === undefined) return undefined;
  const { change } = fix;
  if (change.kind === "grant") {
    if (decodeText(ports.files.readFile(place.file)) === undefined) return undefined;
    const edits = grantEdits(readAll(ports, place.file), place.path, change);
    return edits && { path: place.file, shown: place.shown(place.file), edits };
  }
  const source = sourceOf(entry);
  const file = source === undefined ? undefined : texts.sourceFile(place, source);
  if (source === undefined || file === undefined) return undefined;
  return {
    path: file.path,
    shown: file.shown,
    edits: editsInFile(file, source, readAll(ports, file.path), change.edits),
  };
}

function sourceOf({ data }: Entry): string | undefined {
  return isValueMap(data) && typeof data["source"] === "string" ? data["source"] : undefined;
}
