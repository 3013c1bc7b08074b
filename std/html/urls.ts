/** Which addresses may stand in attributes. */

/** Schemes that run code, or carry documents that do. */
const DANGEROUS: ReadonlySet<string> = new Set(["javascript", "vbscript", "data", "livescript", "mocha"]);
const DATA_IMAGE = /^data:image\/(?:gif|jpeg|png|webp);base64,[A-Za-z0-9+/]+={0,2}$/;

/** Attributes that hold an address. */
const URL_ATTRIBUTES: ReadonlySet<string> = new Set([
  "action",
  "background",
  "cite",
  "codebase",
  "data",
  "formaction",
  "href",
  "icon",
  "longdesc",
  "manifest",
  "poster",
  "profile",
  "src",
  "usemap",
  "xlink:href",
]);

/** The scheme of an address as browsers see it, without the blanks and control characters they pass over; `""` for none. */
function schemeOf(url: string): string {
  // deno-lint-ignore no-control-regex
  const bare = url.replaceAll(/[\u0000-\u0020\u007f-\u00a0\u00ad\u200b-\u200f\u2028\u2029\ufeff]/g, "");
  return /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(bare)?.[1]?.toLowerCase() ?? "";
}

/** True for an address that names a host. */
export function isFullyQualified(url: string): boolean {
  const address = url.trim();
  return /^[A-Za-z][A-Za-z0-9+.-]*:\/\//.test(address) || address.startsWith("//");
}

function isParseable(url: string): boolean {
  // deno-lint-ignore no-control-regex
  if (/[\u0000-\u001f\u007f]/.test(url) || /%(?![0-9A-Fa-f]{2})/.test(url)) return false;
  return !isFullyQualified(url) || URL.canParse(url.startsWith("//") ? `http:${url}` : url);
}

/** Rules for addresses. */
export class UrlRules {
  #schemes: Set<string> | undefined;
  #allowsRelative: boolean | undefined;
  #mustParse = false;
  /** Images may stand in the address itself. */
  allowsDataImages = false;

  allowSchemes(schemes: readonly string[]): void {
    this.#schemes ??= new Set();
    for (const scheme of schemes) this.#schemes.add(scheme.toLowerCase().replace(/:$/, ""));
    this.#mustParse = true;
  }

  allowRelative(allowed: boolean): void {
    this.#allowsRelative = allowed;
    this.#mustParse = true;
  }

  requireParseable(required: boolean): void {
    this.#mustParse = required;
  }

  /** The value that an attribute may keep; undefined when it has to go. */
  permitted(element: string, attribute: string, value: string): string | undefined {
    if (attribute === "srcset" || attribute === "imagesrcset") return this.#candidates(element, value);
    if (!URL_ATTRIBUTES.has(attribute)) return value;
    const url = value.trim();
    return this.#permits(element, url) ? url : undefined;
  }

  #permits(element: string, url: string): boolean {
    const scheme = schemeOf(url);
    if (scheme === "data") {
      if (this.allowsDataImages && element === "img") return DATA_IMAGE.test(url.replaceAll(/\s/g, ""));
      return false;
    }
    if (scheme !== "" && DANGEROUS.has(scheme)) return false;
    if (this.#mustParse && !isParseable(url)) return false;
    if (scheme !== "") return this.#schemes === undefined || this.#schemes.has(scheme);
    return this.#allowsRelative ?? this.#schemes === undefined;
  }

  /** All candidates of a source set, or nothing. */
  #candidates(element: string, value: string): string | undefined {
    const isFine = value.split(/,\s+|,$/).every((candidate) => {
      const url = candidate.trim().split(/\s/)[0] ?? "";
      return url === "" || this.#permits(element, url);
    });
    return isFine ? value : undefined;
  }
}
