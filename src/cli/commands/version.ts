/** `wippy version`. */
import process from "node:process";
import type { Command } from "../command.ts";
import { refuseExtra } from "../command.ts";
import { printResult } from "../output.ts";
import { VERSION } from "../product.ts";

/** Prints what this program is. */
export const version: Command = {
  help: `Print the version of this program

Usage
  wippy version [options]

Options
  --short   the number alone
  --json    as JSON
`,
  options: {
    short: { type: "flag", about: "the number alone" },
    json: { type: "flag", about: "as JSON" },
  },
  run(args) {
    refuseExtra(args, 0, "wippy version [--short | --json]");
    const { bun, deno } = process.versions as Record<string, string | undefined>;
    const runtime = deno !== undefined ? `deno ${deno}` : `bun ${bun}`;
    const platform = `${process.platform} ${process.arch}`;
    if (args.flag("short")) printResult(VERSION);
    else if (args.flag("json")) printResult(JSON.stringify({ version: VERSION, runtime, platform }, null, 2));
    else printResult(`wippy ${VERSION} (${runtime}, ${platform})`);
    return 0;
  },
};
