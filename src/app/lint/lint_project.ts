/**
 * Lints a project: every Lua entry with source, and the definitions around them.
 *
 * LP1. Nothing is executed. Entries of modules are read for their types and reported on only when they are asked for by namespace.
 * LP2. All codes are looked for; which of them are shown is the caller's choice, so that one cache serves all choices.
 */
import { parseEntryId } from "../../core/mod.ts";
import type { Ports } from "../../ports/mod.ts";
import { digestBytes, type Entry, type LoadedEntries } from "../../registry/mod.ts";
import type { LuaDefinition } from "../../lua/mod.ts";
import { loadProject, type Project } from "../project.ts";
import type { EntryFindings, Finding } from "../../lint/mod.ts";
import { type LintReport, sortFindings } from "./lint_report.ts";
import { LintCache } from "./lint_cache.ts";
import { observeFiles } from "../observed_files.ts";

/** Kinds whose entries hold Lua; those of compiled ones begin with the same name and have no text. */
const LUA_KIND = /^(?:function|library|process|workflow|module)\.lua(\.bc)?$/;

/** With threads and a clock, large projects are linted on several threads. */
export type LintPorts = Pick<Ports, "files" | "yaml"> & Partial<Pick<Ports, "threads" | "clock" | "cpus">>;

/** What to lint, and how. */
export interface LintRequest {
  readonly project: Project;
  readonly ports: LintPorts;
  /** Patterns of namespaces; all of the project's own without any. */
  readonly namespaces: readonly string[];
  /** Names this program, so that findings of another one are not taken over. */
  readonly edition: string;
  readonly forgetsCache?: boolean;
  /** Told how far it is, from 0 to 1. */
  readonly progress?: (part: number) => void;
}

/** Lints a project, or takes the report from before when nothing has changed. */
export async function lintProject(request: LintRequest): Promise<LintReport> {
  const { project, ports, edition } = request;
  const cache = new LintCache(ports.files, cachePlan(request), edition);
  if (request.forgetsCache) cache.reset();
  const { values } = project.configuration;
  const key = digest([values, project.lock, project.root, request.namespaces]);
  const kept = cache.report(key);
  if (kept !== undefined) {
    request.progress?.(1);
    return kept;
  }
  const { files, observations } = observeFiles(ports.files, digestBytes);
  const missing: string[] = [];
  const { loaded, warnings } = loadProject(
    project,
    { files, yaml: ports.yaml },
    { missing: ({ message }) => missing.push(message) },
  );
  const known = cache.entries();
  const { findings, entries, fresh } = await lintEntries({
    ...request,
    // What the type system is told is part of what findings of entries depend on.
    edition: digest([edition, project.configuration.settings.lua.type_system]),
    loaded,
    known,
    isIncomplete: missing.length > 0,
  });
  const strays = request.namespaces.filter((pattern) =>
    !loaded.entries.some(({ id }) => namespaceFits(pattern, parseEntryId(id).ns))
  ).map((pattern) => `no entry is in the namespace ${pattern}`);
  const report: LintReport = { findings, entries, warnings: [...warnings, ...missing, ...strays] };
  if (fresh.size > 0) {
    const ids = new Set(loaded.entries.map(({ id }) => id));
    // Those that were not asked for this time may be the next.
    cache.keepEntries(new Map([...[...known].filter(([id]) => ids.has(id)), ...fresh]));
  }
  cache.keepReport(key, observations(), report);
  return report;
}

function cachePlan({ project, ports }: LintRequest): ConstructorParameters<typeof LintCache>[1] {
  const { settings, baseDirectory } = project.configuration;
  const { dir, enabled, mode, typecheck } = settings.lua.cache;
  // Findings are kept without being asked for; the switch of the part counts when the whole is on.
  const isKept = !enabled || typecheck.enabled;
  return {
    folder: ports.files.resolve(baseDirectory, dir, "lint"),
    canRead: mode !== "off" && isKept,
    canWrite: mode === "readwrite" && isKept,
  };
}

function digest(value: unknown): string {
  const text = JSON.stringify(value, (_key, item) => typeof item === "bigint" ? `${item}n` : item);
  return digestBytes(new TextEncoder().encode(text));
}

/** What to lint when the entries are there already. */
export interface EntriesRequest extends Pick<LintRequest, "ports" | "namespaces" | "edition" | "progress"> {
  readonly loaded: LoadedEntries;
  /** Findings of single entries from before. */
  readonly known: ReadonlyMap<string, EntryFindings>;
  /** Modules are missing: nobody knows whether an id of a foreign namespace is one. */
  readonly isIncomplete?: boolean;
}

/** Lints entries; `fresh` are the findings of single entries for next time. */
export async function lintEntries(
  { loaded, ports, namespaces, edition, known, progress, isIncomplete }: EntriesRequest,
): Promise<{ findings: Finding[]; entries: string[]; fresh: Map<string, EntryFindings> }> {
  // The heavy part is loaded when there is something to do.
  const [{ declarations }, { kindTable }, { ApplicationContext }, parts] = await Promise.all([
    import("../../../std/declarations.gen.ts"),
    import("../standard_components.ts"),
    import("../context.ts"),
    import("./project_parts.ts"),
  ]);
  const {
    cycleAmong,
    DefinitionFindings,
    definitionOf,
    DefinitionPlaces,
    EntryLint,
    EntryTexts,
    findingsAhead,
    ProjectFacts,
  } = parts;
  const isSelected = selection(namespaces);
  const definitions = new Map<string, LuaDefinition>();
  for (const entry of loaded.entries) {
    if (LUA_KIND.exec(entry.kind)?.[1] !== undefined || !LUA_KIND.test(entry.kind)) continue;
    const definition = definitionOf(entry);
    if (definition !== undefined) definitions.set(entry.id, definition);
  }
  const sources = new EntryLint(definitions, declarations, edition, known);
  let ids: Set<string> | undefined;
  const made = () => ids ??= new Set([...definitions.keys()].flatMap((id) => [...sources.made(id)]));
  const facts = new ProjectFacts(
    loaded.entries,
    declarations,
    isIncomplete ?? false,
    made,
  );
  const texts = new EntryTexts(ports);
  const place = (id: string) => loaded.place?.(id);
  const kinds = kindTable(new ApplicationContext(), []);
  await kinds.load(loaded.entries);
  const around = new DefinitionFindings(facts, kinds, loaded.entries);
  const places = new DefinitionPlaces(kinds, texts, place);

  const findings: Finding[] = [];
  const cycle = cycleAmong(loaded.entries, kinds, isSelected);
  if (cycle !== undefined) findings.push(places.placed(cycle.finding, cycle.kind));
  const fresh = new Map<string, EntryFindings>();
  const selected = loaded.entries.filter(isSelected);
  const ahead = await findingsAhead({
    ports,
    sources,
    facts,
    definitions,
    entries: loaded.entries,
    selected,
    made,
    isIncomplete: isIncomplete ?? false,
    edition,
    progress,
  });
  for (const [i, entry] of selected.entries()) {
    const about = around.of(entry);
    const definition = definitions.get(entry.id);
    if (definition !== undefined) {
      const own = ahead.get(entry.id) ?? sources.findings(entry.id, facts);
      fresh.set(entry.id, own);
      about.push(...around.grants(entry, own.used));
      findings.push(...placed(own, definition.source));
    }
    findings.push(...about.map((finding) => places.placed(finding, entry.kind)));
    progress?.((i + 1) / selected.length);
  }
  const entries = selected.filter(({ kind }) => LUA_KIND.test(kind)).map(({ id }) => id);
  return { findings: sortFindings(findings), entries, fresh };

  function placed({ findings }: EntryFindings, source: string): Finding[] {
    if (findings.length === 0) return [];
    const id = findings[0]!.entry;
    const file = texts.sourceFile(place(id), source);
    return findings.map((finding) => {
      const { line, column } = finding;
      if (file === undefined) return { ...finding, place: `${id}:${line}:${column}` };
      const shift = file.firstLine - 1;
      return {
        ...finding,
        place: `${file.shown}:${line + shift}:${column + file.indent}`,
        excerpts: finding.excerpts.map((excerpt) => ({ ...excerpt, line: excerpt.line + shift })),
      };
    });
  }
}

/** Whether an entry is reported on. */
function selection(namespaces: readonly string[]): (entry: Entry) => boolean {
  if (namespaces.length === 0) return (entry) => entry.meta["module"] === undefined;
  return ({ id }) => namespaces.some((pattern) => namespaceFits(pattern, parseEntryId(id).ns));
}

/** `app` is exact; `app.*` and `app.**` are `app` itself and everything below. */
export function namespaceFits(pattern: string, namespace: string): boolean {
  if (pattern === "*" || pattern === "**") return true;
  const prefix = /^(.*?)\.\*{1,2}$/.exec(pattern)?.[1];
  if (prefix === undefined) return pattern === namespace;
  return namespace === prefix || namespace.startsWith(`${prefix}.`);
}
