/**
 * What is answered to each request about documents.
 *
 * RQ1. A document that nobody knows gets an empty answer, not an error: editors ask about anything that they show.
 */
import type * as P from "vscode-languageserver-protocol";
import { printSource } from "../lang/mod.ts";
import { CallHierarchy } from "./call_hierarchy.ts";
import { codeActions, definitionActions } from "./code_actions.ts";
import { completeLua } from "./completion.ts";
import {
  completeDefinition,
  definitionInDefinition,
  definitionSymbols,
  hoverDefinition,
  referencesInDefinition,
  renamedEntry,
  renameEntry,
} from "./definition_features.ts";
import { diagnosticsOf } from "./diagnostics.ts";
import { LibraryDocs } from "./doc_comments.ts";
import { hoverAt } from "./hover.ts";
import type { DefinitionText } from "./definition_text.ts";
import { inlineEntryAt } from "./inline_text.ts";
import { luaSymbols } from "./lua_symbols.ts";
import { Navigation } from "./navigation.ts";
import { printDefinitions } from "./print_definitions.ts";
import { SymbolKind } from "./protocol.ts";
import { semanticTokens } from "./semantic_tokens.ts";
import { signatureAt } from "./signature.ts";
import { editsWithin, lineEdits } from "./text_edits.ts";
import { type IndexedSymbol, topSymbols } from "./source_index.ts";
import type { Text } from "./text.ts";
import type { CheckedUnit, LuaUnit, Workspace } from "./workspace.ts";

/** Most symbols that one search gives. */
const SYMBOLS_MAX = 500;

/** Whether the client has lost interest. */
export type IsCancelled = () => boolean;

type At = P.TextDocumentPositionParams;

/** The document a request is about: a Lua source, or a definition file. */
type Subject =
  | { readonly kind: "lua"; readonly checked: CheckedUnit; readonly offset: number }
  | {
    readonly kind: "definition";
    readonly definition: NonNullable<ReturnType<Workspace["definition"]>>;
    readonly offset: number;
  };

/** Answers requests about the documents of a workspace. */
export class Requests {
  readonly #workspace: Workspace;
  readonly #docs: LibraryDocs;

  constructor(workspace: Workspace) {
    this.#workspace = workspace;
    this.#docs = new LibraryDocs(workspace.modules.values());
  }

  hover(params: At): P.Hover | null {
    const subject = this.#subject(params);
    if (subject === undefined) return null;
    const { offset } = subject;
    return (subject.kind === "lua"
      ? hoverAt(this.#workspace, this.#docs, subject.checked, offset)
      : hoverDefinition(this.#workspace, this.#docs, subject.definition, offset)) ?? null;
  }

  completion(params: At): P.CompletionList {
    const { uri } = params.textDocument;
    const workspace = this.#workspace;
    const unit = workspace.unit(uri);
    const list = (items: P.CompletionItem[]): P.CompletionList => ({ isIncomplete: false, items });
    if (unit !== undefined) {
      const offset = workspace.unitText(unit).offset(params.position);
      return list(completeLua({ workspace, docs: this.#docs, unit, view: (checked) => checked }, offset));
    }
    const subject = this.#subject(params);
    if (subject?.kind === "lua") {
      const view = workspace.asWritten.bind(workspace);
      return list(
        completeLua({ workspace, docs: this.#docs, unit: subject.checked.unit, view }, subject.offset),
      );
    }
    const definition = workspace.definition(uri);
    if (definition === undefined) return list([]);
    const offset = definition.text.offset(params.position);
    return list(completeDefinition(workspace, this.#docs, uri, definition, offset));
  }

  signatureHelp(params: At): P.SignatureHelp | null {
    const subject = this.#subject(params);
    if (subject?.kind !== "lua") return null;
    return signatureAt(this.#workspace, this.#docs, subject.checked, subject.offset) ?? null;
  }

  definition(params: At): P.Location[] {
    const subject = this.#subject(params);
    if (subject === undefined) return [];
    const navigation = this.#navigation(params);
    return subject.kind === "lua"
      ? navigation.definition(subject.checked, subject.offset)
      : definitionInDefinition(this.#workspace, navigation, subject.definition, subject.offset);
  }

  references(params: P.ReferenceParams, isCancelled: IsCancelled): P.Location[] {
    const subject = this.#subject(params);
    if (subject === undefined) return [];
    const navigation = this.#navigation(params);
    const { includeDeclaration } = params.context;
    return subject.kind === "lua"
      ? navigation.references(subject.checked, subject.offset, includeDeclaration, isCancelled)
      : referencesInDefinition(
        this.#workspace,
        navigation,
        subject.definition,
        subject.offset,
        includeDeclaration,
        isCancelled,
      );
  }

  highlights(params: At): P.DocumentHighlight[] {
    const subject = this.#subject(params);
    if (subject?.kind !== "lua") return [];
    const navigation = this.#navigation(params);
    const own = navigation.uriOf(subject.checked.unit);
    return navigation.references(subject.checked, subject.offset, true, () => false)
      .filter(({ uri }) => uri === own).map(({ range }) => ({ range }));
  }

  prepareRename(params: At): { range: P.Range; placeholder: string } | null {
    const subject = this.#subject(params);
    if (subject === undefined) return null;
    if (subject.kind === "lua") {
      const { checked } = subject;
      const { place } = this.#navigation(params).renamed(checked, subject.offset);
      return {
        range: checked.text.range(place.start, place.end),
        placeholder: checked.parsed.source.slice(place.start, place.end),
      };
    }
    const { place, text } = renamedEntry(this.#workspace, subject.definition, subject.offset);
    return { range: subject.definition.text.range(place.start, place.end), placeholder: text };
  }

  rename(params: P.RenameParams): P.WorkspaceEdit | null {
    const subject = this.#subject(params);
    if (subject === undefined) return null;
    if (subject.kind === "lua") {
      return this.#navigation(params).rename(subject.checked, subject.offset, params.newName);
    }
    const found = renamedEntry(this.#workspace, subject.definition, subject.offset);
    return renameEntry(this.#workspace, this.#navigation(params), found, params.newName);
  }

  documentSymbols({ textDocument: { uri } }: P.DocumentSymbolParams): P.DocumentSymbol[] {
    const unit = this.#workspace.unit(uri);
    if (unit !== undefined) return luaSymbols(this.#workspace.check(unit));
    const definition = this.#workspace.definition(uri);
    return definition === undefined ? [] : definitionSymbols(this.#workspace, definition);
  }

  workspaceSymbols({ query }: P.WorkspaceSymbolParams, isCancelled: IsCancelled): P.SymbolInformation[] {
    const found: P.SymbolInformation[] = [];
    const navigation = new Navigation(this.#workspace, "");
    const wanted = query.toLowerCase();
    const matches = (name: string): boolean => isSubsequence(wanted, name.toLowerCase());
    for (const entry of this.#workspace.entries().values()) {
      if (found.length >= SYMBOLS_MAX) return found;
      const { id, definition, ns } = entry;
      const text = definition === undefined ? undefined : this.#workspace.definition(definition.uri)?.text;
      if (!matches(id) || definition === undefined || text === undefined) continue;
      const { start, end } = definition.entry.namePlace;
      const location = { uri: definition.uri, range: text.range(start, end) };
      found.push({ name: id, kind: SymbolKind.Object, location, containerName: ns });
    }
    for (const unit of this.#workspace.units()) {
      if (isCancelled() || found.length >= SYMBOLS_MAX) return found;
      const uri = navigation.uriOf(unit);
      const containerName = unit.entries[0]?.id ?? "";
      for (const { name, kind, start, end } of this.#symbolsOf(unit)) {
        if (!matches(name)) continue;
        const range = this.#writtenText(unit).range(start, end);
        found.push({ name, kind, containerName, location: { uri, range } });
      }
    }
    return found.slice(0, SYMBOLS_MAX);
  }

  /** Symbols at the top of a source, by offsets: from the index as far as it is there. */
  #symbolsOf(unit: LuaUnit): readonly IndexedSymbol[] {
    return this.#workspace.index.get(unit.key)?.symbols ?? topSymbols(this.#workspace.check(unit));
  }

  /** The text by which offsets of a source become positions where it is written. */
  #writtenText(unit: LuaUnit): Text {
    return unit.path !== undefined
      ? this.#workspace.unitText(unit)
      : this.#workspace.asWritten(this.#workspace.check(unit)).text;
  }

  semanticTokens({ textDocument: { uri } }: P.SemanticTokensParams, range?: P.Range): P.SemanticTokens {
    const unit = this.#workspace.unit(uri);
    if (unit === undefined) return { data: [] };
    const checked = this.#workspace.check(unit);
    const from = range === undefined ? 0 : checked.text.offset(range.start);
    const to = range === undefined ? Infinity : checked.text.offset(range.end);
    return { data: semanticTokens(this.#workspace, checked, from, to) };
  }

  formatting({ textDocument: { uri } }: P.DocumentFormattingParams): P.TextEdit[] {
    const text = this.#workspace.text(uri);
    if (text === undefined) return [];
    const isLua = uri.endsWith(".lua") || this.#workspace.unit(uri) !== undefined;
    if (!isLua && !/\.ya?ml$/.test(uri)) return [];
    const printed = isLua
      ? printSource(text.source, { isDeclaration: uri.endsWith(".d.lua") })
      : printDefinitions(text.source);
    return printed.ok ? lineEdits(text, printed.text) : [];
  }

  /** Edits of the whole layout as far as they touch the range. */
  rangeFormatting({ textDocument, range, options }: P.DocumentRangeFormattingParams): P.TextEdit[] {
    return editsWithin(this.formatting({ textDocument, options }), range);
  }

  codeActions({ textDocument: { uri }, range, context }: P.CodeActionParams): P.CodeAction[] {
    const unit = this.#workspace.unit(uri);
    const definition = unit === undefined ? this.#workspace.definition(uri) : undefined;
    const checked = unit !== undefined
      ? this.#workspace.check(unit)
      : definition && this.#inlineAt(definition, definition.text.offset(range.start));
    const text = checked?.text ?? definition?.text;
    if (text === undefined) return [];
    const { only } = context;
    const request = { uri, start: text.offset(range.start), end: text.offset(range.end), only };
    return checked !== undefined
      ? codeActions(this.#workspace, checked, request)
      : definitionActions(this.#workspace, definition!, request);
  }

  prepareCallHierarchy(params: At): P.CallHierarchyItem[] {
    const subject = this.#subject(params);
    if (subject?.kind !== "lua") return [];
    return this.#calls(params.textDocument.uri).prepare(subject.checked, subject.offset);
  }

  incomingCalls({ item }: P.CallHierarchyIncomingCallsParams): P.CallHierarchyIncomingCall[] {
    return this.#calls(item.uri).incoming(item);
  }

  outgoingCalls({ item }: P.CallHierarchyOutgoingCallsParams): P.CallHierarchyOutgoingCall[] {
    return this.#calls(item.uri).outgoing(item);
  }

  diagnostic({ textDocument: { uri } }: P.DocumentDiagnosticParams): P.FullDocumentDiagnosticReport {
    return { kind: "full", items: diagnosticsOf(this.#workspace, uri) ?? [] };
  }

  #calls(uri: string): CallHierarchy {
    return new CallHierarchy(this.#workspace, new Navigation(this.#workspace, uri));
  }

  #navigation({ textDocument: { uri } }: At): Navigation {
    return new Navigation(this.#workspace, uri);
  }

  /** The source inside a definition file, with the places it has there. */
  #inlineAt(definition: DefinitionText, offset: number): CheckedUnit | undefined {
    const entry = inlineEntryAt(definition, offset);
    const unit = entry === undefined ? undefined : this.#workspace.unitOfEntry(entry.id);
    if (unit === undefined) return undefined;
    const checked = this.#workspace.check(unit);
    const written = this.#workspace.asWritten(checked);
    return written === checked ? undefined : written;
  }

  #subject({ textDocument: { uri }, position }: At): Subject | undefined {
    const unit = this.#workspace.unit(uri);
    if (unit !== undefined) {
      const checked = this.#workspace.check(unit);
      return { kind: "lua", checked, offset: checked.text.offset(position) };
    }
    const definition = this.#workspace.definition(uri);
    if (definition === undefined) return undefined;
    const offset = definition.text.offset(position);
    const inline = this.#inlineAt(definition, offset);
    if (inline !== undefined) return { kind: "lua", checked: inline, offset: inline.text.offset(position) };
    return { kind: "definition", definition, offset };
  }
}

function isSubsequence(wanted: string, text: string): boolean {
  let at = 0;
  for (const letter of wanted) {
    at = text.indexOf(letter, at) + 1;
    if (at === 0) return false;
  }
  return true;
}
