/** Command lines: whether they may be run, and the words they are made of. There is no shell. */
import { Failure } from "../../core/mod.ts";

/** Refuses a command that is not on the list, letter for letter; an empty list allows all. */
export function demandListed(command: string, whitelist: readonly string[]): void {
  if (whitelist.length === 0 || whitelist.includes(command)) return;
  throw new Failure("PermissionDenied", "command not allowed", { retryable: false, details: { command } });
}

/**
 * Splits a command line at blanks. Single quotes keep everything, double quotes all but a backslash before `"` or `\`; outside
 * of quotes a backslash keeps the next character.
 */
export function wordsOf(command: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = "";
  for (let i = 0; i < command.length; i++) {
    const character = command[i]!;
    const next = command[i + 1] ?? "";
    if (character === "\\" && quote !== "'" && (quote === "" ? next !== "" : next === '"' || next === "\\")) {
      word = (word ?? "") + next;
      i++;
    } else if (quote !== "") {
      if (character === quote) quote = "";
      else word += character;
    } else if (character === "'" || character === '"') {
      quote = character;
      word ??= "";
    } else if (/\s/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? "") + character;
  }
  if (quote !== "") throw invalid(`command has an unterminated quote: ${command}`);
  if (word !== undefined) words.push(word);
  if (words.length === 0 || words[0] === "") throw invalid("command is required");
  if (words.some((item) => item.includes("\0"))) throw invalid("command contains a NUL byte");
  return words;
}

function invalid(message: string): Failure {
  return new Failure("Invalid", message, { retryable: false });
}
