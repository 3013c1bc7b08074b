/** Commands that an application brings: process entries with `meta.command`. */
import { Failure, isValueMap } from "../core/mod.ts";
import { type Entry, type LoadedEntries, moduleOf } from "../registry/mod.ts";
import type { Session } from "./session.ts";

/** One command of an application. */
export interface ApplicationCommand {
  readonly name: string;
  readonly short: string;
  /** `run` unless the entry says otherwise; `test` is what `wippy test` runs. */
  readonly useCase: string;
  readonly isMain: boolean;
  /** Id of the process entry. */
  readonly entry: string;
}

/** All commands by name. Fails with Invalid on a command without a name and on a name that is taken twice. */
export function commandsOf(loaded: Pick<LoadedEntries, "entries" | "origin">): ApplicationCommand[] {
  const commands = new Map<string, ApplicationCommand>();
  for (const entry of loaded.entries) {
    const command = commandOf(entry, loaded);
    if (command === undefined) continue;
    const other = commands.get(command.name);
    if (other !== undefined) {
      throw new Failure(
        "Invalid",
        `${
          placeOf(entry.id, loaded)
        }${entry.id}: command "${command.name}" is the name of ${other.entry} already; ` +
          "give one of them another meta.command.name",
      );
    }
    commands.set(command.name, command);
  }
  return [...commands.values()].sort((a, b) => a.name < b.name ? -1 : 1);
}

/** The commands that a project offers: all of its own and of its modules; a pack those of the application alone. */
export function commandsIn({ project, loaded }: Pick<Session, "project" | "loaded">): ApplicationCommand[] {
  if (project.pack === undefined) return commandsOf(loaded);
  const { entries, origin } = loaded;
  return commandsOf({ entries: entries.filter((entry) => moduleOf(entry) === ""), origin });
}

function placeOf(id: string, loaded: Pick<LoadedEntries, "origin">): string {
  const origin = loaded.origin?.(id);
  return origin === undefined ? "" : `${origin.file}:${origin.line}: `;
}

function commandOf(
  entry: Entry,
  loaded: Pick<LoadedEntries, "entries" | "origin">,
): ApplicationCommand | undefined {
  const { command } = entry.meta;
  if (command === undefined || command === null || !/^process\.(?!host$|service$)/.test(entry.kind)) {
    return undefined;
  }
  if (!isValueMap(command) || typeof command.name !== "string" || command.name === "") {
    throw new Failure("Invalid", `${placeOf(entry.id, loaded)}${entry.id}: meta.command needs a name`);
  }
  return {
    name: command.name,
    short: typeof command.short === "string" ? command.short : "",
    useCase: typeof command.use_case === "string" && command.use_case !== "" ? command.use_case : "run",
    isMain: command.main === true,
    entry: entry.id,
  };
}
