/** The languages: names, other names, and where their grammars are. */

/** Reads a packed file; each is a module of its own, loaded when it is first needed. */
type Load = () => Promise<{ default: string }>;

/** A language that can be parsed. */
export interface LanguageEntry {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly load: Load;
}

/** Tree-sitter itself. */
export const LIBRARY: Load = () => import("./grammars/tree_sitter.wasm.txt", { with: { type: "text" } });

/** All languages. */
export const LANGUAGES: readonly LanguageEntry[] = [
  {
    name: "go",
    aliases: ["golang"],
    load: () => import("./grammars/go.wasm.txt", { with: { type: "text" } }),
  },
  {
    name: "javascript",
    aliases: ["js"],
    load: () => import("./grammars/javascript.wasm.txt", { with: { type: "text" } }),
  },
  {
    name: "typescript",
    aliases: ["ts"],
    load: () => import("./grammars/typescript.wasm.txt", { with: { type: "text" } }),
  },
  { name: "tsx", aliases: [], load: () => import("./grammars/tsx.wasm.txt", { with: { type: "text" } }) },
  {
    name: "python",
    aliases: ["py"],
    load: () => import("./grammars/python.wasm.txt", { with: { type: "text" } }),
  },
  { name: "lua", aliases: [], load: () => import("./grammars/lua.wasm.txt", { with: { type: "text" } }) },
  { name: "php", aliases: [], load: () => import("./grammars/php.wasm.txt", { with: { type: "text" } }) },
  {
    name: "csharp",
    aliases: ["cs", "c#"],
    load: () => import("./grammars/csharp.wasm.txt", { with: { type: "text" } }),
  },
  {
    name: "html",
    aliases: ["html5"],
    load: () => import("./grammars/html.wasm.txt", { with: { type: "text" } }),
  },
  {
    name: "markdown",
    aliases: ["md"],
    load: () => import("./grammars/markdown.wasm.txt", { with: { type: "text" } }),
  },
  { name: "sql", aliases: [], load: () => import("./grammars/sql.wasm.txt", { with: { type: "text" } }) },
];

const BY_NAME: ReadonlyMap<string, LanguageEntry> = new Map(
  LANGUAGES.flatMap((entry) => [entry.name, ...entry.aliases].map((name) => [name, entry] as const)),
);

/** The language of a name or another name. */
export function languageNamed(name: string): LanguageEntry | undefined {
  return BY_NAME.get(name);
}
