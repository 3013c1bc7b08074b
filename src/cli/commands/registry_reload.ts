/** `wippy registry reload`: what the files say now, in an application that runs. */
import { isValueMap, type Value } from "../../core/mod.ts";
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
or none, with the reason. Functions run their new code from the next call on, services are started anew where they must.
What was changed while the application ran stays, unless the files changed it too.

Usage
  wippy registry reload [--json]

Options
      --json                 versions and changes, as JSON

Examples
  wippy registry reload
  wippy registry rollback v0                the way back
`,
  options: { json: { type: "flag", about: "as JSON" } },
  async run(args) {
    refuseExtra(args, 0, "wippy registry reload [--json]");
    const client = await connectRunning(args);
    try {
      const answer = await client.request("registry.reload");
      const { from, to } = versionsOf(answer);
      const operations = from === to ? [] : operationsOf(await client.request("registry.diff", { from, to }));
      if (args.flag("json")) {
        const changes = operationsValue(operations);
        printResult(printJson({ from: printVersion(from), to: printVersion(to), changes }));
      } else if (from === to) {
        printResult(`the files say nothing new; ${printVersion(to)} is the current version`);
      } else {
        const head = `went from ${printVersion(from)} to ${printVersion(to)}`;
        printResult([head, printOperations(operations, styleOf("result"))].join("\n"));
      }
      return 0;
    } finally {
      client.close();
    }
  },
};

function versionsOf(answer: Value): { from: number; to: number } {
  const { from, to } = isValueMap(answer) ? answer : {};
  return { from: Number(from), to: Number(to) };
}
