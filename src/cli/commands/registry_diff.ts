/** `wippy registry diff`: what differs between two versions. */
import { printVersion } from "../../registry/mod.ts";
import { type Command, refuseExtra } from "../command.ts";
import { printJson } from "../json_text.ts";
import { printResult, styleOf } from "../output.ts";
import { openVersions } from "../registry_source.ts";
import { PROJECT_HELP, PROJECT_OPTIONS } from "../session.ts";
import { operationsValue, printOperations, readVersion, requireVersions } from "../version_text.ts";

/** Shows differences. */
export const registryDiff: Command = {
  help: `Show what differs between two versions

Usage
  wippy registry diff [pack.wapp] [from] [to] [options]

Without versions: what the current one changed. With one: what happened since.

Options
      --json                 as JSON, with entries before and after
${PROJECT_HELP}
Examples
  wippy registry diff
  wippy registry diff v2
  wippy registry diff v2 v5
`,
  options: { json: { type: "flag", about: "as JSON" }, ...PROJECT_OPTIONS },
  takesPack: true,
  async run(args) {
    refuseExtra(args, 2, "wippy registry diff [pack.wapp] [from] [to] [options]");
    const wanted = args.positionals.map(readVersion);
    const source = await openVersions(args, false);
    try {
      const { current, versions } = await source.versions();
      requireVersions(wanted, versions);
      const to = wanted[1] ?? current;
      const from = wanted[0] ?? versions.find(({ id }) => id === current)?.parent ?? null;
      const operations = from === null ? await source.changes(to) : await source.diff(from, to);
      const style = styleOf("result");
      if (args.flag("json")) printResult(printJson(operationsValue(operations)));
      else {
        const way = `${from === null ? "nothing" : printVersion(from)} -> ${printVersion(to)}`;
        const lines = operations.length === 0 ? "No difference." : printOperations(operations, style);
        printResult(`${style.dim(way)}\n${lines}`);
      }
      return 0;
    } finally {
      await source.close();
    }
  },
};
