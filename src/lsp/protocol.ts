/**
 * The protocol's types, and those of its numbers that are used; the protocol's own module takes long to load.
 */
export type * from "vscode-languageserver-protocol";

/** Kinds of symbols. */
export const SymbolKind = {
  Module: 2,
  Namespace: 3,
  Method: 6,
  Field: 8,
  Function: 12,
  Variable: 13,
  Constant: 14,
  Struct: 23,
  Event: 24,
  Object: 19,
} as const;
export type SymbolKind = (typeof SymbolKind)[keyof typeof SymbolKind];

/** Kinds of completions. */
export const CompletionItemKind = {
  Method: 2,
  Function: 3,
  Field: 5,
  Variable: 6,
  Class: 7,
  Module: 9,
  Property: 10,
  Value: 12,
  Enum: 13,
  Keyword: 14,
  File: 17,
  Reference: 18,
  EnumMember: 20,
  Constant: 21,
  Struct: 22,
} as const;
export type CompletionItemKind = (typeof CompletionItemKind)[keyof typeof CompletionItemKind];

/** Severities of diagnostics. */
export const DiagnosticSeverity = { Error: 1, Warning: 2, Information: 3, Hint: 4 } as const;
export type DiagnosticSeverity = (typeof DiagnosticSeverity)[keyof typeof DiagnosticSeverity];
