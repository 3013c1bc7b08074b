/** Regular expressions of policies. */
import type { CompileExpression } from "../../security/mod.ts";

/** A compiler of regular expressions that run in linear time. Loaded only when a policy has one. */
export async function regexCompiler(): Promise<CompileExpression> {
  const { RE2JS } = await import("re2js");
  return (pattern) => {
    const expression = RE2JS.compile(pattern);
    return (text) => expression.matcher(text).find();
  };
}
