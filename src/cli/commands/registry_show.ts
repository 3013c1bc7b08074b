/** `wippy registry show`: one entry, or one field of it. */
import { Failure, isValueMap, parseEntryId, type Value } from "../../core/mod.ts";
import { type Command, Misuse, refuseConnectedPack, refuseExtra } from "../command.ts";
import { printJson } from "../json_text.ts";
import { printResult, styleOf } from "../output.ts";
import { entriesFor, entryValueOf } from "../registry_source.ts";
import { PROJECT_HELP, PROJECT_OPTIONS } from "../session.ts";
import { didYouMean } from "../suggestion.ts";
import { printYaml } from "../yaml_text.ts";

/** Shows an entry. */
export const registryShow: Command = {
  help: `Show one entry of a project

Usage
  wippy registry show [pack.wapp] <namespace:name> [options]

Options
  -f, --field PATH           one field, such as kind, meta.title or data.source
      --json                 as JSON
      --yaml                 as YAML (the default)
      --raw                  texts as they are, everything else as JSON on one line
      --connect              of the application that runs in this folder
${PROJECT_HELP}
Examples
  wippy registry show app:gateway
  wippy registry show app:greet --field source --raw
`,
  options: {
    field: { type: "text", short: "f", about: "one field" },
    json: { type: "flag", about: "as JSON" },
    yaml: { type: "flag", about: "as YAML" },
    raw: { type: "flag", about: "texts as they are" },
    connect: { type: "flag", about: "of the running application" },
    ...PROJECT_OPTIONS,
  },
  takesPack: true,
  async run(args) {
    refuseExtra(args, 1, "wippy registry show <namespace:name> [options]");
    const [id] = args.positionals;
    if (id === undefined) throw new Misuse("which entry? usage: wippy registry show <namespace:name>");
    refuseConnectedPack(args);
    const { entries, origin } = await entriesFor(args);
    const entry = entries.find((each) => each.id === id);
    if (entry === undefined) {
      const ids = entries.map((each) => each.id);
      const named = ids.filter((each) => parseEntryId(each).name === id);
      const hint = named.length > 0 ? `; did you mean ${named.join(" or ")}?` : didYouMean(id, ids);
      throw new Failure("NotFound", `entry not found: ${id}${hint}`);
    }
    const field = args.text("field");
    const value: Value = field === undefined ? entryValueOf(entry) : fieldOf(entryValueOf(entry), field);
    if (value === undefined) {
      throw new Failure("NotFound", `${id} has no field ${field}`);
    }
    if (args.flag("raw")) printResult(typeof value === "string" ? value : printJson(value, 0));
    else if (args.flag("json")) printResult(printJson(value));
    else {
      const place = origin?.(id);
      const style = styleOf("result");
      if (field === undefined && !args.flag("yaml") && place !== undefined) {
        printResult(style.dim(`# ${place.file}:${place.line}`));
      }
      printResult(await printYaml(value));
    }
    return 0;
  },
};

/** A field by its path; a path that is not there is looked for inside `data`. */
function fieldOf(entry: Value, path: string): Value {
  return at(entry, path) ?? at(entry, `data.${path}`);
}

function at(root: Value, path: string): Value {
  let value: Value = root;
  for (const key of path.split(".")) {
    if (Array.isArray(value)) value = value[Number(key)];
    else if (isValueMap(value) && Object.hasOwn(value, key)) value = value[key];
    else return undefined;
  }
  return value;
}
