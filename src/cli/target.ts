/** Runs one entry to its end: a process on a terminal, or a function whose result is printed. */
import { parseEntryId } from "../core/mod.ts";
import type { Entry } from "../registry/mod.ts";
import { Misuse } from "./command.ts";
import { reportIn } from "./failure_report.ts";
import { printJson } from "./json_text.ts";
import { printResult } from "./output.ts";
import { createProjectApplication, type Session } from "./session.ts";
import { endOnSignals } from "./signals.ts";
import { didYouMean } from "./suggestion.ts";

/** The id that `text` means: a full id, or a name that only one entry has. Misuse when there is none. */
export async function targetOf(text: string, session: Session): Promise<string> {
  const { entries } = session.loaded;
  if (text.includes(":")) {
    if (entries.some(({ id }) => id === text)) return text;
    const { isHistoryKept } = await import("../app/running.ts");
    // An entry made at run time is not in the files.
    if (isHistoryKept(session.project.configuration)) return text;
    throw new Misuse(`there is no entry ${text}${didYouMean(text, entries.map(({ id }) => id))}`);
  }
  const found = entries.filter(({ id, kind }) => parseEntryId(id).name === text && isRunnable(kind));
  if (found.length === 1) return found[0]!.id;
  const ids = entries.filter(({ kind }) => isRunnable(kind)).map(({ id }) => id);
  throw new Misuse(
    found.length === 0
      ? `there is no process or function ${text}; ${
        ids.length === 0 ? "there are none" : `there are: ${ids.join(", ")}`
      }`
      : `${text} may be ${found.map(({ id }) => id).join(" or ")}: name it in full`,
  );
}

function isRunnable(kind: string): boolean {
  return kind.startsWith("function.") || /^process\.(?!host$|service$)/.test(kind);
}

/** Boots, runs `id` with text arguments, ends; the exit code. */
export async function runTarget(
  session: Session,
  id: string,
  words: readonly string[],
  host: string | undefined,
): Promise<number> {
  const { chooseTerminalHost, demandProcessHost } = await import("../app/mod.ts");
  const { SystemTerminal } = await import("../platform/mod.ts");
  const known = session.loaded.entries.find((entry) => entry.id === id);
  const isFunction = known?.kind.startsWith("function.") === true;
  if (known !== undefined && !isRunnable(known.kind)) {
    throw new Misuse(`${id} is a ${known.kind}, which can't be run`);
  }
  if (!isFunction) chooseTerminalHost(session.loaded.entries, host);
  if (known?.kind === "process.wasm") demandProcessHost(session.loaded.entries, id);

  const application = await createProjectApplication(session);
  const terminal = new SystemTerminal(words);
  const stopListening = endOnSignals(application, session, () => terminal.endLines());
  try {
    await application.boot(session.loaded);
    const entry: Entry | undefined = application.registry.get(id);
    if (entry === undefined) throw new Misuse(`there is no entry ${id}`);
    if (!entry.kind.startsWith("function.")) {
      return await application.runTerminal({
        process: id,
        host,
        terminal,
        args: words,
      });
    }
    const value = await application.call(id, words);
    if (typeof value === "string") printResult(value);
    else if (value !== null && value !== undefined) printResult(printJson(value));
    return 0;
  } catch (error) {
    return await reportIn(session, error);
  } finally {
    stopListening();
    await application.stop();
  }
}
