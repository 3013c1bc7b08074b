/** `wippy registry list`: entries of a project, or of the application that runs. */
import type { Value } from "../../core/mod.ts";
import type { Command } from "../command.ts";
import { refuseConnectedPack, refuseExtra } from "../command.ts";
import { entryFilter } from "../entry_filter.ts";
import { printJson } from "../json_text.ts";
import { printResult, styleOf } from "../output.ts";
import { entriesFor, entryValueOf } from "../registry_source.ts";
import { PROJECT_HELP, PROJECT_OPTIONS } from "../session.ts";
import { printTable } from "../table.ts";
import { printYaml } from "../yaml_text.ts";

/** Lists entries. */
export const registryList: Command = {
  help: `List the entries of a project

Usage
  wippy registry list [pack.wapp] [options]

Options
  -k, --kind GLOB            by kind, such as "function.*"
  -n, --ns GLOB              by namespace, such as "app.*"
      --name GLOB            by name
      --meta FILTER          by metadata: field=value, field~regex, field*part, field^start, field$end; repeatable
      --json                 as JSON
      --yaml                 as YAML
      --connect              of the application that runs in this folder
${PROJECT_HELP}
Examples
  wippy registry list
  wippy registry list --kind "function.*" --ns "app.*"
  wippy registry list --meta type=api --meta enabled=true --json
`,
  options: {
    kind: { type: "text", short: "k", about: "by kind" },
    ns: { type: "text", short: "n", about: "by namespace" },
    name: { type: "text", about: "by name" },
    meta: { type: "list", about: "by metadata, repeatable" },
    json: { type: "flag", about: "as JSON" },
    yaml: { type: "flag", about: "as YAML" },
    connect: { type: "flag", about: "of the running application" },
    ...PROJECT_OPTIONS,
  },
  takesPack: true,
  async run(args) {
    refuseExtra(args, 0, "wippy registry list [options]");
    const matches = entryFilter({
      kind: args.text("kind"),
      ns: args.text("ns"),
      name: args.text("name"),
      meta: args.list("meta"),
    });
    refuseConnectedPack(args);
    const { entries } = await entriesFor(args);
    const found = entries.filter(matches).toSorted((a, b) => a.id < b.id ? -1 : 1);
    const values: Value[] = found.map(entryValueOf);
    if (args.flag("json")) printResult(printJson(values));
    else if (args.flag("yaml")) printResult(await printYaml(values));
    else if (found.length === 0) printResult("No entries found.");
    else {
      const rows = found.map(({ id, kind, meta }) => [id, kind, remark(meta.title ?? meta.comment)]);
      printResult(printTable(["ID", "KIND", "ABOUT"], rows, styleOf("result")));
    }
    return 0;
  },
};

function remark(value: Value): string {
  return typeof value === "string" ? value.split("\n")[0]! : "";
}
