/** `wippy lint`: what is wrong with the Lua of a project, found without running it. */
import type { Finding, LintReport, Project } from "../../app/mod.ts";
import type { Severity } from "../../lang/mod.ts";
import type { Ports } from "../../ports/mod.ts";
import { type Command, Misuse, type ParsedArguments, refuseExtra } from "../command.ts";
import { edition } from "../edition.ts";
import { findingsJson, findingsTable, fixedText, summaryText, totalsText } from "../lint_text.ts";
import { isProgressTerminal, printProgress, printResult, styleOf, writeProgress } from "../output.ts";
import { PROJECT_HELP, PROJECT_OPTIONS, projectRequest } from "../session.ts";

const LEVELS: readonly Severity[] = ["error", "warning", "hint"];
/** Most rounds of fixes; each may bring to light what the one before has uncovered. */
const FIX_ROUNDS_MAX = 10;

/** Lints the project. */
export const lint: Command = {
  help: `Check the Lua of a project: syntax, types, and rules that are asked for

Usage
  wippy lint [options]

Options
      --level LEVEL          least severity that is shown: error, warning or hint (default warning)
      --rules                also rules of style (W codes) and of the system around the code (S codes)
      --ns PATTERN           namespace: app is exact, app.* is everything below too; repeatable
      --code CODE            only these codes; repeatable, or a list with commas
      --limit N              most findings that are shown; 0 is all (default 0)
      --fix                  make the changes that findings propose
      --summary              numbers by namespace and by code
      --json                 as JSON
      --no-color             no colours
      --cache-reset          forget what earlier runs found
${PROJECT_HELP}
Entries of modules are read for their types; they are reported on only when --ns names their namespace. Findings are kept
between runs under lua.cache.dir of the configuration.

Exit code
  0 without errors, 1 with errors

Examples
  wippy lint
  wippy lint --rules --level hint
  wippy lint --ns "app.*" --code E0001,E0005
  wippy lint --rules --fix
  wippy lint --json --level error > findings.json
`,
  options: {
    level: { type: "text", about: "least severity that is shown", completes: ["error", "warning", "hint"] },
    rules: { type: "flag", about: "also rules of style and of the system" },
    ns: { type: "list", about: "namespace pattern, repeatable" },
    code: { type: "list", about: "only these codes, repeatable" },
    limit: { type: "text", about: "most findings that are shown" },
    fix: { type: "flag", about: "make the changes that findings propose" },
    summary: { type: "flag", about: "numbers by namespace and by code" },
    json: { type: "flag", about: "as JSON" },
    "no-color": { type: "flag", about: "no colours" },
    "cache-reset": { type: "flag", about: "forget what earlier runs found" },
    ...PROJECT_OPTIONS,
  },
  async run(args) {
    refuseExtra(args, 0, "wippy lint [options]");
    if (args.flag("no-color")) process.env.NO_COLOR = "1";
    const choice = readChoice(args);
    const { openProject } = await import("../../app/mod.ts");
    const { createPorts } = await import("../../platform/running.ts");
    const ports = createPorts();
    const project = openProject(projectRequest(args), ports);
    let report = await runLint(args, project, ports);
    if (args.flag("fix")) report = await fix(args, project, ports, report, choice);
    const warnings = [...project.warnings, ...report.warnings];
    const style = styleOf("progress");
    for (const warning of warnings) printProgress(`${style.yellow("warning:")} ${warning}`);
    const found = report.findings.filter((finding) => isChosen(finding, choice));
    print(args, report, found, choice);
    return found.some(({ severity }) => severity === "error") ? 1 : 0;
  },
};

/** Which findings are wanted. */
interface Choice {
  readonly level: number;
  readonly hasRules: boolean;
  /** All when empty. */
  readonly codes: ReadonlySet<string>;
  /** Most that are shown. */
  readonly limit: number;
}

function readChoice(args: ParsedArguments): Choice {
  const level = args.text("level") ?? "warning";
  if (!(LEVELS as readonly string[]).includes(level)) {
    throw new Misuse(`--level is error, warning or hint, not ${JSON.stringify(level)}`);
  }
  const limit = args.text("limit") ?? "0";
  if (!/^\d+$/.test(limit)) throw new Misuse(`--limit takes a whole number, not ${JSON.stringify(limit)}`);
  const codes = new Set(words(args.list("code")).map((code) => code.toUpperCase()));
  const hasRules = args.flag("rules");
  const rule = [...codes].find(isRuleCode);
  if (rule !== undefined && !hasRules) {
    printProgress(`${styleOf("progress").yellow("warning:")} ${rule} is a rule; add --rules to look for it`);
  }
  return { level: LEVELS.indexOf(level as Severity), hasRules, codes, limit: Number(limit) || Infinity };
}

/** Values of a repeatable flag, lists with commas taken apart. */
function words(values: readonly string[]): string[] {
  return values.flatMap((value) => value.split(",")).map((word) => word.trim()).filter((word) => word !== "");
}

/** Whether a code is looked for with `--rules` alone. */
function isRuleCode(code: string): boolean {
  return code.startsWith("W") || code.startsWith("S");
}

function isChosen({ code, severity }: Finding, { codes, hasRules, level }: Choice): boolean {
  return (hasRules || !isRuleCode(code)) && (codes.size === 0 || codes.has(code)) &&
    LEVELS.indexOf(severity) <= level;
}

async function runLint(
  args: ParsedArguments,
  project: Project,
  ports: Ports,
  isAgain = false,
): Promise<LintReport> {
  const { lintProject } = await import("../../app/mod.ts");
  const progress = progressLine();
  const report = await lintProject({
    project,
    ports,
    namespaces: words(args.list("ns")),
    edition: edition(ports.files),
    // Files are changed only by what is found now: a cache may have come with the project.
    forgetsCache: (args.flag("cache-reset") || args.flag("fix")) && !isAgain,
    progress: (part) => progress.show(part),
  });
  progress.end();
  return report;
}

/** `Linting... 40%`, moving on a terminal, its end alone elsewhere. */
function progressLine(): { show(part: number): void; end(): void } {
  const isMoving = isProgressTerminal();
  let shown = -1;
  return {
    show(part) {
      const percent = Math.floor(part * 100);
      if (!isMoving || percent === shown) return;
      shown = percent;
      writeProgress(`\rLinting... ${percent}%`);
    },
    end: () => writeProgress(isMoving ? `\r${" ".repeat("Linting... 100%".length)}\r` : "Linting... 100%\n"),
  };
}

async function fix(
  args: ParsedArguments,
  project: Project,
  ports: Ports,
  first: LintReport,
  choice: Choice,
): Promise<LintReport> {
  const { fixFindings, loadProject } = await import("../../app/mod.ts");
  let report = first;
  let count = 0;
  const changed = new Set<string>();
  for (let round = 0; round < FIX_ROUNDS_MAX; round++) {
    const chosen = report.findings.filter((finding) =>
      finding.fix !== undefined && isChosen(finding, choice)
    );
    if (chosen.length === 0) break;
    const { fixed, files } = await fixFindings(chosen, loadProject(project, ports).loaded, ports);
    if (fixed.length === 0) break;
    count += fixed.length;
    for (const file of files) changed.add(file);
    report = await runLint(args, project, ports, true);
  }
  printProgress(fixedText(count, changed));
  return report;
}

function print(args: ParsedArguments, report: LintReport, found: readonly Finding[], choice: Choice): void {
  const shown = found.slice(0, choice.limit);
  if (args.flag("json")) return printResult(findingsJson(shown, found, report.entries.length));
  const style = styleOf("result");
  const parts = [
    args.flag("summary") ? summaryText(found, style) : findingsTable(shown, style),
    totalsText(found, shown.length, report.entries.length, style),
  ];
  printResult(parts.filter((part) => part !== "").join("\n\n"));
}
