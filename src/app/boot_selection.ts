/**
 * Which entries some functions need, for a run that boots nothing else.
 *
 * Needed are the targets, what its fields refer to, what its source names in string literals, and so on from there; besides,
 * what acts without being named: variables and their storages, policies, bindings of needed contracts, parts of what is needed.
 * Who has the module `registry` may look at every entry, and call what it finds: then all are there, and code is needed whoever names it,
 * with what that code needs.
 */
import { isValueMap, parseEntryId, resolveEntryId, type Value, type ValueMap } from "../core/mod.ts";
import type { Entry } from "../registry/mod.ts";

/** Kinds that act without being named. */
function isAmbient(kind: string): boolean {
  return kind.startsWith("env.") || kind === "security.policy" || kind.startsWith("security.policy.");
}

/** What may be called by an id that nobody has written: code, and contracts, whose bindings are opened like that. */
const CODE = /^((function|library|process|workflow)\.(lua|wasm|wat)(\.bc)?|contract\.(binding|definition))$/;
/** The module that finds entries. */
const FINDER = "registry";

/** Whether an entry's code may look for entries. */
function searches({ data }: Entry): boolean {
  const { imports, modules } = data;
  if (Array.isArray(modules) && modules.includes(FINDER)) return true;
  return isValueMap(imports ?? null) && Object.values(imports as ValueMap).includes(`:${FINDER}`);
}

/** Entries for a call. */
export interface Selection {
  readonly entries: Entry[];
  /** Ids of those that are only there to be found; undefined when there are none. */
  readonly dormant: ReadonlySet<string> | undefined;
}

/** What kinds declare of their entries. */
export interface Relations {
  /** Reads what `references` must know of the entry's kind; undefined when that is there. */
  load(entries: readonly Entry[]): Promise<void> | undefined;
  references(entry: Entry): readonly string[];
  /** Id of the entry that it is a part of. */
  ownerOf(entry: Entry): string | undefined;
}

/** Entries that are needed to call `targets`, in the order given. */
export async function selectFor(
  targets: readonly string[],
  entries: readonly Entry[],
  { load, ownerOf, references }: Relations,
): Promise<Selection> {
  const byId = new Map(entries.map((entry) => [entry.id, entry]));
  const parts = new Map<string, Entry[]>();
  for (const entry of entries) {
    const owner = ownerOf(entry);
    if (owner === undefined) continue;
    const known = parts.get(owner);
    if (known === undefined) parts.set(owner, [entry]);
    else known.push(entry);
  }
  const needed = new Set<string>();
  const queue: string[] = [...targets];
  for (const entry of entries) if (isAmbient(entry.kind)) queue.push(entry.id);
  const bindings = entries.filter((entry) => entry.kind === "contract.binding");
  let isSearching = false;
  for (;;) {
    const id = queue.pop();
    if (id === undefined) break;
    const entry = byId.get(id);
    if (entry === undefined || needed.has(id)) continue;
    needed.add(id);
    await load([entry]);
    queue.push(...references(entry), ...(parts.get(id) ?? []).map((part) => part.id));
    const { ns } = parseEntryId(id);
    collect(entry.data, ns, byId, queue);
    collect(entry.meta, ns, byId, queue);
    if (entry.kind === "contract.definition") {
      for (const binding of bindings) if (binds(binding, id)) queue.push(binding.id);
    }
    if (!isSearching && searches(entry)) {
      isSearching = true;
      for (const { id, kind } of entries) if (CODE.test(kind)) queue.push(id);
    }
  }
  if (!isSearching) return { entries: entries.filter(({ id }) => needed.has(id)), dormant: undefined };
  return {
    entries: [...entries],
    dormant: new Set(entries.filter(({ id }) => !needed.has(id)).map(({ id }) => id)),
  };
}

function binds(binding: Entry, contract: string): boolean {
  const { contracts } = binding.data;
  const { ns } = parseEntryId(binding.id);
  return Array.isArray(contracts) &&
    contracts.some((item) => isValueMap(item) && resolveEntryId(String(item["contract"]), ns) === contract);
}

/** Adds ids found in `value`: texts that are ids, and ids inside longer texts such as Lua source. */
function collect(value: Value, ns: string, byId: ReadonlyMap<string, Entry>, found: string[]): void {
  if (typeof value === "string") {
    if (byId.has(value)) found.push(value);
    else if (!value.includes("\n") && byId.has(`${ns}:${value}`)) found.push(`${ns}:${value}`);
    else if (value.includes(":")) collectInside(value, byId, found);
  } else if (Array.isArray(value)) {
    for (const item of value) collect(item, ns, byId, found);
  } else if (isValueMap(value)) {
    for (const item of Object.values(value)) collect(item, ns, byId, found);
  }
}

/** Ids that a source names, each once, in order. */
export function namedInSource(source: string, byId: ReadonlyMap<string, Entry>): string[] {
  const found: string[] = [];
  collectInside(source, byId, found);
  return [...new Set(found)].sort();
}

function collectInside(text: string, byId: ReadonlyMap<string, Entry>, found: string[]): void {
  for (const [word] of text.matchAll(/[A-Za-z_][\w.-]*(?::[\w./-]+)+/g)) {
    // A longer word may end in what does not belong to the id, a full stop for one.
    for (let id = word; id !== ""; id = id.slice(0, -1)) {
      if (byId.has(id)) {
        found.push(id);
        break;
      }
      if (/\w/.test(id.at(-1)!)) break;
    }
  }
}
