/** Tokens of expressions. */

/** What a token is. Words that act as operators are operators, except after a dot. */
export type TokenKind = "number" | "string" | "bytes" | "name" | "operator" | "end";

/** One token. */
export interface Token {
  readonly kind: TokenKind;
  /** As written; the content of strings. */
  readonly text: string;
  /** Offset of its first character. */
  readonly at: number;
  /** Value of numbers and bytes. */
  readonly value?: number | bigint | Uint8Array;
  /** Whether a number is a float. */
  readonly isFloat?: boolean;
}
