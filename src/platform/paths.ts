/**
 * Paths of this system, without the library of paths where they are those of POSIX: what that needs is a hundredth of a short program.
 *
 * The same answers as `node:path`, as a test shows.
 */
import process from "node:process";

/** What is used of `node:path`. */
export interface Paths {
  resolve(...parts: string[]): string;
  dirname(path: string): string;
  basename(path: string): string;
}

/** An absolute path of these, the last absolute one first, without `.`, `..` and empty names. */
function resolve(...parts: string[]): string {
  let path = "";
  for (let i = parts.length - 1; i >= 0 && !path.startsWith("/"); i--) {
    if (parts[i] !== "") path = path === "" ? parts[i]! : `${parts[i]}/${path}`;
  }
  if (!path.startsWith("/")) path = `${process.cwd()}/${path}`;
  const names: string[] = [];
  for (const name of path.split("/")) {
    if (name === "..") names.pop();
    else if (name !== "" && name !== ".") names.push(name);
  }
  return `/${names.join("/")}`;
}

/** Where the last name of a path ends, trailing slashes left out. */
function endOf(path: string): number {
  let end = path.length;
  while (end > 0 && path[end - 1] === "/") end--;
  return end;
}

function dirname(path: string): string {
  const slash = path.lastIndexOf("/", endOf(path) - 1);
  if (slash > 0) return slash === 1 && path.startsWith("/") ? "//" : path.slice(0, slash);
  return path.startsWith("/") ? "/" : ".";
}

function basename(path: string): string {
  const end = endOf(path);
  return path.slice(path.lastIndexOf("/", end - 1) + 1, end);
}

/** Paths of POSIX. */
export const POSIX_PATHS: Paths = { resolve, dirname, basename };

/** Paths of this system. */
export const PATHS: Paths = process.platform === "win32"
  ? process.getBuiltinModule("node:path")
  : POSIX_PATHS;
