/** W0001: a block without statements and without a comment that says why. Functions may be empty. */
import type { Block, Range } from "../syntax.ts";
import { defineRule, type RuleContext } from "./rule.ts";

export default defineRule({
  code: "W0001",
  name: "no-empty-blocks",
  severity: "warning",
  message: (subject) => `empty '${subject}' block`,
  visit: {
    statement(statement, context) {
      const look = (block: Block, head: Range, word: string): void => {
        if (block.statements.length === 0 && !hasComment(context, head.end, block.start)) {
          context.report(head, word);
        }
      };
      const start = (word: string): Range => ({ start: statement.start, end: statement.start + word.length });
      switch (statement.kind) {
        case "do":
        case "while":
        case "repeat":
          return look(statement.block, start(statement.kind), statement.kind);
        case "numeric-for":
        case "generic-for":
          return look(statement.block, start("for"), "for");
        case "if":
          for (const [i, branch] of statement.branches.entries()) {
            look(branch.block, i === 0 ? start("if") : branch.condition, i === 0 ? "if" : "elseif");
          }
          if (statement.otherwise !== undefined) {
            const at = context.parsed.source.lastIndexOf("else", statement.otherwise.start - 1);
            look(statement.otherwise, { start: at, end: at + 4 }, "else");
          }
      }
    },
  },
});

function hasComment({ parsed }: RuleContext, start: number, end: number): boolean {
  return parsed.comments.some((comment) => comment.start >= start && comment.end <= end);
}
