/** Paths inside a tree of files that nothing leaves. */
import { Failure } from "./failure.ts";

/** Names of a path from the root on. Refuses a path that climbs above the root. */
export function treePath(path: string): string[] {
  if (path.includes("\0")) throw new Failure("Invalid", "path contains a NUL byte", { retryable: false });
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") parts.push(part);
    else if (parts.pop() === undefined) {
      throw new Failure("Invalid", "path traversal not allowed", { retryable: false });
    }
  }
  return parts;
}
