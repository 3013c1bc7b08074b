/**
 * Makes a release of the binaries in `dist`: their checksums, and the script that installs them.
 *
 *     bun scripts/build.ts --all && bun scripts/release.ts              to be used from the folder itself
 *     bun scripts/release.ts --url https://example.org/wippy/0.1.0      to be put there: curl -fsSL URL/install.sh | sh
 */
import { createHash } from "node:crypto";
import { createReadStream, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { parseArgs } from "node:util";
import { ROOT } from "./source_tree.ts";

/** Files of binaries for one kind of machine, as `build.ts --all` calls them. */
const BINARY = /^wippy-(linux|darwin|windows)-[a-z0-9-]+(\.exe)?$/;
/** Characters of URLs, less those that mean something to a shell. */
const PLAIN_URL = /^https?:\/\/[\w.~:/[\]@%+,=-]+$/;
/** The line of the script that says where the release is. */
const RELEASE_LINE = 'RELEASE=""';

async function checksumOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}

/**
 * Writes `SHA256SUMS` and `install.sh` beside the binaries of a folder; `url` is where they will be, "" when that is not known.
 * Returns what the binaries are called.
 */
export async function writeRelease(folder: string, url: string): Promise<string[]> {
  const binaries = readdirSync(folder).filter((name) => BINARY.test(name)).sort();
  let sums = "";
  for (const name of binaries) sums += `${await checksumOf(join(folder, name))}  ${name}\n`;
  writeFileSync(join(folder, "SHA256SUMS"), sums);
  const script = readFileSync(join(ROOT, "scripts/install.sh"), "utf8");
  writeFileSync(join(folder, "install.sh"), script.replace(RELEASE_LINE, `RELEASE="${url}"`), {
    mode: 0o755,
  });
  return binaries;
}

async function main(args: string[]): Promise<number> {
  let url: string;
  try {
    ({ values: { url = "" } } = parseArgs({ args, options: { url: { type: "string" } } }));
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    return 2;
  }
  if (url !== "" && !PLAIN_URL.test(url)) {
    process.stderr.write(
      `--url ${url} is not the address of a folder, such as https://example.org/wippy/0.1.0\n`,
    );
    return 2;
  }
  const binaries = await writeRelease(join(ROOT, "dist"), url);
  if (binaries.length === 0) {
    process.stderr.write("there are no binaries in dist; build them with bun scripts/build.ts --all\n");
    return 1;
  }
  process.stdout.write(
    `${[...binaries, "SHA256SUMS", "install.sh"].map((name) => `dist/${name}\n`).join("")}`,
  );
  return 0;
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
