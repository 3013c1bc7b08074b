/** Origins of browsers, and patterns of them: `*`, `https://app.example.com`, `*.example.com`, `https://*.example.com`. */

/** Whether an origin (the header's value) fits. */
export type OriginMatcher = (origin: string) => boolean;

/** Splits `https://host:port` after its scheme; the scheme is "" when there is none. */
function splitScheme(text: string): { scheme: string; host: string } {
  const at = text.indexOf("://");
  return at < 0 ? { scheme: "", host: text } : { scheme: text.slice(0, at), host: text.slice(at + 3) };
}

function compileOrigin(pattern: string): OriginMatcher {
  if (pattern === "*") return () => true;
  const wanted = splitScheme(pattern.toLowerCase().replace(/\/$/, ""));
  const star = wanted.host.indexOf("*");
  const before = wanted.host.slice(0, Math.max(0, star));
  const after = wanted.host.slice(star + 1);
  return (origin) => {
    const { scheme, host } = splitScheme(origin);
    if (wanted.scheme !== "" && wanted.scheme !== scheme) return false;
    if (star < 0) return host === wanted.host;
    return host.length > before.length + after.length && host.startsWith(before) && host.endsWith(after);
  };
}

/** A matcher for any of `patterns`. */
export function compileOrigins(patterns: readonly string[]): OriginMatcher {
  const matchers = patterns.map(compileOrigin);
  return (origin) => {
    const lower = origin.toLowerCase();
    return matchers.some((matches) => matches(lower));
  };
}

/** Whether a browser page of `origin` belongs to the host that a request was sent to. */
export function isSameOrigin(origin: string, host: string): boolean {
  return splitScheme(origin.toLowerCase()).host === host.toLowerCase();
}
