/**
 * Everything that must hold before a change goes in.
 *
 *     bun scripts/check.ts           all steps
 *     bun scripts/check.ts --fast    without Deno, the binary and the long simulations; under twenty seconds
 *     bun scripts/check.ts STEP...   only the named steps
 *
 * Every step runs, whatever failed before it. A failed step prints the command that reruns it alone.
 */
import { BUN, DENO, run } from "./command.ts";

/** One thing to check. */
interface Step {
  readonly name: string;
  readonly argv: readonly string[];
  /** Set for steps that `--fast` leaves out. */
  readonly slow?: true;
  /** The fast form, where it differs. */
  readonly fastArgv?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const STEPS: readonly Step[] = [
  { name: "generated", argv: [BUN, "scripts/gen.ts", "--check"] },
  { name: "format", argv: [DENO, "fmt", "--check", "--quiet"] },
  { name: "lint", argv: [DENO, "lint", "--quiet"] },
  { name: "types", argv: ["node_modules/.bin/tsc", "-p", "scripts/tsconfig.json"] },
  { name: "tidy", argv: [BUN, "scripts/tidy.ts"] },
  {
    name: "tests",
    argv: [BUN, "scripts/test.ts"],
    fastArgv: [BUN, "scripts/test.ts", "--fast", "src", "std", "tests/repository"],
  },
  { name: "seeds", slow: true, argv: [BUN, "test", "./tests/sim"], env: { WIPPY_SEEDS: "1000" } },
  { name: "compile", slow: true, argv: [BUN, "scripts/build.ts"] },
  { name: "smoke", slow: true, argv: [BUN, "scripts/test.ts", "--no-build", "tests/binary"] },
];

function printCommand(step: Step, argv: readonly string[]): string {
  const env = Object.entries(step.env ?? {}).map(([name, value]) => `${name}=${value} `).join("");
  const words = argv.map((word) =>
    word === BUN ? "node_modules/.bin/bun" : word === DENO ? "node_modules/.bin/deno" : word
  );
  return env + words.join(" ");
}

async function main(args: string[]): Promise<number> {
  const fast = args.includes("--fast");
  const named = args.filter((arg) => !arg.startsWith("--"));
  const unknown = named.find((name) => !STEPS.some((step) => step.name === name));
  if (unknown !== undefined) {
    process.stderr.write(
      `no step called ${unknown}; there are: ${STEPS.map((step) => step.name).join(", ")}\n`,
    );
    return 2;
  }
  const failed: string[] = [];
  for (const step of STEPS) {
    if (named.length > 0 ? !named.includes(step.name) : fast && step.slow === true) continue;
    const argv = fast && step.fastArgv !== undefined ? step.fastArgv : step.argv;
    const started = performance.now();
    const result = await run(argv, { env: { NO_COLOR: "1", ...step.env } });
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    if (result.code === 0) {
      process.stderr.write(`ok     ${step.name} (${seconds} s)\n`);
      continue;
    }
    failed.push(step.name);
    process.stderr.write(result.stdout + result.stderr);
    process.stderr.write(`FAILED ${step.name} (${seconds} s); rerun: ${printCommand(step, argv)}\n`);
  }
  process.stdout.write(failed.length === 0 ? "ok\n" : `failed: ${failed.join(", ")}\n`);
  return failed.length === 0 ? 0 : 1;
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
