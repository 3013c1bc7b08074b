/** Sources of C libraries, as crates carry them: fetched by cargo, pinned by hash. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import process from "node:process";

/** A crate's name, version and the hash of its archive. */
export interface Crate {
  readonly name: string;
  readonly version: string;
  readonly sha256: string;
}

/** The folder of a crate's sources below `cache`; fetched when it is not there. */
export function crateSources(crate: Crate, cache: string): string {
  const label = `${crate.name}-${crate.version}`;
  const folder = join(cache, label);
  if (existsSync(folder)) return folder;
  mkdirSync(cache, { recursive: true });
  const archive = join(cache, `${label}.crate`);
  if (!existsSync(archive)) copyFileSync(fetchCrate(crate, cache), archive);
  const hash = createHash("sha256").update(readFileSync(archive)).digest("hex");
  if (hash !== crate.sha256) {
    rmSync(archive);
    throw new Error(`${label}: hash ${hash}, expected ${crate.sha256}`);
  }
  execFileSync("tar", ["xzf", archive, "-C", cache]);
  return folder;
}

/** Has cargo fetch the crate; returns the archive's path in a cargo home below `cache`. */
function fetchCrate({ name, version }: Crate, cache: string): string {
  const home = join(cache, "cargo");
  const project = join(cache, "fetch");
  mkdirSync(join(project, "src"), { recursive: true });
  writeFileSync(join(project, "src/lib.rs"), "");
  writeFileSync(
    join(project, "Cargo.toml"),
    `[package]\nname = "fetch"\nversion = "0.0.0"\n[dependencies]\n${name} = "=${version}"\n`,
  );
  mkdirSync(home, { recursive: true });
  const userConfig = join(process.env.CARGO_HOME ?? join(homedir(), ".cargo"), "config.toml");
  if (existsSync(userConfig)) copyFileSync(userConfig, join(home, "config.toml"));
  execFileSync("cargo", ["fetch", "--quiet"], {
    cwd: project,
    env: { ...process.env, CARGO_HOME: home },
    stdio: "inherit",
  });
  const file = `${name}-${version}.crate`;
  const archive = readdirSync(home, { recursive: true, encoding: "utf8" }).find((path) =>
    path.endsWith(file)
  );
  if (archive === undefined) throw new Error(`cargo fetched no ${file}`);
  return join(home, archive);
}
