/** The adapters each contract suite runs against. */
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPorts } from "../../src/platform/mod.ts";
import { simulatedPorts } from "../../src/platform/simulated/mod.ts";
import type { Ports } from "../../src/ports/mod.ts";

/** One world to test in. */
export interface TestWorld {
  readonly ports: Ports;
  /** An empty folder. */
  readonly folder: string;
  /** Awaits work, moving simulated time as far as it needs. */
  drive<T>(work: Promise<T>): Promise<T>;
}

/** Runs `body` in a world of that name, then cleans up. */
export async function inWorld(
  name: WorldName,
  body: (world: TestWorld) => void | Promise<void>,
): Promise<void> {
  if (name === "simulated") {
    const ports = simulatedPorts({ seed: 7, workingDirectory: "/work" });
    ports.files.makeDirectory("/folder");
    const drive = <T>(work: Promise<T>): Promise<T> => ports.clock.drive(work);
    await drive(Promise.resolve(body({ ports, folder: "/folder", drive })));
    return;
  }
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "wippy-contract-")));
  try {
    await body({ ports: createPorts(), folder, drive: (work) => work });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Names of all worlds. */
export const WORLDS = ["system", "simulated"] as const;
/** A name of a world. */
export type WorldName = (typeof WORLDS)[number];
