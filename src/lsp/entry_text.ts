/**
 * Where Lua names entries and modules: in texts that are handed to certain functions.
 */
import type { ProjectEntry } from "./workspace.ts";

/** What a text names. */
export type EntryRole =
  | "module"
  | "function"
  | "process"
  | "host"
  | "queue"
  | "store"
  | "sql"
  | "fs"
  | "cloudstorage"
  | "contract"
  | "any";

/** Full names of functions with the argument that names an entry. */
const ARGUMENTS: Readonly<Record<string, readonly (EntryRole | undefined)[]>> = {
  "require": ["module"],
  "funcs.call": ["function"],
  "funcs.async": ["function"],
  "funcs.Executor.call": ["function"],
  "funcs.Executor.async": ["function"],
  "process.spawn": ["process", "host"],
  "process.spawn_monitored": ["process", "host"],
  "process.spawn_linked": ["process", "host"],
  "process.spawn_linked_monitored": ["process", "host"],
  "process.exec": ["process", "host"],
  "queue.publish": ["queue"],
  "store.get": ["store"],
  "sql.get": ["sql"],
  "fs.get": ["fs"],
  "cloudstorage.get": ["cloudstorage"],
  "contract.get": ["contract"],
  "contract.open": ["contract"],
  "registry.get": ["any"],
};

const KINDS: Readonly<Record<Exclude<EntryRole, "module" | "any">, RegExp>> = {
  function: /^(function\.|process\.(lua|wasm)$|workflow\.)/,
  process: /^(process\.(lua|wasm)|workflow\.)/,
  host: /\.(host|worker)$/,
  queue: /^queue\.queue$/,
  store: /^store\./,
  sql: /^db\.sql\./,
  fs: /^fs\./,
  cloudstorage: /^cloudstorage\./,
  contract: /^contract\./,
};

/** What the argument of a call names. */
export function roleOf(
  call: { readonly path: string; readonly index: number } | undefined,
): EntryRole | undefined {
  if (call === undefined || !Object.hasOwn(ARGUMENTS, call.path)) return undefined;
  return ARGUMENTS[call.path]![call.index];
}

/** Whether an entry may stand in a role. */
export function fitsRole(entry: Pick<ProjectEntry, "kind">, role: EntryRole): boolean {
  return role === "any" || (role !== "module" && KINDS[role].test(entry.kind));
}
