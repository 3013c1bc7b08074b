/** The way to an application that runs in this folder. */
import type { ControlClient } from "../app/mod.ts";
import { Failure } from "../core/mod.ts";
import type { ParsedArguments } from "./command.ts";

/** The folder that a project's control connection is found in: that of the first configuration file, else this one. */
async function folderOf(args: ParsedArguments): Promise<string> {
  const { SystemFiles } = await import("../platform/mod.ts");
  const files = new SystemFiles();
  const [first] = args.list("config");
  return first === undefined ? files.workingDirectory() : files.directory(files.resolve(first));
}

/** A connection to the running application; undefined when none runs here. */
export async function findRunning(args: ParsedArguments): Promise<ControlClient | undefined> {
  const { SystemFiles, SystemSockets } = await import("../platform/mod.ts");
  const { connectControl } = await import("../app/mod.ts");
  return await connectControl(new SystemSockets(), new SystemFiles(), await folderOf(args));
}

/** A connection to the running application; fails with Unavailable when none runs here. */
export async function connectRunning(args: ParsedArguments): Promise<ControlClient> {
  const client = await findRunning(args);
  if (client !== undefined) return client;
  throw new Failure(
    "Unavailable",
    `no application runs in ${await folderOf(
      args,
    )}; start it with wippy run, or name its configuration with --config`,
  );
}
