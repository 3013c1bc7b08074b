/** `wippy registry reload`: what the files say now, in an application that runs. */
import { isValueMap, type Value, type ValueMap } from "../../core/mod.ts";
import { printVersion } from "../../registry/mod.ts";
import { type Command, refuseExtra } from "../command.ts";
import { connectRunning } from "../connection.ts";
import { printJson } from "../json_text.ts";
import { printResult, styleOf } from "../output.ts";
import { operationsOf } from "../registry_source.ts";
import { operationsValue, printOperations } from "../version_text.ts";

/** Brings a running application up to date with its files. */
export const registryReload: Command = {
  help: `Bring the application that runs in this folder up to date with its files

The files are read again, and what differs from what they said before becomes one version: either all of it takes effect,
or none, with the reason. Functions run their new code from the next call on; a process goes on with the code it began
with until it is started again. What was changed while the application ran stays, unless the files changed it too.

Usage
  wippy registry reload [options]

Options
      --restart              also start services again whose process runs code from before
      --json                 versions, changes and processes, as JSON

Examples
  wippy registry reload
  wippy registry reload --restart
  wippy registry rollback v0                the way back
`,
  options: {
    restart: { type: "flag", about: "also start services with code from before again" },
    json: { type: "flag", about: "as JSON" },
  },
  async run(args) {
    refuseExtra(args, 0, "wippy registry reload [options]");
    const client = await connectRunning(args);
    try {
      const answer = await client.request("registry.reload", { restart: args.flag("restart") });
      const { from, to, restarted, stale } = reloadOf(answer);
      const operations = from === to ? [] : operationsOf(await client.request("registry.diff", { from, to }));
      if (args.flag("json")) {
        const changes = operationsValue(operations);
        printResult(
          printJson({ from: printVersion(from), to: printVersion(to), changes, restarted, stale }),
        );
        return 0;
      }
      const lines = from === to
        ? [`the files say nothing new; ${printVersion(to)} is the current version`]
        : [
          `went from ${printVersion(from)} to ${printVersion(to)}`,
          printOperations(operations, styleOf("result")),
        ];
      lines.push(...restarted.map((id) => `started again: ${id}`));
      lines.push(...staleLines(stale, args.flag("restart")));
      printResult(lines.join("\n"));
      return 0;
    } finally {
      client.close();
    }
  },
};

interface Reload {
  readonly from: number;
  readonly to: number;
  /** Services that were started again. */
  readonly restarted: string[];
  /** Processes that run code from before. */
  readonly stale: ValueMap[];
}

function reloadOf(answer: Value): Reload {
  const { from, to, restarted, stale } = isValueMap(answer) ? answer : {};
  return {
    from: Number(from),
    to: Number(to),
    restarted: Array.isArray(restarted) ? restarted.map(String) : [],
    stale: Array.isArray(stale) ? stale.filter(isValueMap) : [],
  };
}

/** What is said of processes that run code from before, by entry. */
function staleLines(stale: readonly ValueMap[], isRestart: boolean): string[] {
  if (stale.length === 0) return [];
  const counts = new Map<string, number>();
  for (const { entry } of stale) counts.set(String(entry), (counts.get(String(entry)) ?? 0) + 1);
  const entries = [...counts].map(([entry, count]) => count === 1 ? entry : `${entry} (${count} times)`);
  const way = isRestart
    ? "they are no services and end as they please"
    : "wippy registry reload --restart starts its service again";
  return [`with code from before: ${entries.join(", ")}; ${way}`];
}
