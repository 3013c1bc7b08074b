/** What a call takes, while its arguments are being written. */
import { type syntax, types, walk } from "../lang/mod.ts";
import type { SignatureHelp } from "vscode-languageserver-protocol";
import { docOf, paramTexts, signatureText } from "./describe.ts";
import type { LibraryDocs } from "./doc_comments.ts";
import type { CheckedUnit, Workspace } from "./workspace.ts";

type Call = syntax.CallExpression | syntax.MethodCallExpression;

/** The signature of the innermost call around an offset. */
export function signatureAt(
  workspace: Workspace,
  docs: LibraryDocs,
  checked: CheckedUnit,
  offset: number,
): SignatureHelp | undefined {
  const call = callAround(checked, offset);
  if (call === undefined) return undefined;
  const { calls, parsed, details: { facts } } = checked;
  const isMethod = call.kind === "method";
  const known = calls.get(call)?.callee ??
    (isMethod
      ? facts.fields.get(call.name)?.type
      : facts.expressions.get(call.callee) ?? globalOf(checked, call.callee));
  const type = known === undefined ? undefined : types.membersOf(known).map(types.expand)
    .find((member) => member.kind === "function");
  if (type?.kind !== "function") return undefined;
  const name = isMethod
    ? call.name.name
    : type.path ?? parsed.source.slice(call.callee.start, call.callee.end).split("\n").at(-1)!.trim();
  const params = paramTexts(type, isMethod);
  const isRest = type.rest !== undefined;
  const index = argumentIndex(checked, call, offset);
  return {
    signatures: [{
      label: signatureText(name, type, isMethod),
      documentation: { kind: "markdown", value: docOf(workspace, docs, type) },
      parameters: params.map((label) => ({ label })),
    }],
    activeSignature: 0,
    activeParameter: isRest ? Math.min(index, params.length - 1) : index,
  };
}

/** The type of a global, such as `require`, that the checker knows by name. */
function globalOf(
  { resolution, environment }: CheckedUnit,
  callee: syntax.Expression,
): types.Type | undefined {
  if (callee.kind !== "name" || resolution.values.has(callee)) return undefined;
  return environment.globals.get(callee.name);
}

/** Offset of the parenthesis of a call's arguments; undefined for calls without one. */
function openOf({ parsed }: CheckedUnit, call: Call): number | undefined {
  const from = call.kind === "method" ? call.name.end : call.callee.end;
  const at = /^\s*\(/.exec(parsed.source.slice(from, from + 200));
  return at === null ? undefined : from + at[0].length - 1;
}

function callAround(checked: CheckedUnit, offset: number): Call | undefined {
  let best: Call | undefined;
  walk(checked.parsed.block, {
    expression(expression) {
      if (expression.kind !== "call" && expression.kind !== "method") return;
      const open = openOf(checked, expression);
      if (open === undefined || offset <= open) return;
      const isClosed = checked.parsed.source[expression.end - 1] === ")";
      const end = isClosed ? expression.end - 1 : endOfOpen(checked, expression);
      if (offset > end) return;
      if (best === undefined || open > openOf(checked, best)!) best = expression;
    },
  });
  return best;
}

/** How far arguments that are not closed yet may reach: to the end of the line behind the last of them. */
function endOfOpen({ parsed }: CheckedUnit, call: Call): number {
  const last = Math.max(call.end, call.arguments.at(-1)?.end ?? 0);
  const rest = /^[^\n\r]*/.exec(parsed.source.slice(last))![0];
  return last + rest.length;
}

function argumentIndex({ parsed }: CheckedUnit, call: Call, offset: number): number {
  let index = 0;
  for (const [i, argument] of call.arguments.entries()) {
    if (offset <= argument.end && offset >= argument.start) return i;
    if (argument.end <= offset && argument.kind !== "missing") {
      index = parsed.source.slice(argument.end, offset).includes(",") ? i + 1 : i;
    }
  }
  return index;
}
