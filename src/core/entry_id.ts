/**
 * Registry entry ids: `namespace:name`.
 *
 * The first colon splits, so a name may hold further colons; without a colon the namespace is empty.
 */

/** An entry id in parts. */
export interface EntryIdParts {
  ns: string;
  name: string;
}

/** Splits `id` at its first colon. */
export function parseEntryId(id: string): EntryIdParts {
  const colon = id.indexOf(":");
  if (colon < 0) return { ns: "", name: id };
  return { ns: id.slice(0, colon), name: id.slice(colon + 1) };
}

/** Joins namespace and name. */
export function printEntryId(ns: string, name: string): string {
  return `${ns}:${name}`;
}

/** A full id for `reference` written inside an entry of namespace `ns`: a bare name means the same namespace. */
export function resolveEntryId(reference: string, ns: string): string {
  return reference.includes(":") ? reference : `${ns}:${reference}`;
}
