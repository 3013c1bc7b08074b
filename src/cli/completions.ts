/**
 * What may follow the words typed so far: answers the scripts of `wippy completion`.
 *
 * One candidate a line, its description behind a tab. `<file>` and `<directory>` leave the choice to the shell.
 * A project that can't be read completes nothing: nobody wants a complaint between two key strokes.
 */
import { GLOBAL_OPTIONS, parseArguments } from "./arguments.ts";
import {
  type CommandEntry,
  type CommandGroup,
  Misuse,
  type OptionSpec,
  type OptionSpecs,
  type ParsedArguments,
} from "./command.ts";
import { COMMANDS, findCommand } from "./commands.ts";
import { printResult } from "./output.ts";

type Candidate = readonly [word: string, about: string];

/** Commands whose words name something of the project. */
const PROJECT_WORDS: Readonly<Record<string, "functions" | "commands" | "entries">> = {
  "wippy call": "functions",
  "wippy run": "commands",
  "wippy registry show": "entries",
};

/** Commands whose words are paths: the shell completes them. */
const PATHS: Readonly<Record<string, string>> = {
  "wippy init": "<directory>",
  "wippy lsp": "<directory>",
  "wippy fmt": "<file>",
  "wippy pack": "<file>",
};

/** Prints the candidates for the last of `words`, which may be empty. */
export async function complete(words: readonly string[]): Promise<number> {
  const typed = words[0] === "--" ? words.slice(1) : words;
  const candidates = await candidatesFor(typed);
  const last = typed.at(-1) ?? "";
  const lines = candidates.filter(([word]) => word.startsWith(last) || word.startsWith("<"))
    .map(([word, about]) => about === "" ? word : `${word}\t${about}`);
  if (lines.length > 0) printResult(lines.join("\n"));
  return 0;
}

async function candidatesFor(words: readonly string[]): Promise<Candidate[]> {
  const before = words.slice(0, -1);
  const last = words.at(-1) ?? "";
  const { command, name, depth, group } = findCommandOf(before);
  if (command === undefined) {
    if (last.startsWith("-")) return optionCandidates(GLOBAL_OPTIONS);
    const known = group?.commands ??
      [...COMMANDS, { name: "help", summary: "help of the program or a command" }];
    return known.map((each) => [each.name, each.summary]);
  }
  if (name === "wippy help") return COMMANDS.map((each) => [each.name, each.summary]);
  const loaded = await command.load();
  const specs = { ...GLOBAL_OPTIONS, ...loaded.options };
  const previous = optionNamed(before.at(-1), specs);
  if (previous !== undefined && previous.spec.type !== "flag") {
    if (previous.name === "exec") return await projectCandidates("processes", before.slice(depth, -1), specs);
    return valueCandidates(previous.spec);
  }
  if (last.startsWith("-")) return optionCandidates(specs);
  if (name === "wippy completion") return ["bash", "zsh", "fish"].map((shell) => [shell, ""]);
  const words_ = Object.hasOwn(PROJECT_WORDS, name) ? PROJECT_WORDS[name] : undefined;
  if (words_ === undefined) return Object.hasOwn(PATHS, name) ? [[PATHS[name]!, ""]] : [];
  return await projectCandidates(words_, before.slice(depth), specs);
}

interface Found {
  readonly command?: CommandEntry;
  readonly group?: CommandGroup;
  readonly name: string;
  /** How many words the command's name takes. */
  readonly depth: number;
}

function findCommandOf(words: readonly string[]): Found {
  const [first, second] = words.filter((word) => !word.startsWith("-"));
  if (first === undefined) return { name: "wippy", depth: 0 };
  const found = findCommand(first);
  if (found === undefined) {
    return { name: "wippy", depth: 0, group: { name: "", summary: "", help: "", commands: [] } };
  }
  if (!("commands" in found)) {
    return { command: found, name: `wippy ${first}`, depth: words.indexOf(first) + 1 };
  }
  const sub = found.commands.find(({ name }) => name === second);
  if (sub === undefined) return { group: found, name: `wippy ${first}`, depth: 0 };
  return { command: sub, name: `wippy ${first} ${sub.name}`, depth: words.indexOf(second!) + 1 };
}

function optionCandidates(specs: OptionSpecs): Candidate[] {
  return Object.entries(specs).map(([name, { about }]) => [`--${name}`, about]);
}

function optionNamed(
  word: string | undefined,
  specs: OptionSpecs,
): { name: string; spec: OptionSpec } | undefined {
  if (word === undefined || !word.startsWith("-")) return undefined;
  const entry = Object.entries(specs).find(([name, { short }]) =>
    word === `--${name}` || (short !== undefined && /^-[^-]/.test(word) && word.endsWith(short))
  );
  return entry && { name: entry[0], spec: entry[1] };
}

function valueCandidates({ completes }: OptionSpec): Candidate[] {
  if (completes === undefined) return [];
  if (typeof completes === "string") return [[`<${completes}>`, ""]];
  return completes.map((word) => [word, ""]);
}

async function projectCandidates(
  what: "functions" | "commands" | "entries" | "processes",
  words: readonly string[],
  specs: OptionSpecs,
): Promise<Candidate[]> {
  let args: ParsedArguments;
  try {
    args = parseArguments(words, specs, "").withPack();
  } catch (error) {
    if (error instanceof Misuse) return [];
    throw error;
  }
  if (args.positionals.length > 0) return [];
  const { projectWords } = await import("./project_words.ts");
  return await projectWords(what, args);
}
