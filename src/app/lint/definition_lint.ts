/**
 * Findings about definitions, with the places they have in definition files.
 *
 * Where a finding stands is looked up only for what is found: definition files with findings are read once more, with the places of
 * everything in them.
 */
import { isMap, parseDocument, type YAMLMap } from "yaml";
import { Failure } from "../../core/mod.ts";
import { excerptsOf } from "../../lang/mod.ts";
import { type DefinitionFinding, placesOfFinding } from "../../lint/mod.ts";
import { type Entry, type EntryPlace, type KindTable, orderEntries } from "../../registry/mod.ts";
import type { EntryTexts } from "./entry_text.ts";
import type { Finding } from "../../lint/mod.ts";

/** Findings about definitions as those of a project. */
export class DefinitionPlaces {
  readonly #kinds: KindTable;
  readonly #texts: EntryTexts;
  readonly #place: (id: string) => EntryPlace | undefined;
  readonly #documents = new Map<string, ReturnType<typeof parseDocument>>();

  constructor(kinds: KindTable, texts: EntryTexts, place: (id: string) => EntryPlace | undefined) {
    this.#kinds = kinds;
    this.#texts = texts;
    this.#place = place;
  }

  /** The finding with its place. */
  placed(finding: DefinitionFinding, kind: string): Finding {
    const { code, entry, fix, help, message, severity } = finding;
    const plain = {
      entry: entry.id,
      code,
      severity,
      message,
      ...(help === undefined ? {} : { help }),
      ...(fix === undefined ? {} : { fix }),
    };
    const place = this.#place(entry.id);
    const lines = place && this.#texts.lines(place.file);
    const node = place && lines && this.#nodeOf(place, lines.source);
    if (place === undefined || lines === undefined || node === undefined) {
      return { ...plain, line: 1, column: 1, place: entry.id, excerpts: [] };
    }
    const [range] = placesOfFinding(node, finding, this.#kinds.find(kind));
    const { line, column } = lines.position(range!.start);
    const shown = `${place.shown(place.file)}:${line}:${column}`;
    return { ...plain, line, column, place: shown, excerpts: excerptsOf(range!, lines) };
  }

  #nodeOf(place: EntryPlace, text: string): YAMLMap | undefined {
    let document = this.#documents.get(place.file);
    if (document === undefined) {
      document = parseDocument(text, { strict: false, merge: true, logLevel: "silent" });
      this.#documents.set(place.file, document);
    }
    const node = place.path.length === 0 ? document.contents : document.getIn(place.path, true);
    return isMap(node) ? node : undefined;
  }
}

/** The finding about entries that need each other, so that none can come first. */
export function cycleAmong(
  entries: readonly Entry[],
  kinds: KindTable,
  isSelected: (entry: Entry) => boolean,
): { finding: DefinitionFinding; kind: string } | undefined {
  try {
    orderEntries(entries, new Map(entries.map((entry) => [entry.id, entry])), kinds.referencesAmong(entries));
    return undefined;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const { ids } = error.details ?? {};
    const entry = entries.find((each) => Array.isArray(ids) && ids.includes(each.id) && isSelected(each));
    if (entry === undefined) return undefined;
    const { message } = error;
    const finding: DefinitionFinding = {
      entry,
      code: "E0014",
      severity: "error",
      message,
      mark: { kind: "entry" },
    };
    return { finding, kind: entry.kind };
  }
}
