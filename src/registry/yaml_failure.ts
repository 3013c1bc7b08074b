/** YAML that can't be read, told with the place and the lines around it. */
import { Failure } from "../core/mod.ts";

/** Longest line that is shown in full. */
const LINE_SHOWN_MAX = 120;

/** The failure of a reader, as one about `file`: Invalid, with the wrong line and the one before it. */
export function yamlFailure(error: unknown, text: string, file: string): Failure {
  if (!(error instanceof Failure)) throw error;
  const { line, column } = error.details ?? {};
  const place = typeof line === "number" ? `${file}:${line}` : file;
  const reason = error.message.replace(/^line \d+, /, "");
  const frame = typeof line === "number" && typeof column === "number" ? frameOf(text, line, column) : "";
  return new Failure("Invalid", `${place}: malformed YAML: ${reason}${frame}`, {
    retryable: false,
    details: { ...error.details, file },
    cause: error,
  });
}

function frameOf(text: string, line: number, column: number): string {
  const lines = text.split(/\r?\n/);
  const width = String(line).length;
  const shown = [line - 1, line].filter((each) => each >= 1 && each <= lines.length).map((each) =>
    `\n ${String(each).padStart(width)} | ${lines[each - 1]!.slice(0, LINE_SHOWN_MAX).replaceAll("\t", " ")}`
  );
  if (line > lines.length || column > LINE_SHOWN_MAX) return shown.join("");
  return `${shown.join("")}\n ${" ".repeat(width)} | ${" ".repeat(column - 1)}^`;
}
