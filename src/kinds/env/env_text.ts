/**
 * The text form of variables: `KEY=VALUE` lines with `#` comments.
 *
 * A value may be quoted: single quotes take everything as it stands, double quotes know `\n`, `\r`, `\t`, `\"` and `\\`. In a
 * bare value ` #` starts a comment, and space around it is dropped. A leading `export ` is allowed. Later lines win.
 */

const LINE = /^\s*(?:export\s+)?([^\s=#]+)\s*=(.*)$/;
const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", '"': '"', "\\": "\\" };

/** Variables of a text; lines that are none are passed over. */
export function parseEnvText(text: string): Map<string, string> {
  const values = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const match = LINE.exec(line);
    if (match !== null) values.set(match[1]!, parseValue(match[2]!.trim()));
  }
  return values;
}

function parseValue(text: string): string {
  const single = /^'([^']*)'\s*(?:#.*)?$/.exec(text);
  if (single !== null) return single[1]!;
  const double = /^"((?:[^"\\]|\\.)*)"\s*(?:#.*)?$/.exec(text);
  if (double !== null) return double[1]!.replace(/\\(.)/g, (whole, char: string) => ESCAPES[char] ?? whole);
  return text.replace(/(?:^|\s)#.*$/, "").trimEnd();
}

function printValue(value: string): string {
  if (value === "" || /^[^\s#'"\\][^\n\r#'"\\]*$/.test(value) && value.trim() === value) return value;
  const escaped = value.replace(/[\\"]/g, "\\$&").replace(/\n/g, "\\n").replace(/\r/g, "\\r").replace(
    /\t/g,
    "\\t",
  );
  return `"${escaped}"`;
}

/** `text` with `key` set, or without it when `value` is undefined; other lines, comments and order stay. */
export function editEnvText(text: string, key: string, value: string | undefined): string {
  const lines = text === "" ? [] : text.replace(/\n$/, "").split("\n");
  const isOf = (line: string): boolean => LINE.exec(line.replace(/\r$/, ""))?.[1] === key;
  const last = lines.findLastIndex(isOf);
  const kept: string[] = [];
  for (const [i, line] of lines.entries()) {
    if (!isOf(line)) kept.push(line);
    else if (i === last && value !== undefined) kept.push(`${key}=${printValue(value)}`);
  }
  if (last < 0 && value !== undefined) kept.push(`${key}=${printValue(value)}`);
  return kept.length === 0 ? "" : `${kept.join("\n")}\n`;
}
