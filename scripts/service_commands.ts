/** What definitions of services have in common: finding programs, running them as other users. */
import { existsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { run } from "./command.ts";

export function firstOf(paths: readonly string[]): string | undefined {
  return paths.find((path) => existsSync(path));
}

export function onPath(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? "").split(":"), "/usr/sbin", "/sbin"];
  return firstOf(folders.map((folder) => join(folder, name)));
}

/** The same command as another user: databases refuse to run as root. */
export function as(user: string, argv: readonly string[]): string[] {
  return process.getuid?.() === 0 ? [onPath("runuser") ?? "runuser", "-u", user, "--", ...argv] : [...argv];
}

/** Writes a file that another user can read. */
export async function writeAs(user: string, path: string, text: string): Promise<void> {
  writeFileSync(path, text);
  if (process.getuid?.() === 0) await need(["chown", user, path]);
}

/** Runs a command that must not fail. */
export async function need(argv: readonly string[], env: Record<string, string> = {}): Promise<void> {
  const result = await run(argv, { env, cwd: tmpdir() });
  if (result.code !== 0) throw new Error(`${argv.join(" ")} failed:\n${result.stdout}${result.stderr}`);
}
