/**
 * Names of documents: files, and entries as `wippy://namespace:name` or plainly `namespace:name`.
 */

const ENTRY_SCHEME = "wippy://";

/** What a document is. */
export type DocumentName =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "entry"; readonly id: string }
  | { readonly kind: "other" };

/** What a URI names. */
export function parseUri(uri: string): DocumentName {
  if (uri.startsWith("file:")) {
    const path = pathOf(uri);
    return path === undefined ? { kind: "other" } : { kind: "file", path };
  }
  const id = uri.startsWith(ENTRY_SCHEME) ? decoded(uri.slice(ENTRY_SCHEME.length)) : uri;
  if (id !== undefined && /^[^\s:/]+:[^\s/]+$/.test(id)) return { kind: "entry", id };
  return { kind: "other" };
}

function pathOf(uri: string): string | undefined {
  try {
    const path = decodeURIComponent(new URL(uri).pathname);
    // `file:///c:/folder` on Windows.
    return /^\/[A-Za-z]:/.test(path) ? path.slice(1) : path;
  } catch {
    return undefined;
  }
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** The URI of a file. */
export function fileUri(path: string): string {
  const parts = path.replaceAll("\\", "/").split("/").map((part, i) =>
    i === 0 && /^[A-Za-z]:$/.test(part) ? part : encodeURIComponent(part)
  );
  const joined = parts.join("/");
  return `file://${joined.startsWith("/") ? "" : "/"}${joined}`;
}

/** The URI of an entry's source. */
export function entryUri(id: string): string {
  return `${ENTRY_SCHEME}${id}`;
}
