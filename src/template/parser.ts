/** Templates parsed to trees. */
import { TEMPLATE_NESTING_MAX } from "../core/mod.ts";
import { ExpressionParser } from "./expression_parser.ts";
import { type Delimiters, type Piece, splitTemplate } from "./lexer.ts";
import { TemplateProblem } from "./problem.ts";
import type { Assignment, Block, Expression, Parameter, Statement, TemplateSyntax } from "./syntax.ts";

/** Words that begin what they close or divide. */
const DIVIDERS: ReadonlySet<string> = new Set(["end", "else", "catch"]);
/** Words that can't name a block. */
const KEYWORDS: ReadonlySet<string> = new Set(
  "extends import block yield content include if else range try catch return end nil true false and or not"
    .split(" "),
);

/** The tree of a template. Throws a TemplateProblem. */
export function parseTemplate(source: string, name: string, delimiters: Delimiters): TemplateSyntax {
  return new Parser(splitTemplate(source, name, delimiters), name).parse();
}

/** What ended a list of statements. */
interface Divider {
  readonly word: string;
  readonly action: ExpressionParser;
}

class Parser {
  readonly #pieces: readonly Piece[];
  readonly #name: string;
  readonly #blocks = new Map<string, Block>();
  readonly #imports: string[] = [];
  #extended: string | undefined;
  #at = 0;
  #depth = 0;
  /** Line of the action at hand. */
  #line = 1;

  constructor(pieces: readonly Piece[], name: string) {
    this.#pieces = pieces;
    this.#name = name;
  }

  parse(): TemplateSyntax {
    const { body, divider } = this.#list(false);
    if (divider !== undefined) {
      throw divider.action.problem(
        `"${divider.word}" has nothing to ${divider.word === "end" ? "close" : "divide"}`,
      );
    }
    return { name: this.#name, extended: this.#extended, imports: this.#imports, blocks: this.#blocks, body };
  }

  /** Statements up to a divider, or the end of the template. */
  #list(endsAtContent: boolean): { body: Statement[]; divider: Divider | undefined } {
    const body: Statement[] = [];
    if (++this.#depth > TEMPLATE_NESTING_MAX) {
      throw this.#problem(`nested deeper than ${TEMPLATE_NESTING_MAX}`);
    }
    while (this.#at < this.#pieces.length) {
      const piece = this.#pieces[this.#at++]!;
      if (piece.kind === "text") {
        body.push(piece);
        continue;
      }
      this.#line = piece.line;
      const action = new ExpressionParser(piece.tokens, { template: this.#name, line: piece.line });
      const { kind, text } = action.token;
      const isContent = endsAtContent && text === "content" && action.tokens.length === 2;
      if (kind === "name" && (DIVIDERS.has(text) || isContent)) {
        action.at++;
        this.#depth--;
        return { body, divider: { word: text, action } };
      }
      if (!action.isEnd) this.#statement(action, body);
    }
    this.#depth--;
    return { body, divider: undefined };
  }

  /** Statements up to `end` or one of `words`. */
  #until(
    opener: ExpressionParser,
    what: string,
    words: readonly string[],
  ): { body: Statement[]; divider: Divider } {
    const { body, divider } = this.#list(words.includes("content"));
    if (divider === undefined) throw opener.problem(`"${what}" is not closed by "end"`);
    if (divider.word !== "end" && !words.includes(divider.word)) {
      throw divider.action.problem(`unexpected "${divider.word}" in "${what}"`);
    }
    if (divider.word === "end" || divider.word === "content") divider.action.expectEnd();
    return { body, divider };
  }

  #problem(message: string): TemplateProblem {
    return new TemplateProblem(message, { template: this.#name, line: this.#line });
  }

  #statement(action: ExpressionParser, into: Statement[]): void {
    const { line } = action.place;
    const word = action.token.kind === "name" ? action.token.text : "";
    const next = action.tokens[action.at + 1]!;
    // A keyword with a call or a member behind it is a variable of that name.
    const isKeyword = KEYWORDS.has(word) &&
      !(next.kind === "sign" && !next.isSpaced && /^[.([]$/.test(next.text));
    switch (isKeyword ? word : "") {
      case "extends":
        return this.#head(action, into);
      case "import":
        return this.#head(action, into);
      case "block":
        into.push(this.#block(action));
        return;
      case "yield":
        into.push(this.#yield(action));
        return;
      case "include": {
        action.at++;
        const path = action.expression();
        into.push({ kind: "include", path, context: this.#context(action), line });
        return;
      }
      case "if":
        into.push(this.#if(action));
        return;
      case "range":
        into.push(this.#range(action));
        return;
      case "try":
        into.push(this.#try(action));
        return;
      case "return": {
        action.at++;
        const value = action.pipeline();
        action.expectEnd();
        into.push({ kind: "return", value, line });
        return;
      }
    }
    const assignment = this.#assignment(action);
    if (assignment !== undefined) {
      into.push({ kind: "assign", assignment, line });
      if (!action.accept(";")) return action.expectEnd();
    }
    const value = action.pipeline();
    action.expectEnd();
    into.push({ kind: "output", value, line });
  }

  /** `extends` and `import`, which stand before anything that is rendered. */
  #head(action: ExpressionParser, into: readonly Statement[]): void {
    const word = action.name("a keyword");
    const { token } = action;
    if (token.kind !== "string") throw action.unexpected("the name of a template in quotes");
    action.at++;
    action.expectEnd();
    const isFirst = this.#depth === 1 &&
      into.every((item) => item.kind === "text" && item.text.trim() === "");
    if (word === "import") {
      if (this.#depth > 1) throw action.problem('"import" belongs to the top of a template');
      this.#imports.push(token.text);
      return;
    }
    if (!isFirst || this.#imports.length > 0) throw action.problem('"extends" must come first');
    if (this.#extended !== undefined) throw action.problem("a template extends one other template only");
    this.#extended = token.text;
  }

  /** What is left of the action, as a context. */
  #context(action: ExpressionParser): Expression | undefined {
    if (action.isEnd) return undefined;
    const context = action.pipeline();
    action.expectEnd();
    return context;
  }

  /** `a, b := 1, 2` or `a = 1`; undefined when the action is none. */
  #assignment(action: ExpressionParser): Assignment | undefined {
    let ahead = 0;
    const names: string[] = [];
    for (;;) {
      const token = action.tokens[action.at + ahead]!;
      if (token.kind !== "name") return undefined;
      names.push(token.text);
      ahead++;
      if (!action.is(",", ahead)) break;
      ahead++;
    }
    const isNew = action.is(":=", ahead);
    if (!isNew && !action.is("=", ahead)) return undefined;
    action.at += ahead + 1;
    const reserved = names.find((name) => KEYWORDS.has(name));
    if (reserved !== undefined) throw action.problem(`"${reserved}" can't be a variable`);
    const values = [action.pipeline()];
    while (action.accept(",")) values.push(action.pipeline());
    if (values.length !== names.length) {
      throw action.problem(`${names.length} variables for ${values.length} values`);
    }
    return { names, values, isNew };
  }

  #if(action: ExpressionParser): Statement {
    const { line } = action.place;
    action.at++;
    const assignment = this.#assignment(action);
    if (assignment !== undefined) action.expect(";");
    const test = action.pipeline();
    action.expectEnd();
    const { body: then, divider } = this.#until(action, "if", ["else"]);
    let otherwise: Statement[] = [];
    if (divider.word === "else") {
      const inner = divider.action;
      if (inner.is("if")) {
        if (++this.#depth > TEMPLATE_NESTING_MAX) {
          throw this.#problem(`nested deeper than ${TEMPLATE_NESTING_MAX}`);
        }
        otherwise = [this.#if(inner)];
        this.#depth--;
      } else {
        inner.expectEnd();
        otherwise = this.#until(action, "if", []).body;
      }
    }
    return { kind: "if", assignment, test, then, otherwise, line };
  }

  #range(action: ExpressionParser): Statement {
    const { line } = action.place;
    action.at++;
    const names: string[] = [];
    let isNew = true;
    const count = action.is(",", 1) ? 2 : 1;
    const sign = 2 * count - 1;
    if (action.token.kind === "name" && (action.is(":=", sign) || action.is("=", sign))) {
      names.push(action.name("a variable"));
      if (action.accept(",")) names.push(action.name("a variable"));
      isNew = action.is(":=");
      action.at++;
    }
    const over = action.pipeline();
    action.expectEnd();
    const { body, divider } = this.#until(action, "range", ["else"]);
    let otherwise: Statement[] = [];
    if (divider.word === "else") {
      divider.action.expectEnd();
      otherwise = this.#until(action, "range", []).body;
    }
    return { kind: "range", key: names[0], value: names[1], isNew, over, body, otherwise, line };
  }

  #try(action: ExpressionParser): Statement {
    const { line } = action.place;
    action.at++;
    action.expectEnd();
    const { body, divider } = this.#until(action, "try", ["catch"]);
    if (divider.word === "end") return { kind: "try", body, name: undefined, otherwise: [], line };
    const name = divider.action.isEnd ? undefined : divider.action.name("the name of a variable");
    divider.action.expectEnd();
    return { kind: "try", body, name, otherwise: this.#until(action, "try", []).body, line };
  }

  #block(action: ExpressionParser): Statement {
    const { line } = action.place;
    action.at++;
    const name = action.name("the name of a block");
    if (KEYWORDS.has(name)) throw action.problem(`a block can't be called "${name}"`);
    const parameters = this.#parameters(action).map(({ name, value }) => {
      // A name alone is a parameter, which reads like an argument by place.
      if (name !== "") return { name, value };
      if (value?.kind !== "name") throw action.problem("a parameter needs a name");
      return { name: value.name, value: undefined };
    });
    const context = this.#context(action);
    const { body, divider } = this.#until(action, "block", ["content"]);
    const content = divider.word === "content" ? this.#until(action, "block", []).body : undefined;
    const block: Block = { name, parameters, context, body, content };
    this.#blocks.set(name, block);
    return { kind: "block", block, line };
  }

  #yield(action: ExpressionParser): Statement {
    const { line } = action.place;
    action.at++;
    const name = action.name("the name of a block");
    if (name === "content") return { kind: "content", context: this.#context(action), line };
    const args = this.#parameters(action);
    const isContentNext = (): boolean => action.is("content") && action.tokens[action.at + 1]!.kind === "end";
    const context = action.isEnd || isContentNext() ? undefined : action.pipeline();
    const hasContent = isContentNext();
    if (hasContent) action.at++;
    action.expectEnd();
    const content = hasContent ? this.#until(action, "yield", []).body : undefined;
    return { kind: "yield", name, args, context, content, line };
  }

  /** `(a, b="x")`: names with values, or values by place. */
  #parameters(action: ExpressionParser): Parameter[] {
    const parameters: Parameter[] = [];
    if (!action.accept("(")) return parameters;
    while (!action.is(")")) {
      if (action.token.kind === "name" && action.is("=", 1)) {
        const name = action.name("a parameter");
        action.expect("=");
        parameters.push({ name, value: action.pipeline() });
      } else parameters.push({ name: "", value: action.pipeline() });
      if (!action.accept(",")) break;
    }
    action.expect(")");
    return parameters;
  }
}
