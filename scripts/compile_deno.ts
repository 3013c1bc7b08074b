/**
 * Compiles the same sources with Deno: dist/wippy-deno.
 *
 * `deno compile` puts the sources beside a runtime file that it downloads. Where that is not possible, name a local
 * copy (its version must be the installed Deno's) in `DENORT_BIN`. What is required and not imported has to be named.
 */
import { DENO, run } from "./command.ts";

const result = await run([
  DENO,
  "compile",
  "-A",
  "--no-check",
  "--include",
  "src/platform/yaml_library.ts",
  // What threads run, which nothing imports.
  "--include",
  "src/app/host_worker.ts",
  "--include",
  "src/cli/check_worker.ts",
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
