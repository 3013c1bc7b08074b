/**
 * Token kinds of typed Lua, as small numbers, and their texts.
 *
 * Owns the list of keywords. Contextual words (`type`, `as`, `readonly`, `typeof`, attributes) are names here;
 * the parser tells them apart.
 */

const EOF: number = 0;
const NAME: number = 1;
const STRING: number = 2;
const NUMBER: number = 3;
const AND: number = 4;
const BREAK: number = 5;
const DO: number = 6;
const ELSE: number = 7;
const ELSEIF: number = 8;
const END: number = 9;
const FALSE: number = 10;
const FOR: number = 11;
const FUNCTION: number = 12;
const GOTO: number = 13;
const IF: number = 14;
const IN: number = 15;
const LOCAL: number = 16;
const NIL: number = 17;
const NOT: number = 18;
const OR: number = 19;
const REPEAT: number = 20;
const RETURN: number = 21;
const THEN: number = 22;
const TRUE: number = 23;
const UNTIL: number = 24;
const WHILE: number = 25;
const PLUS: number = 26;
const MINUS: number = 27;
const STAR: number = 28;
const SLASH: number = 29;
const DOUBLE_SLASH: number = 30;
const PERCENT: number = 31;
const CARET: number = 32;
const HASH: number = 33;
const AMPERSAND: number = 34;
const TILDE: number = 35;
const BAR: number = 36;
const SHIFT_LEFT: number = 37;
const SHIFT_RIGHT: number = 38;
const EQUAL: number = 39;
const NOT_EQUAL: number = 40;
const LESS_EQUAL: number = 41;
const GREATER_EQUAL: number = 42;
const LESS: number = 43;
const GREATER: number = 44;
const ASSIGN: number = 45;
const LEFT_PAREN: number = 46;
const RIGHT_PAREN: number = 47;
const LEFT_BRACE: number = 48;
const RIGHT_BRACE: number = 49;
const LEFT_BRACKET: number = 50;
const RIGHT_BRACKET: number = 51;
const DOUBLE_COLON: number = 52;
const SEMICOLON: number = 53;
const COLON: number = 54;
const COMMA: number = 55;
const DOT: number = 56;
const CONCAT: number = 57;
const DOTS: number = 58;
const BANG: number = 59;
const QUESTION: number = 60;
const AT: number = 61;
const ARROW: number = 62;

export {
  AMPERSAND,
  AND,
  ARROW,
  ASSIGN,
  AT,
  BANG,
  BAR,
  BREAK,
  CARET,
  COLON,
  COMMA,
  CONCAT,
  DO,
  DOT,
  DOTS,
  DOUBLE_COLON,
  DOUBLE_SLASH,
  ELSE,
  ELSEIF,
  END,
  EOF,
  EQUAL,
  FALSE,
  FOR,
  FUNCTION,
  GOTO,
  GREATER,
  GREATER_EQUAL,
  HASH,
  IF,
  IN,
  LEFT_BRACE,
  LEFT_BRACKET,
  LEFT_PAREN,
  LESS,
  LESS_EQUAL,
  LOCAL,
  MINUS,
  NAME,
  NIL,
  NOT,
  NOT_EQUAL,
  NUMBER,
  OR,
  PERCENT,
  PLUS,
  QUESTION,
  REPEAT,
  RETURN,
  RIGHT_BRACE,
  RIGHT_BRACKET,
  RIGHT_PAREN,
  SEMICOLON,
  SHIFT_LEFT,
  SHIFT_RIGHT,
  SLASH,
  STAR,
  STRING,
  THEN,
  TILDE,
  TRUE,
  UNTIL,
  WHILE,
};

/** The text of each kind; for kinds with many texts, what people call it. */
export const TOKEN_TEXTS: readonly string[] = [
  ...["end of file", "a name", "a string", "a number"],
  ...("and break do else elseif end false for function goto if in local nil not or repeat return then true until while" +
    " + - * / // % ^ # & ~ | << >> == ~= <= >= < > = ( ) { } [ ] :: ; : , . .. ... ! ? @ ->").split(" "),
];

/** The words that no variable can have as its name. */
export const KEYWORDS: readonly string[] = TOKEN_TEXTS.slice(AND, WHILE + 1);

const KEYWORDS_BY_FIRST = groupKeywords();

function groupKeywords(): (readonly (readonly [string, number])[] | undefined)[] {
  const groups: [string, number][][] = [];
  for (let kind = AND; kind <= WHILE; kind++) {
    const word = TOKEN_TEXTS[kind]!;
    (groups[word.charCodeAt(0) - 97] ??= []).push([word, kind]);
  }
  return Array.from({ length: 26 }, (_, i) => groups[i]);
}

/** The keyword at `start..end` of `source`, or `NAME`. */
export function keywordOrName(source: string, start: number, end: number): number {
  const length = end - start;
  if (length < 2 || length > 8) return NAME;
  const group = KEYWORDS_BY_FIRST[source.charCodeAt(start) - 97];
  if (group === undefined) return NAME;
  for (let i = 0; i < group.length; i++) {
    const word = group[i]!;
    if (word[0].length === length && source.startsWith(word[0], start)) return word[1];
  }
  return NAME;
}
