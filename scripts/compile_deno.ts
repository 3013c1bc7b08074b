/**
 * Compiles the same sources with Deno: dist/wippy-deno.
 *
 * `deno compile` puts the sources beside a runtime file that it downloads. Where that is not possible, name a local
 * copy (its version must be the installed Deno's) in `DENORT_BIN`. What is required and not imported has to be named.
 */
import { DENO, run } from "./command.ts";

/** What is required when it is first used (`src/platform/running.ts`, `yaml.ts`), and what threads run. */
const REQUIRED = [
  ..."compression cryptography http http_client node_network programs sqlite websockets".split(" ")
    .map((name) => `src/platform/system_${name}.ts`),
  "src/platform/yaml_library.ts",
  "src/app/host_worker.ts",
  "src/cli/check_worker.ts",
  "src/app/guest_worker.ts",
];

const result = await run([
  DENO,
  "compile",
  "-A",
  "--no-check",
  ...REQUIRED.flatMap((path) => ["--include", path]),
  "--output",
  "dist/wippy-deno",
  "src/cli/main.ts",
], { show: "stderr" });
if (result.code !== 0 && /denort|download/i.test(result.stderr)) {
  process.stderr.write(
    "the runtime file could not be had; put a copy on this machine and name it in DENORT_BIN\n",
  );
}
process.exitCode = result.code;
