/**
 * Patterns of actions and resources.
 *
 * A star stands for any run of characters, the empty one included. `prefix.*` also matches `prefix` itself.
 */

/** True when a text fits. */
export type Matcher = (text: string) => boolean;

/** A matcher for one of `patterns`. */
export function compilePatterns(patterns: readonly string[]): Matcher {
  if (patterns.includes("*")) return () => true;
  const exact = new Set(patterns.filter((pattern) => !pattern.includes("*")));
  const wild = patterns.filter((pattern) => pattern.includes("*")).map(compileWild);
  if (wild.length === 0) return (text) => exact.has(text);
  return (text) => exact.has(text) || wild.some((matches) => matches(text));
}

function compileWild(pattern: string): Matcher {
  const parts = pattern.split("*");
  const first = parts[0]!;
  const last = parts.at(-1)!;
  const middle = parts.slice(1, -1).filter((part) => part !== "");
  const itself = parts.length === 2 && last === "" && first.endsWith(".") ? first.slice(0, -1) : undefined;
  return (text) => {
    if (text === itself) return true;
    if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) {
      return false;
    }
    const end = text.length - last.length;
    let at = first.length;
    for (const part of middle) {
      const found = text.indexOf(part, at);
      if (found < 0 || found + part.length > end) return false;
      at = found + part.length;
    }
    return true;
  };
}
