/** Words of a project for completion: its functions, commands, entries. */
import { Failure } from "../core/mod.ts";
import { commandsOf } from "./application_commands.ts";
import type { ParsedArguments } from "./command.ts";
import { projectRequest } from "./session.ts";

/** Candidates with a remark each; none when the project can't be read. */
export async function projectWords(
  what: "functions" | "commands" | "entries" | "processes",
  args: ParsedArguments,
): Promise<(readonly [word: string, about: string])[]> {
  const { loadProject, openProject } = await import("../app/mod.ts");
  const { createPorts } = await import("../platform/running.ts");
  try {
    const ports = createPorts();
    const { loaded } = loadProject(openProject(projectRequest(args), ports), ports);
    if (what === "commands") {
      const commands = commandsOf(loaded).filter(({ useCase }) => useCase !== "test");
      return [
        ...commands.map(({ name, short }) => [name, short] as const),
        ["list", "commands of the application"],
      ];
    }
    const fits = (kind: string): boolean =>
      what === "entries" || kind.startsWith("function.") ||
      (what === "processes" && /^process\.(?!host$|service$)/.test(kind));
    return loaded.entries.filter(({ kind }) => fits(kind)).map(({ id, kind, meta }) =>
      [id, typeof meta.comment === "string" ? meta.comment.split("\n")[0]! : kind] as const
    );
  } catch (error) {
    if (error instanceof Failure) return [];
    throw error;
  }
}
