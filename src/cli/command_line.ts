/**
 * The command line: finds the command, reads its arguments, reports how it failed.
 *
 * Exit codes: 0 fine, 1 findings or failure, 2 misuse. Everything heavy is loaded by the command that needs it.
 */
import process from "node:process";
import { firstWord, parseArguments } from "./arguments.ts";
import { type CommandEntry, type CommandGroup, Misuse } from "./command.ts";
import { COMMANDS, findCommand } from "./commands.ts";
import { HELP, withGlobalHelp } from "./help.ts";
import { printProgress, printResult, styleOf } from "./output.ts";
import { bootedBy } from "./lua_commands.ts";
import { didYouMean } from "./suggestion.ts";

const EXIT_FAILURE = 1;
const EXIT_MISUSE = 2;

/** Words that are asked for as commands and mean a flag. */
const FLAG_COMMANDS: ReadonlyMap<string, string> = new Map([["--version", "version"]]);

function isGroup(command: CommandEntry | CommandGroup): command is CommandGroup {
  return "commands" in command;
}

/** `group` is the name of the group the word was looked for in, `""` at the top. */
function unknownCommand(word: string, known: readonly { name: string }[], group: string): Misuse {
  const prefix = group === "" ? "wippy " : `wippy ${group} `;
  const hint = didYouMean(word, known.map(({ name }) => name), prefix);
  return new Misuse(
    `unknown command ${JSON.stringify(word)}${hint}\nwippy help${
      group === "" ? "" : ` ${group}`
    } lists the commands`,
  );
}

/** Runs the command line `args`; resolves to the exit code. */
async function dispatch(args: readonly string[]): Promise<number> {
  const alias = args.length === 1 ? FLAG_COMMANDS.get(args[0]!) : undefined;
  const words = alias === undefined ? args : [alias];
  const at = firstWord(words);
  const word = words[at];
  if (word === undefined) {
    parseArguments(words, {}, "wippy");
    printResult(HELP);
    return 0;
  }
  const rest = words.toSpliced(at, 1);
  if (word === "help") return await help(rest);
  if (word === "__complete") return await (await import("./completions.ts")).complete(rest);
  const command = findCommand(word);
  if (command === undefined) throw unknownCommand(word, [...COMMANDS, { name: "help" }], "");
  if (!isGroup(command)) return await runCommand(command, rest, `wippy ${command.name}`);

  const subAt = firstWord(rest);
  const subWord = rest[subAt];
  if (subWord === undefined) {
    const isHelp = parseArguments(rest, {}, `wippy ${command.name}`).flag("help");
    if (!isHelp) throw new Misuse(`wippy ${command.name} needs a command\n\n${command.help}`);
    printResult(command.help);
    return 0;
  }
  const sub = command.commands.find(({ name }) => name === subWord);
  if (subWord === "help") return await help([command.name, ...rest.toSpliced(subAt, 1)]);
  if (sub === undefined) throw unknownCommand(subWord, command.commands, command.name);
  return await runCommand(sub, rest.toSpliced(subAt, 1), `wippy ${command.name} ${sub.name}`);
}

async function runCommand(entry: CommandEntry, args: readonly string[], name: string): Promise<number> {
  const command = await entry.load();
  const parsed = parseArguments(args, command.options, name);
  if (parsed.flag("help")) {
    printResult(withGlobalHelp(command.help));
    return 0;
  }
  // An application ends its slow start itself, once it is up.
  if (bootedBy([entry.name, ...args]) === undefined) endSlowStart();
  return await command.run(command.takesPack ? parsed.withPack() : parsed);
}

/** As the platform's, which brief commands do without. */
function endSlowStart(): void {
  if ("Bun" in globalThis) Bun.unsafe.setJITPolicy(1);
}

/** `wippy help`, `wippy help run`, `wippy help registry list`. */
async function help(words: readonly string[]): Promise<number> {
  const { positionals } = parseArguments(words, {}, "wippy help");
  const [first, second] = positionals;
  if (first === undefined) {
    printResult(HELP);
    return 0;
  }
  const command = findCommand(first);
  if (command === undefined) throw unknownCommand(first, COMMANDS, "");
  if (!isGroup(command)) return await runCommand(command, ["--help"], `wippy ${first}`);
  const sub = command.commands.find(({ name }) => name === second);
  if (second !== undefined && sub === undefined) throw unknownCommand(second, command.commands, first);
  if (sub !== undefined) return await runCommand(sub, ["--help"], `wippy ${first} ${sub.name}`);
  printResult(command.help);
  return 0;
}

/** Says what went wrong; resolves to the exit code. */
async function report(error: unknown): Promise<number> {
  const style = styleOf("progress");
  if (error instanceof Misuse) {
    const [first, ...more] = error.message.split("\n");
    printProgress(`${style.red("error:")} ${first}`);
    for (const line of more) printProgress(line);
    return EXIT_MISUSE;
  }
  const { isFlagFailure, printFailure } = await import("./failure_report.ts");
  printFailure(error, style, { isVeryVerbose: process.argv.includes("--very-verbose") });
  return isFlagFailure(error) ? EXIT_MISUSE : EXIT_FAILURE;
}

/** Runs the command line `words` and ends the program. */
export async function runCommandLine(words: readonly string[]): Promise<never> {
  let code: number;
  try {
    code = await dispatch(words);
  } catch (error) {
    code = await report(error);
  }
  process.exit(code);
}
