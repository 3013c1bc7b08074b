/** `wippy registry rollback`: back to an earlier version, or forward again. */
import { printVersion } from "../../registry/mod.ts";
import { type Command, Misuse, refuseExtra } from "../command.ts";
import { printJson } from "../json_text.ts";
import { printResult, styleOf } from "../output.ts";
import { openVersions } from "../registry_source.ts";
import { PROJECT_HELP, PROJECT_OPTIONS } from "../session.ts";
import { operationsValue, printOperations, readVersion, requireVersions } from "../version_text.ts";

/** Makes another version the current one. */
export const registryRollback: Command = {
  help: `Make another version the current one

The changes in between are undone (or done again) as one change set: either all of them take effect, or none. In an
application that runs they take effect at once. No version is lost: rollback to a later one leads forward again.

Usage
  wippy registry rollback [pack.wapp] <version> [options]

Options
      --dry-run              show what would change
      --json                 what changed, as JSON
${PROJECT_HELP}
Examples
  wippy registry rollback v2 --dry-run
  wippy registry rollback v2
`,
  options: {
    "dry-run": { type: "flag", about: "show what would change" },
    json: { type: "flag", about: "as JSON" },
    ...PROJECT_OPTIONS,
  },
  takesPack: true,
  async run(args) {
    refuseExtra(args, 1, "wippy registry rollback [pack.wapp] <version> [options]");
    const [word] = args.positionals;
    if (word === undefined) throw new Misuse("to which version? usage: wippy registry rollback <version>");
    const version = readVersion(word);
    const isDry = args.flag("dry-run");
    const source = await openVersions(args, !isDry);
    try {
      const { current, versions } = await source.versions();
      requireVersions([version], versions);
      const operations = await source.diff(current, version);
      if (!isDry) await source.rollback(version);
      if (args.flag("json")) {
        printResult(printJson({
          from: printVersion(current),
          to: printVersion(version),
          applied: !isDry,
          changes: operationsValue(operations),
        }));
        return 0;
      }
      const style = styleOf("result");
      if (version === current) printResult(`${printVersion(version)} is the current version`);
      else {
        const verb = isDry ? "would go" : "went";
        const head = `${verb} from ${printVersion(current)} to ${printVersion(version)}`;
        printResult(
          [head, ...operations.length === 0 ? [] : [printOperations(operations, style)]].join("\n"),
        );
      }
      return 0;
    } finally {
      await source.close();
    }
  },
};
