/**
 * Checks the types of Lua entries when they are created or changed.
 *
 * TG1. Strict: what does not check is refused, and so is a change after which something that imports the entry no longer checks.
 *      Otherwise it is taken, with a warning for each finding.
 * TG2. An entry is checked against the version that is being built, so entries that change together are checked together.
 * TG3. What was taken once is taken again: going back never fails over types.
 * TG4. What a cache knows of an entry and all that it imports is not found out again.
 */
import { type Decoded, Failure, parseEntryId } from "../core/mod.ts";
import { formatDiagnostic, type Library } from "../lang/mod.ts";
import type { Log } from "../ports/mod.ts";
import type { Entry, KindServices } from "../registry/mod.ts";
import { decodeDefinition, LUA_CONFIG, LUA_KINDS, type LuaDefinition } from "./definition.ts";
import { EntryKeys } from "./entry_keys.ts";
import { type CheckedEntry, EntryTypes } from "./entry_types.ts";
import type { LuaGate } from "./kinds.ts";
import type { LuaCache } from "./lua_cache.ts";

/** Most findings that a refusal shows. */
const SHOWN_MAX = 10;

type Entries = KindServices["entries"];

/** How a gate works. */
export interface TypeGateOptions {
  /** Declarations of the modules; read on first use. */
  readonly library: () => Library;
  readonly isStrict: boolean;
  /** Findings from earlier runs. */
  readonly cache?: LuaCache;
}

/** The types of the entries of one application. */
export class TypeGate implements LuaGate {
  readonly #options: TypeGateOptions;
  #types: EntryTypes | undefined;
  readonly #keys: EntryKeys;
  /** What was found, by id. */
  readonly #found = new Map<string, readonly string[]>();
  #entries: Entries | undefined;
  /** The entries that were looked at, by id. */
  readonly #seen = new Map<string, Entry | undefined>();
  readonly #definitions = new WeakMap<Entry, LuaDefinition>();
  readonly #taken = new WeakSet<Entry>();

  constructor(options: TypeGateOptions) {
    this.#options = options;
    this.#keys = new EntryKeys(options.cache?.edition ?? "", (id) => this.#definition(id));
  }

  /** Lets an entry in; fails with Invalid, and with what is wrong, when it is strict. */
  async admit(entry: Entry, entries: Entries, log: Log, isChange: boolean): Promise<void> {
    if (this.#taken.has(entry)) return;
    this.#look(entries);
    const ids = [entry.id, ...isChange ? this.#importers(entry.id) : []];
    const findings = ids.flatMap((id) => this.#findings(id));
    if (findings.length > 0) this.#report(entry.id, findings, log.named("lua"));
    this.#taken.add(entry);
  }

  #report(id: string, findings: readonly string[], log: Log): void {
    if (!this.#options.isStrict) {
      for (const finding of findings) log.warn("types do not fit", { id, finding });
      return;
    }
    const more = findings.length - SHOWN_MAX;
    const rest = more > 0 ? `\nand ${more} more; wippy lint shows all` : "";
    const text = findings.slice(0, SHOWN_MAX).join("\n");
    throw new Failure("Invalid", `types do not fit:\n${text}${rest}`, { retryable: false, details: { id } });
  }

  /** Takes the version being built for what entries are; forgets what is known of those that are others now. */
  #look(entries: Entries): void {
    // Versions never change; each entry of one asks.
    if (entries === this.#entries) return;
    this.#entries = entries;
    for (const [id, before] of [...this.#seen]) {
      if (entries.get(id) === before) continue;
      for (const gone of [id, ...this.#keys.forget(id), ...this.#types?.forget(id) ?? []]) {
        this.#seen.delete(gone);
        this.#found.delete(gone);
      }
    }
  }

  #findings(id: string): readonly string[] {
    const known = this.#found.get(id);
    if (known !== undefined) return known;
    const { cache, library } = this.#options;
    const key = cache === undefined ? "" : this.#keys.key(id);
    let found = cache?.findings(key);
    if (found === undefined) {
      this.#types ??= new EntryTypes(library(), (each) => this.#definition(each));
      const checked = this.#types.check(id);
      found = checked === undefined ? [] : findingsOf(checked);
      if (key !== "") cache?.keepFindings(key, found);
    }
    this.#found.set(id, found);
    return found;
  }

  #definition(id: string): LuaDefinition | undefined {
    const entry = this.#entries?.get(id);
    this.#seen.set(id, entry);
    if (entry === undefined || !(LUA_KINDS as readonly string[]).includes(entry.kind)) return undefined;
    const known = this.#definitions.get(entry);
    if (known !== undefined) return known;
    try {
      const scope = { path: "", ns: parseEntryId(id).ns, references: [] };
      const definition = decodeDefinition(
        entry,
        LUA_CONFIG.decode(entry.data, scope) as Decoded<typeof LUA_CONFIG>,
      );
      this.#definitions.set(entry, definition);
      return definition;
    } catch (error) {
      // Its own kind says what is wrong with it.
      if (error instanceof Failure) return undefined;
      throw error;
    }
  }

  /** Ids of all entries that import `id`, directly or not. */
  #importers(id: string): string[] {
    const importers = new Map<string, string[]>();
    for (const { id: importer } of this.#entries!.all()) {
      for (const target of this.#definition(importer)?.imports.values() ?? []) {
        importers.set(target, [...importers.get(target) ?? [], importer]);
      }
    }
    const found = new Set<string>();
    const visit = (target: string): void => {
      for (const importer of importers.get(target) ?? []) {
        if (found.has(importer)) continue;
        found.add(importer);
        visit(importer);
      }
    };
    visit(id);
    found.delete(id);
    return [...found];
  }
}

/** What is wrong with an entry, as text. Syntax errors are the compiler's to tell. */
function findingsOf({ definition, parsed, result }: CheckedEntry): string[] {
  if (parsed.diagnostics.length > 0) return [];
  return result.diagnostics.map((diagnostic) => formatDiagnostic(diagnostic, definition.id, parsed.lines));
}
