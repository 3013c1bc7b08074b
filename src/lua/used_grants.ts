/** Which of its modules and imports a source uses. */
import type { ParsedSource, Resolution } from "../lang/mod.ts";

/** Names of modules and imports that a source mentions; undefined when it may use any of them. */
export function usedGrants(parsed: ParsedSource, resolution: Resolution): string[] | undefined {
  if (parsed.diagnostics.length > 0) return undefined;
  const names = new Set<string>();
  for (const { name } of resolution.globalReads) names.add(name);
  // Whoever reads the table of globals may read any of them.
  if (names.has("_G") || names.has("_ENV")) return undefined;
  const literal = parsed.source.matchAll(/\brequire\s*\(?\s*(?:"([^"\n]*)"|'([^'\n]*)')/g);
  let requires = 0;
  for (const [, double, single] of literal) {
    names.add(double ?? single ?? "");
    requires++;
  }
  const reads = resolution.globalReads.filter(({ name }) => name === "require").length;
  if (reads > requires) return undefined;
  // Types name modules too: `sql.DB`.
  for (const [name] of parsed.source.matchAll(/\b[A-Za-z_]\w*(?=\s*\.\s*[A-Za-z_])/g)) names.add(name);
  return [...names];
}
