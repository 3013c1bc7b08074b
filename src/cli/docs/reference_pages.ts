/** The reference as pages: one for the base library, one for each module, one for each entry kind. */
import { type Field, nearestName } from "../../core/mod.ts";
import { kinds } from "../../kinds/index.gen.ts";
import { BASE_LIBRARY, readReference, type Reference, type ReferenceItem } from "../../lang/mod.ts";
import { luaKinds } from "../../lua/mod.ts";
import type { KindDefinition } from "../../registry/mod.ts";
import { wasmKinds } from "../../wasm/mod.ts";
import { workflowKinds } from "../../workflow/mod.ts";
import { declarations } from "../../../std/declarations.gen.ts";

/** A field of an entry's data. */
export interface FieldRow {
  /** Path: `lifecycle.auto_start`, `rules[].path`. */
  readonly path: string;
  readonly type: string;
  /** What an absent value stands for, as text; undefined when there is none. */
  readonly fallback: string | undefined;
  readonly docs: string;
}

/** A page of the reference. */
export interface Page {
  readonly kind: "base" | "module" | "entry kind";
  /** What it is asked for by: `hash`, `http.service`. */
  readonly name: string;
  /** One line. */
  readonly summary: string;
  /** Markdown below the summary. */
  readonly docs: string;
  readonly examples: readonly string[];
  readonly items: readonly ReferenceItem[];
  readonly fields: readonly FieldRow[];
  /** Classes that decide who may require a module. */
  readonly classes: readonly string[];
}

const BASE_NAME = "base";

/** All pages: the base library, the modules, the kinds, each by name. */
export async function referencePages(): Promise<Page[]> {
  const byName = (a: Page, b: Page): number => a.name < b.name ? -1 : 1;
  return [
    libraryPage("base", BASE_NAME, readReference(BASE_LIBRARY), []),
    ...declarations.filter(({ isAbsent }) => isAbsent !== true).map(({ classes, name, types }) =>
      libraryPage("module", name, readReference(types), classes)
    )
      .sort(
        byName,
      ),
    ...[...await Promise.all(kinds.map((kind) => kind.load())), ...definitionsOfLua()].map(kindPage).sort(
      byName,
    ),
  ];
}

/** The kinds of Lua, of workflows and of WebAssembly; what they do with a runtime is nobody's business here. */
function definitionsOfLua(): readonly KindDefinition[] {
  const none = (): never => {
    throw new Error("reference pages have no runtime");
  };
  return [...luaKinds(none), ...workflowKinds(none), ...wasmKinds(none)];
}

function libraryPage(
  kind: Page["kind"],
  name: string,
  reference: Reference,
  classes: readonly string[],
): Page {
  const { summary, rest } = splitSummary(reference.docs);
  const { examples, items } = reference;
  return { kind, name, summary, docs: rest, examples, items, fields: [], classes };
}

function kindPage(definition: KindDefinition): Page {
  const { summary, rest } = splitSummary(definition.doc ?? "");
  const fields = rowsOf(definition.config.fields ?? {}, "");
  return {
    kind: "entry kind",
    name: definition.name,
    summary,
    docs: rest,
    examples: [],
    items: [],
    fields,
    classes: [],
  };
}

/** The first sentence or paragraph, and what follows. */
function splitSummary(docs: string): { summary: string; rest: string } {
  const [first = "", ...others] = docs.trim().split(/\n\s*\n/);
  const line = first.replaceAll(/\s*\n\s*/g, " ");
  const end = /[.!?](?=\s)/.exec(line);
  if (end === null) return { summary: line, rest: others.join("\n\n") };
  const at = end.index + 1;
  return {
    summary: line.slice(0, at),
    rest: [line.slice(at).trim(), ...others].join("\n\n").trim(),
  };
}

type Fields = Readonly<Record<string, Field<unknown>>>;

function rowsOf(fields: Fields, prefix: string): FieldRow[] {
  return Object.entries(fields).flatMap(([name, field]) => rowsOfField(`${prefix}${name}`, field));
}

function rowsOfField(path: string, field: Field<unknown>): FieldRow[] {
  const row = rowOf(path, field);
  if (field.fields !== undefined) {
    const inner = rowsOf(field.fields, `${path}.`);
    return row.docs === "" ? inner : [row, ...inner];
  }
  const inner = field.item?.fields;
  if (inner === undefined) return [row];
  const step = field.type.endsWith("[]") ? "[]." : field.type.startsWith("map of ") ? ".*." : ".";
  return [row, ...rowsOf(inner, `${path}${step}`)];
}

/** What every service's entry may have. */
const LIFECYCLE_DOCS =
  "How the service starts, ends and restarts, and whom it acts for: `auto_start`, `start_timeout`, `stop_timeout`, " +
  "`stable_threshold`, `requires`, `restart`, `security`.";

function rowOf(path: string, field: Field<unknown>): FieldRow {
  return {
    path,
    type: field.type.split("|").map((value) => value === "" ? '""' : value).join(" | "),
    fallback: field.fallback === undefined || field.fallback === "" ? undefined : String(field.fallback),
    docs: field.doc ?? (path === "lifecycle" ? LIFECYCLE_DOCS : ""),
  };
}

/** What was asked for. */
export type Found =
  | { readonly page: Page; readonly item?: undefined }
  | { readonly page: Page; readonly item: ReferenceItem };

/** A page by its name, or a part of one by its full name (`hash.sha256`, `sql.DB`). */
export function findPage(pages: readonly Page[], name: string): Found | undefined {
  const page = pages.find((candidate) => candidate.name === name);
  if (page !== undefined) return { page };
  for (const candidate of pages) {
    const item = candidate.items.find((one) => one.name === name || one.name.replace(":", ".") === name);
    if (item !== undefined) return { page: candidate, item };
  }
  return undefined;
}

/** The name that was probably meant. */
export function nearestPage(pages: readonly Page[], name: string): string | undefined {
  const names = pages.flatMap((page) => [page.name, ...page.items.map((item) => item.name)]);
  return nearestName(name, names);
}
