/**
 * Types of what is typed into a session: what is wrong with it, and how it may go on.
 *
 * Y1. An input is checked behind all that was accepted before, so that names keep their types. Y2. Only what is wrong with the new
 * input is told.
 */
import {
  check,
  type CheckEnvironment,
  type Diagnostic,
  environmentOf,
  type Library,
  mergeTables,
  type ModuleType,
  parse,
  type syntax,
  tokens,
  type TypeFacts,
  types,
  walk,
} from "../../lang/mod.ts";
import { EntryTypes, libraryOf } from "../../lua/checking.ts";
import { decodeDefinition, LUA_CONFIG, LUA_KINDS, type LuaDefinition, shellSource } from "../../lua/mod.ts";
import { parseEntryId } from "../../core/mod.ts";
import type { Entry } from "../../registry/mod.ts";
import { declarations } from "../../../std/declarations.gen.ts";

/** Characters of earlier inputs that new ones are checked behind; older ones are forgotten. */
const BEFORE_CHARS_MAX = 100_000;
/** Stands where a name is still to come. */
const PLACEHOLDER = "__";

/** How an input ends a word that is being typed. */
export interface Completion {
  /** Where the word begins. */
  readonly start: number;
  readonly words: readonly string[];
}

/** Types of one session. */
export class ShellTypes {
  readonly #library: Library = libraryOf(declarations);
  readonly #environment: CheckEnvironment;
  readonly #ids: readonly string[];
  #before = "";

  constructor(entries: readonly Entry[]) {
    this.#ids = entries.map(({ id }) => id).sort();
    const definitions = new Map<string, Entry>(
      entries.filter(({ kind }) => (LUA_KINDS as readonly string[]).includes(kind)).map((
        entry,
      ) => [entry.id, entry]),
    );
    const entryTypes = new EntryTypes(this.#library, (id) => definitionOf(definitions.get(id)));
    const environment = environmentOf(this.#library, {
      modules: new Map(declarations.map(({ name }) => [name, name])),
      imports: new LibraryTypes((id) => entryTypes.check(id)?.result.module),
    });
    // The value before.
    const globals = new Map(environment.globals).set("_", types.PRIMITIVES.any);
    this.#environment = { ...environment, globals };
  }

  /** Whether an input ends in the middle of something, as an expression or as statements. */
  isUnfinished(input: string): boolean {
    if (this.#isWhole(shellSource(input))) return false;
    return [`return ${input.replace(/^\s*=/, " ")}`, input].some((source) => {
      const [first] = parse(source).diagnostics;
      return first !== undefined &&
        (first.start >= source.trimEnd().length || first.problem.kind === "unfinished-long");
    });
  }

  #isWhole(source: string): boolean {
    return parse(source).diagnostics.length === 0;
  }

  /** What is wrong with an input: errors only, in places of `source`, which is the input without what says that it is one. */
  check(input: string): { source: string; diagnostics: Diagnostic[] } {
    const code = shellSource(input);
    const alone = parse(code);
    if (alone.diagnostics.length > 0) return { source: code, diagnostics: [...alone.diagnostics] };
    const whole = this.#before + code;
    const added = code === input ? 0 : code.indexOf(" ") + 1;
    const offset = this.#before.length + added;
    const source = code.slice(added);
    const { diagnostics } = check(parse(whole), this.#environment);
    return {
      source,
      // Entries have lists of what they may require, a shell has none: what is not there is told of when it runs.
      diagnostics: diagnostics.filter(({ problem, severity, start }) =>
        severity === "error" && start >= offset && problem.kind !== "undeclared-require"
      )
        .map(({ related, ...found }) => ({
          ...found,
          start: found.start - offset,
          end: found.end - offset,
          related: related?.filter(({ start }) => start >= offset)
            .map((place) => ({ ...place, start: place.start - offset, end: place.end - offset })),
        })),
    };
  }

  /** Takes note of an input that ran well: what it declared holds from now on. */
  accept(input: string): void {
    const source = shellSource(input);
    const { block, diagnostics } = parse(source);
    const last = block.statements.at(-1);
    if (
      diagnostics.length > 0 || last?.kind === "return" ||
      block.statements.every(({ kind }) => kind === "call-statement")
    ) {
      return;
    }
    this.#before = `${this.#before}${source}\n`;
    while (this.#before.length > BEFORE_CHARS_MAX) {
      this.#before = this.#before.slice(this.#before.indexOf("\n") + 1);
    }
  }

  /** Words that may stand at the end of an input. */
  complete(input: string): Completion {
    const text = /(["'])([\w.:-]*)$/.exec(input);
    if (text !== null && isInString(input)) {
      return {
        start: input.length - text[2]!.length,
        words: this.#ids.filter((id) => id.startsWith(text[2]!)),
      };
    }
    const word = /[A-Za-z_]\w*$/.exec(input)?.[0] ?? "";
    const start = input.length - word.length;
    const sign = input[start - 1];
    const isMember = sign === "." || (sign === ":" && input[start - 2] !== ":");
    const words = isMember ? this.#members(input.slice(0, start), sign === ":") : this.#names();
    return { start, words: [...new Set(words)].filter((name) => name.startsWith(word)).sort() };
  }

  #names(): string[] {
    const names = [...this.#environment.globals.keys()];
    const { block } = parse(this.#before);
    for (const statement of block.statements) {
      if (statement.kind === "local") names.push(...statement.bindings.map(({ name }) => name));
      else if (statement.kind === "local-function") names.push(statement.name.name);
      else if (statement.kind === "assign") {
        for (const target of statement.targets) if (target.kind === "name") names.push(target.name);
      }
    }
    return [...names.filter((name) => /^[A-Za-z_]\w*$/.test(name)), ...tokens.KEYWORDS];
  }

  /** Members of the value that stands before the last sign. */
  #members(before: string, isCall: boolean): string[] {
    const whole = `${this.#before}${shellSource(`${before}${PLACEHOLDER}${isCall ? "()" : ""}`)}`;
    const parsed = parse(whole);
    const facts: TypeFacts = {
      expressions: new Map(),
      fields: new Map(),
      variables: new Map(),
      names: new Map(),
    };
    check(parsed, this.#environment, undefined, undefined, facts);
    let owner: syntax.Expression | undefined;
    walk(parsed.block, {
      expression(node) {
        if (node.kind === "member" && node.name.name === PLACEHOLDER) owner = node.object;
        if (node.kind === "method" && node.name.name === PLACEHOLDER) owner = node.object;
      },
    });
    const type = owner === undefined ? undefined : facts.expressions.get(owner);
    return type === undefined ? [] : this.#fieldsOf(type, isCall);
  }

  #fieldsOf(type: types.Type, isCall: boolean): string[] {
    return types.membersOf(type).flatMap((member) => {
      let inner = types.expand(member);
      const isText = (inner.kind === "primitive" && inner.name === "string") ||
        (inner.kind === "literal" && typeof inner.value === "string");
      if (isText) inner = types.expand(this.#environment.globals.get("string") ?? inner);
      if (inner.kind === "intersection") inner = mergeTables(inner.members) ?? inner;
      if (inner.kind !== "table") return [];
      return [...inner.fields].filter(([, field]) =>
        !isCall || types.membersOf(field.type).map(types.expand).some(({ kind }) => kind === "function")
      ).map(([name]) => name).filter((name) => /^[A-Za-z_]\w*$/.test(name) && name !== PLACEHOLDER);
    });
  }
}

/** Whether the end of an input is inside a short string. */
function isInString(input: string): boolean {
  const line = input.slice(input.lastIndexOf("\n") + 1);
  let quote = "";
  for (let i = 0; i < line.length; i++) {
    const char = line[i]!;
    if (quote === "") {
      if (char === '"' || char === "'") quote = char;
    } else if (char === "\\") i++;
    else if (char === quote) quote = "";
  }
  return quote !== "";
}

function definitionOf(entry: Entry | undefined): LuaDefinition | undefined {
  if (entry === undefined) return undefined;
  const { ns } = parseEntryId(entry.id);
  return decodeDefinition(entry, LUA_CONFIG.decode(entry.data, { path: "", ns, references: [] }));
}

/** What libraries export, by id; each is checked when it is first required. */
class LibraryTypes extends Map<string, ModuleType> {
  readonly #find: (id: string) => ModuleType | undefined;

  constructor(find: (id: string) => ModuleType | undefined) {
    super();
    this.#find = find;
  }

  override get(id: string): ModuleType | undefined {
    return id.includes(":") ? this.#find(id) : undefined;
  }

  override has(id: string): boolean {
    return this.get(id) !== undefined;
  }
}
