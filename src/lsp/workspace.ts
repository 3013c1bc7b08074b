/**
 * All that editors see of a project: definition files, entries, Lua sources, and what is open and not saved.
 *
 * Owns what is current and what is known of it; what is shown of it belongs to the features.
 *
 * WS1. What is open in an editor counts, saved or not; else the entry of a running application, else the file.
 * WS2. A source is checked when somebody asks. A change drops what is known of that source and of its importers, of nothing else.
 * WS3. One source that several entries share is checked once, with all that any of them is granted.
 */
import { EntryTypes, libraryOf } from "../lua/checking.ts";
import type { CheckedEntry, LuaDefinition, ModuleDeclaration } from "../lua/mod.ts";
import type { Library, World } from "../lang/mod.ts";
import { DefinitionFindings, madeIds, ProjectFacts } from "../lint/mod.ts";
import { type KindDefinition, KindTable } from "../registry/mod.ts";
import { type DefinitionText, readDefinitionText } from "./definition_text.ts";
import { inlineText } from "./inline_text.ts";
import {
  definitionFolders,
  definitionPaths,
  factsOf,
  filesBeside,
  type ProjectFiles,
  readText,
} from "./project_files.ts";
import { type Details, detailsOf, RecentDetails } from "./details.ts";
import { type Encoding, Text } from "./text.ts";
import {
  type DraftUnit,
  type LiveEntries,
  type LuaUnit,
  type ProjectEntry,
  UnitTable,
} from "./unit_table.ts";
import type { ReferenceFiles } from "./reference_files.ts";
import { IndexTable } from "./source_index.ts";
import { entryUri, fileUri, parseUri } from "./uris.ts";

export type { LiveEntries, LuaUnit, ProjectEntry } from "./unit_table.ts";

/** What a workspace is made of. */
export interface WorkspaceOptions {
  readonly files: ProjectFiles;
  readonly modules: readonly ModuleDeclaration[];
  readonly kinds: readonly KindDefinition[];
  readonly encoding: Encoding;
  /** Folders of projects, absolute. */
  readonly roots: readonly string[];
  readonly live?: LiveEntries;
  readonly reference?: ReferenceFiles;
}

/** A checked source. */
export interface CheckedUnit extends CheckedEntry {
  readonly unit: LuaUnit;
  readonly text: Text;
  readonly details: Details;
}

/** Sources whose details are kept: they take much more room than the check. */
const DETAILS_MAX = 64;

/** A project as editors see it. */
export class Workspace {
  readonly encoding: Encoding;
  readonly kinds: KindTable;
  readonly allKinds: readonly KindDefinition[];
  readonly modules: ReadonlyMap<string, ModuleDeclaration>;
  readonly library: Library;
  readonly reference: ReferenceFiles | undefined;
  readonly #files: ProjectFiles;
  readonly #roots: readonly string[];
  readonly #live: LiveEntries | undefined;
  #facts: ProjectFacts | undefined;
  #findings: DefinitionFindings | undefined;
  /** Counts how often entries have changed. */
  #epoch = 0;
  readonly #types: EntryTypes;
  /** What is kept of every source; filled in the background. */
  readonly index = new IndexTable();
  /** Open documents by URI. */
  readonly #open = new Map<string, Text>();
  /** Texts of files by path, as they were read last. */
  readonly #texts = new Map<string, Text | undefined>();
  readonly #definitions = new Map<string, DefinitionText>();
  #table: UnitTable;
  readonly #texted = new WeakMap<CheckedEntry, CheckedUnit>();
  readonly #written = new WeakMap<CheckedUnit, { readonly epoch: number; readonly view: CheckedUnit }>();
  readonly #details = new RecentDetails(DETAILS_MAX);
  /** Keys of the units by what resolved their names. */
  readonly #origins = new WeakMap<object, string>();
  /** Those of what no source declares. */
  readonly #foreign = new WeakSet<object>();
  #isCurrent = false;
  #isScanned = false;

  constructor(options: WorkspaceOptions) {
    this.encoding = options.encoding;
    this.#files = options.files;
    this.#roots = options.roots;
    this.#live = options.live;
    this.#table = new UnitTable(options.files, [], undefined);
    this.allKinds = options.kinds;
    this.kinds = new KindTable(options.kinds);
    this.modules = new Map(options.modules.map((module) => [module.name, module]));
    this.library = libraryOf(options.modules);
    this.reference = options.reference;
    this.#types = new EntryTypes(this.library, (id) => this.#luaDefinition(id));
  }

  /** The current text of a document; undefined when there is no such one. */
  text(uri: string): Text | undefined {
    const open = this.#open.get(uri);
    if (open !== undefined) return open;
    const name = parseUri(uri);
    if (name.kind === "file") return this.#textOfFile(name.path);
    const unit = name.kind === "entry" ? this.unitOfEntry(name.id) : undefined;
    return unit === undefined ? undefined : this.unitText(unit);
  }

  isOpen(uri: string): boolean {
    return this.#open.has(uri);
  }

  openUris(): string[] {
    return [...this.#open.keys()];
  }

  /** Takes an open document's text; undefined when it was closed. */
  set(uri: string, text: Text | undefined): void {
    // With a document a file may come or go that others name.
    if (text === undefined || !this.#open.has(uri)) this.#epoch++;
    if (text === undefined) this.#open.delete(uri);
    else this.#open.set(uri, text);
    const name = parseUri(uri);
    if (name.kind === "file") this.#changed(name.path);
    else if (name.kind === "entry") {
      const unit = this.unitOfEntry(name.id);
      if (unit !== undefined) this.#forget(unit.key);
    }
  }

  /** Drops what is known of a source and of all that imports it. */
  #forget(key: string): void {
    this.#types.forget(key);
    this.index.drop([key, ...this.#table.importersOf(key).map((unit) => unit.key)]);
  }

  /** A file was written, made or removed outside the editor. */
  fileChanged(path: string): void {
    this.#texts.delete(path);
    this.#epoch++;
    if (path.endsWith("/wippy.lock")) {
      this.#isScanned = false;
      this.#definitions.clear();
      this.#isCurrent = false;
    }
    this.#changed(path);
  }

  /** Entries of the running application changed. */
  entriesChanged(): void {
    this.#isCurrent = false;
  }

  #changed(path: string): void {
    if (/\.ya?ml$/i.test(path)) {
      this.#definitions.delete(path);
      if (this.#isScanned && this.#isDefinition(path)) this.#readDefinition(path);
      this.#isCurrent = false;
      return;
    }
    this.#update();
    const unit = this.#table.unitByUri.get(fileUri(path));
    if (unit === undefined) this.#isCurrent = false;
    else this.#forget(unit.key);
  }

  /** Definition files by path. */
  definitions(): ReadonlyMap<string, DefinitionText> {
    this.#update();
    return this.#definitions;
  }

  /** The definition file behind a document. */
  definition(uri: string): DefinitionText | undefined {
    const name = parseUri(uri);
    if (name.kind !== "file") return undefined;
    const known = this.definitions().get(name.path);
    if (known !== undefined) return known;
    const text = this.text(uri);
    return text === undefined || !/\.ya?ml$/i.test(name.path) ? undefined : readDefinitionText(text);
  }

  /** All entries by id. */
  entries(): ReadonlyMap<string, ProjectEntry> {
    this.#update();
    return this.#table.entries;
  }

  /** The definition under a key, as the checker sees it. */
  luaDefinition(key: string): LuaDefinition | undefined {
    this.#update();
    return this.#luaDefinition(key);
  }

  /** All Lua sources of entries. */
  units(): Iterable<LuaUnit> {
    this.#update();
    return this.#table.units.values();
  }

  /** The source behind a document; a Lua file without an entry is one that is granted every module. */
  unit(uri: string): LuaUnit | undefined {
    this.#update();
    const known = this.#table.unitByUri.get(uri);
    if (known !== undefined) return known;
    const name = parseUri(uri);
    if (name.kind === "entry") return this.#table.unitByEntry.get(name.id);
    // Declarations are no sources.
    if (name.kind !== "file" || !/(?<!\.d)\.lua$/.test(name.path) || this.text(uri) === undefined) return;
    return this.#table.addLoose(uri, name.path, this.modules.keys());
  }

  /** The source of an entry. */
  unitOfEntry(id: string): LuaUnit | undefined {
    this.#update();
    return this.#table.unitByEntry.get(id);
  }

  unitText(unit: LuaUnit): Text {
    for (const uri of [unit.uri, ...unit.entries.flatMap(({ id }) => [entryUri(id), id])]) {
      const open = this.#open.get(uri);
      if (open !== undefined) return open;
    }
    const { inline } = unit as DraftUnit;
    if (inline !== undefined) return new Text(inline, this.encoding);
    return (unit.path === undefined ? undefined : this.#textOfFile(unit.path)) ?? new Text("", this.encoding);
  }

  /** What is known of a source. */
  check(unit: LuaUnit): CheckedUnit {
    const checked = this.#types.check(unit.key)!;
    let whole = this.#texted.get(checked);
    if (whole === undefined || whole.unit !== unit) {
      const open = this.unitText(unit);
      const text = open.source === checked.definition.source
        ? open
        : new Text(checked.definition.source, this.encoding);
      const detailsOf = (): Details => this.#details.of(checked);
      whole = {
        ...checked,
        unit,
        text,
        get details() {
          return detailsOf();
        },
      };
      this.#texted.set(checked, whole);
      this.#origins.set(checked.resolution, unit.key);
    }
    return whole;
  }

  /** A checked source with the places it has where it is written: in its file, or inside its definition file. */
  asWritten(checked: CheckedUnit): CheckedUnit {
    const known = this.#written.get(checked);
    if (known !== undefined && known.epoch === this.epoch()) return known.view;
    const { unit } = checked;
    const definition = this.#inlineDefinition(unit);
    const file = definition === undefined ? undefined : this.definitions().get(definition.path);
    const text = file === undefined ? undefined : inlineText(checked.text, file, definition!.entry);
    const view = text === undefined
      ? checked
      : Object.create(checked, { text: { value: text } }) as CheckedUnit;
    this.#written.set(checked, { epoch: this.#epoch, view });
    return view;
  }

  /** The document that a source is written in. */
  writtenUri(unit: LuaUnit): string {
    return this.#inlineDefinition(unit)?.uri ?? unit.uri;
  }

  #inlineDefinition(unit: LuaUnit): ProjectEntry["definition"] {
    return unit.path === undefined ? unit.entries[0]?.definition : undefined;
  }

  /** A number that is another one once entries have changed. */
  epoch(): number {
    this.#update();
    return this.#epoch;
  }

  /** What is known of all entries. Those of namespaces that nobody defines here may come from modules that are not installed. */
  facts(): ProjectFacts {
    const made = () => new Set([...this.units()].flatMap((unit) => madeIds(this.unitText(unit).source)));
    const entries = this.entries().values();
    return this.#facts ??= new ProjectFacts([...entries], [...this.modules.values()], true, made);
  }

  /** What looks at definitions, as they are now. */
  findings(): DefinitionFindings {
    const facts = this.facts();
    return this.#findings ??= new DefinitionFindings(facts, this.kinds, this.#table.entries.values());
  }

  /** What the rules of the system are told about a source; undefined for one that belongs to no entry. */
  world(checked: CheckedUnit): World | undefined {
    return checked.unit.entries.length === 0 ? undefined : this.facts().world(checked, new Map());
  }

  /** The source whose names `origin` resolved. */
  unitOfOrigin(origin: object): CheckedUnit | undefined {
    if (this.#foreign.has(origin)) return undefined;
    const known = this.#origins.get(origin);
    for (const unit of known === undefined ? this.units() : [this.#table.units.get(known)]) {
      if (unit !== undefined && this.#types.known(unit.key)?.resolution === origin) return this.check(unit);
    }
    if (known === undefined) this.#foreign.add(origin);
    return undefined;
  }

  /** Checks another text in a source's place, without remembering it. */
  checkInstead(unit: LuaUnit, source: string): CheckedUnit {
    const definition = { ...this.#luaDefinition(unit.key)!, source };
    const checked = this.#types.checkApart(definition);
    return { ...checked, unit, text: new Text(source, this.encoding), details: detailsOf(checked) };
  }

  /** Sources that import `unit`, however far. */
  importersOf(unit: LuaUnit): LuaUnit[] {
    this.#update();
    return this.#table.importersOf(unit.key);
  }

  /** The path that a definition file refers to, when there is no such file. */
  missingSource(uri: string, reference: string): string | undefined {
    const name = parseUri(uri);
    if (name.kind !== "file") return undefined;
    const path = this.#files.resolve(this.#files.directory(name.path), reference.replace(/^\/+/, ""));
    return this.#open.has(fileUri(path)) || factsOf(this.#files, path) !== undefined ? undefined : reference;
  }

  /** Files beside a definition file and below, by the reference that names them. */
  sourcesBeside(uri: string): string[] {
    const name = parseUri(uri);
    return name.kind === "file" ? filesBeside(this.#files, name.path) : [];
  }

  #textOfFile(path: string): Text | undefined {
    const open = this.#open.get(fileUri(path));
    if (open !== undefined) return open;
    if (this.#texts.has(path)) return this.#texts.get(path);
    const source = readText(this.#files, path);
    const text = source === undefined ? undefined : new Text(source, this.encoding);
    this.#texts.set(path, text);
    return text;
  }

  #isDefinition(path: string): boolean {
    return this.#roots.some((root) =>
      definitionFolders(this.#files, root).some((folder) => path.startsWith(folder)) &&
      !/\/\.(?!wippy)|\/node_modules\/|\/wippy\.ya?ml$/.test(path.slice(root.length))
    );
  }

  #readDefinition(path: string): void {
    const text = this.#textOfFile(path);
    if (text !== undefined) this.#definitions.set(path, readDefinitionText(text));
  }

  /** Reads what has not been read and puts entries and sources together. */
  #update(): void {
    if (this.#isCurrent) return;
    this.#isCurrent = true;
    if (!this.#isScanned) {
      this.#isScanned = true;
      for (const root of this.#roots) {
        for (const folder of definitionFolders(this.#files, root)) {
          for (const path of definitionPaths(this.#files, folder)) this.#readDefinition(path);
        }
      }
    }
    this.#facts = undefined;
    this.#findings = undefined;
    this.#epoch++;
    const before = this.#table;
    this.#table = new UnitTable(this.#files, this.#definitions, this.#live);
    for (const [key, old] of before.units) {
      const unit = this.#table.units.get(key);
      if (unit === undefined || this.#table.grantsOf(unit) !== before.grantsOf(old)) this.#forget(key);
    }
  }

  /** What the checker asks of a source. */
  #luaDefinition(key: string): LuaDefinition | undefined {
    const unit = this.#table.units.get(key) ?? this.#table.unitByEntry.get(key);
    return unit === undefined ? undefined : this.#table.definitionOf(unit, this.unitText(unit).source);
  }
}
