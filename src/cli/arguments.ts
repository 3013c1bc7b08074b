/**
 * Reads a command line: words, options, what stands behind `--`.
 *
 * A1. Options may stand anywhere before `--`, also before the command. A2. An unknown option is misuse and gets a suggestion.
 */
import { type Token, tokensOf } from "./argument_tokens.ts";
import { Misuse, type OptionSpecs, ParsedArguments } from "./command.ts";
import { didYouMean } from "./suggestion.ts";

/** Options that every command takes. */
export const GLOBAL_OPTIONS: OptionSpecs = {
  config: { type: "list", about: "configuration file, repeatable", completes: "file" },
  verbose: { type: "flag", short: "v", about: "debug logging" },
  "very-verbose": { type: "flag", about: "debug logging with stack traces" },
  console: { type: "flag", short: "c", about: "colourful log lines" },
  silent: { type: "flag", short: "s", about: "no log lines" },
  "event-streams": { type: "flag", short: "e", about: "log records as events" },
  profiler: { type: "flag", short: "p", about: "profiler on localhost:6060" },
  "memory-limit": { type: "text", short: "m", about: "memory limit, such as 512M or 1G" },
  help: { type: "flag", short: "h", about: "help" },
};

/** Position of the first word that is no option and no value of one; -1 without any. */
export function firstWord(args: readonly string[]): number {
  for (const token of tokensOf(args, GLOBAL_OPTIONS)) {
    if (token.kind === "positional") return token.index;
    if (token.kind === "option-terminator") return -1;
  }
  return -1;
}

/** Parses what follows a command's name. `command` is its full name, for messages. */
export function parseArguments(args: readonly string[], own: OptionSpecs, command: string): ParsedArguments {
  const specs: OptionSpecs = { ...GLOBAL_OPTIONS, ...own };
  const positionals: string[] = [];
  const flags = new Set<string>();
  const texts = new Map<string, string[]>();
  let beforeDashes: number | undefined;
  for (const token of tokensOf(args, specs)) {
    if (token.kind === "positional") positionals.push(token.value);
    else if (token.kind === "option-terminator") beforeDashes = positionals.length;
    else readOption(token, specs, command, flags, texts);
  }
  return new ParsedArguments(positionals, beforeDashes ?? positionals.length, flags, texts);
}

function readOption(
  token: Extract<Token, { kind: "option" }>,
  specs: OptionSpecs,
  command: string,
  flags: Set<string>,
  texts: Map<string, string[]>,
): void {
  const { name, rawName: shown } = token;
  const spec = Object.hasOwn(specs, name) ? specs[name] : undefined;
  if (spec === undefined) {
    const hint = shown.startsWith("--") ? didYouMean(name, Object.keys(specs), "--") : "";
    throw new Misuse(`unknown option ${shown} for ${command}${hint}`);
  }
  if (spec.type === "flag") {
    if (token.value !== undefined) {
      throw new Misuse(`${shown} takes no value (it got ${JSON.stringify(token.value)})`);
    }
    flags.add(name);
    return;
  }
  const looksLikeOption = !token.inlineValue && token.value !== undefined && /^--?[A-Za-z]/.test(token.value);
  if (token.value === undefined || looksLikeOption) {
    throw new Misuse(
      `${shown} needs a value${looksLikeOption ? `; write ${shown}=${token.value} if that is one` : ""}`,
    );
  }
  const values = texts.get(name) ?? [];
  values.push(token.value);
  texts.set(name, values);
}
