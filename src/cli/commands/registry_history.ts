/** `wippy registry history`: the versions of an application. */
import { printVersion } from "../../registry/mod.ts";
import { type Command, Misuse, refuseExtra } from "../command.ts";
import { printJson } from "../json_text.ts";
import { printResult, styleOf } from "../output.ts";
import { openVersions } from "../registry_source.ts";
import { PROJECT_HELP, PROJECT_OPTIONS } from "../session.ts";
import { printTable } from "../table.ts";
import { summaryOf } from "../version_text.ts";

const LIMIT_DEFAULT = 20;

/** Lists versions. */
export const registryHistory: Command = {
  help: `List the versions of an application, newest first

Asks the application that runs in this folder; when none does, reads the history that was stored
(registry.history_type: sqlite or postgres).

Usage
  wippy registry history [pack.wapp] [options]

Options
      --limit N              at most so many (default ${LIMIT_DEFAULT}; 0 means all)
      --json                 as JSON
${PROJECT_HELP}
Examples
  wippy registry history
  wippy registry history --limit 0 --json
`,
  options: {
    limit: { type: "text", about: "at most so many" },
    json: { type: "flag", about: "as JSON" },
    ...PROJECT_OPTIONS,
  },
  takesPack: true,
  async run(args) {
    refuseExtra(args, 0, "wippy registry history [pack.wapp] [options]");
    const text = args.text("limit") ?? String(LIMIT_DEFAULT);
    if (!/^\d+$/.test(text)) throw new Misuse(`--limit ${text}: expected a number`);
    const limit = Number(text) === 0 ? Infinity : Number(text);
    const source = await openVersions(args, false);
    try {
      const { current, versions } = await source.versions();
      const shown = versions.toSorted((a, b) => b.id - a.id).slice(0, limit);
      const rows: {
        version: string;
        current: boolean;
        parent: string | null;
        created: string;
        changes: string;
      }[] = [];
      for (const { id, parent, createdMs } of shown) {
        rows.push({
          version: printVersion(id),
          current: id === current,
          parent: parent === null ? null : printVersion(parent),
          created: new Date(createdMs).toISOString(),
          changes: summaryOf(await source.changes(id)),
        });
      }
      if (args.flag("json")) printResult(printJson(rows));
      else {
        const cells = rows.map((row) => [
          `${row.current ? "*" : " "} ${row.version}`,
          row.parent ?? "",
          row.created.replace("T", " ").replace(/\.\d+Z$/, ""),
          row.changes,
        ]);
        printResult(printTable(["  VERSION", "AFTER", "CREATED (UTC)", "CHANGES"], cells, styleOf("result")));
      }
      return 0;
    } finally {
      await source.close();
    }
  },
};
