/** Compression beside the runtime's own library, and the memory that a large archive takes. */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Benchmark, called, numberFrom, type Tools, whileRunning } from "./benchmark.ts";

/** Size of the file that archives are made of, and of what is hashed. */
const ARCHIVE_MEGABYTES = 1024;
const LOOK_EVERY_MS = 20;

function compression(format: string, what: "encode" | "decode", count: number): Benchmark {
  return {
    name: `compress.${format}.${what} of 1 MB`,
    unit: "MB/s",
    peerName: "node:zlib",
    must: ">=0.9",
    aim: ">=1",
    ours: (tools) => called(tools, "compress", format, what, count),
    peer: ({ bun, folder }) =>
      numberFrom([bun, join(folder, "peers", "compress.ts"), format, what, String(count)]),
  };
}

/** Most megabytes that a program had in memory at once, as the system counts them. */
function peakMegabytes(tools: Tools, fn: string, ...args: (number | string)[]): Promise<number> {
  const argv = [
    "call",
    `bench:${fn}`,
    ...args.map((arg) => JSON.stringify(arg)),
    "--timeout",
    "600s",
    "--json",
  ];
  return new Promise<number>((resolve, reject) => {
    const child = spawn(tools.wippy, argv, {
      cwd: join(tools.folder, "app"),
      stdio: ["ignore", "pipe", "pipe"],
    });
    let peak = 0;
    let output = "";
    child.stdout.on("data", (chunk) => output += chunk);
    child.stderr.on("data", (chunk) => output += chunk);
    const timer = setInterval(() => {
      // The mark only rises, so the last look before the end is right to within the time between two looks.
      const line = /^VmHWM:\s+(\d+) kB/m.exec(statusOf(child.pid!));
      if (line !== null) peak = Number(line[1]) / 1024;
    }, LOOK_EVERY_MS);
    child.on("error", reject);
    child.on("close", (code) => {
      clearInterval(timer);
      if (code === 0) resolve(peak);
      else reject(new Error(`${argv.join(" ")} ended with ${code}: ${output}`));
    });
  });
}

function statusOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, "utf8");
  } catch {
    // It has just ended.
    return "";
  }
}

function archive(format: string): Benchmark {
  return {
    name: `peak memory of packing and unpacking ${ARCHIVE_MEGABYTES} MB as ${format}`,
    unit: "MB",
    peerName: "",
    must: "<=400",
    aim: "<=250",
    rounds: 1,
    ours: (tools) => peakMegabytes(tools, "archive", format, ARCHIVE_MEGABYTES),
  };
}

const digest: Benchmark = {
  name: `peak memory of hashing a file of ${ARCHIVE_MEGABYTES} MB`,
  unit: "MB",
  peerName: "",
  must: "<=400",
  aim: "<=250",
  rounds: 1,
  ours: (tools) => peakMegabytes(tools, "digest", ARCHIVE_MEGABYTES),
};

function packing(format: string): Benchmark {
  return {
    name: `peak memory of packing and unpacking ${ARCHIVE_MEGABYTES} MB by compress.${format}`,
    unit: "MB",
    peerName: "",
    must: "<=400",
    aim: "<=250",
    rounds: 1,
    ours: (tools) => peakMegabytes(tools, "pack", format, ARCHIVE_MEGABYTES),
  };
}

const TRANSFER_PORT = 18_431;

const transfer: Benchmark = {
  name: `peak memory of downloading and uploading ${ARCHIVE_MEGABYTES} MB`,
  unit: "MB",
  peerName: "",
  must: "<=400",
  aim: "<=250",
  rounds: 1,
  ours: (tools) =>
    whileRunning(
      [tools.bun, join(tools.folder, "peers", "transfer.ts"), String(TRANSFER_PORT)],
      "ready",
      () => peakMegabytes(tools, "transfer", `http://127.0.0.1:${TRANSFER_PORT}`, ARCHIVE_MEGABYTES),
    ),
};

/** The benchmarks of this file. */
export const benchmarks: readonly Benchmark[] = [
  compression("gzip", "encode", 50),
  compression("gzip", "decode", 600),
  compression("zstd", "encode", 600),
  compression("zstd", "decode", 1000),
  compression("brotli", "encode", 30),
  ...["zip", "tar", "tar.gz", "tar.zst"].map(archive),
  digest,
  ...["gzip", "zstd"].map(packing),
  transfer,
];
