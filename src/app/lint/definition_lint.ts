/**
 * Findings about definitions: entries that can't be loaded, references to nothing, grants that nobody uses.
 *
 * They stand in the definition file. Where in it is looked up only for what is found.
 */
import { Failure, nearestName, parseEntryId, resolveEntryId, type Value } from "../../core/mod.ts";
import { excerptsOf, type LineMap, type Severity } from "../../lang/mod.ts";
import { AMBIENT_MODULES } from "../../lua/mod.ts";
import {
  type Entry,
  type EntryPlace,
  orderEntries,
  type ReferencesOf,
  REQUIREMENT_KIND,
  type RequirementTarget,
  requirementTargets,
} from "../../registry/mod.ts";
import type { EntryFindings } from "./entry_lint.ts";
import type { EntryTexts } from "./entry_text.ts";
import type { Finding, FindingFix } from "./finding.ts";
import type { ProjectFacts } from "./world.ts";

/** What a finding about a definition says. */
interface Complaint {
  readonly code: string;
  readonly severity: Severity;
  readonly message: string;
  /** Text in the definition that is marked; the entry itself without one. */
  readonly mark?: string;
  readonly help?: string;
  readonly fix?: FindingFix;
}

/** Looks at the definitions of one project. */
export class DefinitionLint {
  readonly #facts: ProjectFacts;
  readonly #references: ReferencesOf;
  readonly #texts: EntryTexts;
  readonly #requirements: readonly { readonly ns: string; readonly targets: readonly RequirementTarget[] }[];
  readonly #place: (id: string) => EntryPlace | undefined;

  constructor(
    facts: ProjectFacts,
    references: ReferencesOf,
    texts: EntryTexts,
    place: (id: string) => EntryPlace | undefined,
    entries: readonly Entry[],
  ) {
    this.#requirements = entries.filter(({ kind }) => kind === REQUIREMENT_KIND).map((entry) => ({
      ns: parseEntryId(entry.id).ns,
      targets: requirementTargets(entry),
    }));
    this.#facts = facts;
    this.#references = references;
    this.#texts = texts;
    this.#place = place;
  }

  /** The finding about an entry that can't be loaded. */
  broken(entry: Entry, message: string): Finding {
    return this.#finding(entry, { code: "E0014", severity: "error", message });
  }

  /** The finding about entries that need each other, so that none can come first. */
  cycle(entries: readonly Entry[], isSelected: (entry: Entry) => boolean): Finding[] {
    try {
      orderEntries(entries, new Map(entries.map((entry) => [entry.id, entry])), this.#references);
      return [];
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      const ids = listOf(error.details?.ids as Value);
      const entry = entries.find((each) => ids.includes(each.id) && isSelected(each));
      return entry === undefined ? [] : [this.broken(entry, error.message)];
    }
  }

  /** References of an entry to entries that are not there, and modules that are none. */
  references(entry: Entry): Finding[] {
    const found: Complaint[] = [];
    for (const id of this.#references(entry)) {
      if (!id.includes(":") || this.#facts.answer("kind", id) !== "" || this.#isToBeGiven(entry, id)) {
        continue;
      }
      const near = nearestName(id, this.#facts.ids());
      found.push({
        code: "S0002",
        severity: "error",
        message: `${entry.id} refers to ${id}, which is no entry`,
        mark: id,
        ...(near === undefined ? {} : { help: `help: did you mean ${near}?` }),
      });
    }
    for (const name of listOf(entry.data["modules"])) {
      if (this.#facts.hasModule(name)) continue;
      const near = nearestName(name, this.#facts.moduleNames());
      found.push({
        code: "S0002",
        severity: "error",
        message: `${entry.id} lists the module ${name}, which is none`,
        mark: name,
        ...(near === undefined ? {} : { help: `help: did you mean ${near}?` }),
      });
    }
    return found.map((complaint) => this.#finding(entry, complaint));
  }

  /** Whether an id only holds the place of what whoever uses the module will give. */
  #isToBeGiven({ id: entry }: Entry, id: string): boolean {
    return this.#requirements.some(({ targets, ns }) =>
      targets.some((target) => resolveEntryId(target.entry, ns) === entry) && id.startsWith(`${ns}:`)
    );
  }

  /** Modules and imports that an entry lists and its source never uses. */
  grants(entry: Entry, { used }: EntryFindings): Finding[] {
    if (used === undefined) return [];
    const names = new Set(used);
    const isUnused = (name: string): boolean =>
      !names.has(name) && !(AMBIENT_MODULES as readonly string[]).includes(name);
    const modules = listOf(entry.data["modules"]).filter((name) =>
      isUnused(name) && this.#facts.hasModule(name)
    ).map((name) => [name, "modules"] as const);
    const imports = keysOf(entry.data["imports"]).filter(isUnused).map((name) => [name, "imports"] as const);
    return [...modules, ...imports].map(([name, list]) =>
      this.#finding(entry, {
        code: "S0003",
        severity: "warning",
        message: `${list === "modules" ? "module" : "import"} '${name}' is granted and never used`,
        mark: name,
        fix: {
          title: `take ${name} out of its ${list}`,
          change: { kind: "grant", list, name, isAdded: false },
        },
      })
    );
  }

  #finding(entry: Entry, { mark, code, severity, message, help, fix }: Complaint): Finding {
    const place = this.#place(entry.id);
    const lines = place && this.#texts.lines(place.file);
    const rest = { ...(help === undefined ? {} : { help }), ...(fix === undefined ? {} : { fix }) };
    if (place === undefined || lines === undefined) {
      const known = { code, severity, message, entry: entry.id, line: 1, column: 1, ...rest };
      return { ...known, place: entry.id, excerpts: [] };
    }
    const range = rangeOf(lines, this.#texts.lineOf(place, []), mark, entry.id);
    const { line, column } = lines.position(range.start);
    return {
      entry: entry.id,
      code,
      severity,
      message,
      line,
      column,
      place: `${place.shown(place.file)}:${line}:${column}`,
      excerpts: excerptsOf(range, lines),
      ...rest,
    };
  }
}

/** The text of a definition that a finding is about: `mark`, the bare name of an id, or the first line of the entry. */
function rangeOf(
  lines: LineMap,
  firstLine: number,
  mark: string | undefined,
  id: string,
): { start: number; end: number } {
  const ns = id.slice(0, id.indexOf(":") + 1);
  const spellings = mark === undefined ? [] : [mark, ...(mark.startsWith(ns) ? [mark.slice(ns.length)] : [])];
  const indent = /^\s*/.exec(lines.text(firstLine))![0].length;
  for (let line = firstLine; line <= lines.starts.length; line++) {
    const text = lines.text(line);
    const isNext = line > firstLine && text.trim() !== "" && !text.trim().startsWith("#") &&
      /^\s*/.exec(text)![0].length <= indent && text.trim().startsWith("- ");
    if (isNext) break;
    for (const spelling of spellings) {
      const at = wordAt(text, spelling);
      if (at < 0) continue;
      const start = lines.starts[line - 1]! + at;
      return { start, end: start + spelling.length };
    }
  }
  const text = lines.text(firstLine);
  const start = lines.starts[firstLine - 1]! + indent;
  return { start, end: start + text.trim().length };
}

/** Where a word stands on its own in a line; -1 when it does not. */
function wordAt(text: string, word: string): number {
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    const before = text[at - 1] ?? " ";
    const after = text[at + word.length] ?? " ";
    if (!/[\w.:-]/.test(before) && !/[\w.-]/.test(after)) return at;
  }
  return -1;
}

function listOf(value: Value): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

function keysOf(value: Value): string[] {
  return typeof value === "object" && value !== null && !Array.isArray(value) &&
      !(value instanceof Uint8Array)
    ? Object.keys(value)
    : [];
}
