/** Questions about types that rules ask. */
import { expand, is, membersOf, type Pack, type Type } from "./types.ts";

/** Whether results end in an error that may be there: `(string?, error?)`. */
export function endsInError(results: Pack): boolean {
  const last = results.types.at(-1);
  return results.rest === undefined && results.types.length > 1 && last !== undefined &&
    isOptionalError(last) && membersOf(last).some((member) => member.kind === "named");
}

/** `error?`, or the string that stands for one in older code: what ends the results of a call that may fail. */
export function isOptionalError(type: Type): boolean {
  const members = membersOf(type).map((member) => ({ member, inner: expand(member) }));
  if (!members.some(({ inner }) => is(inner, "nil"))) return false;
  const rest = members.filter(({ inner }) => !is(inner, "nil"));
  return rest.length > 0 &&
    rest.every(({ member, inner }) =>
      is(inner, "string") || (member.kind === "named" && member.name === "error")
    );
}
