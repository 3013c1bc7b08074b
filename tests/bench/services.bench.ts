/** HTTP, SQLite, Postgres and the command line, each beside what the machine can do without us. */
import { createServer } from "node:net";
import { join } from "node:path";
import { type Benchmark, called, numberFrom, outputOf, type Tools, whileRunning } from "./benchmark.ts";

/** The port in the benchmark's web application. */
const PORT = 18_931;
/** Short programs take turns one by one: what else a machine does changes by the second. */
const CALL_PAIRS = 45;

async function requestsPerSecond(port: number): Promise<number> {
  const url = `http://127.0.0.1:${port}/hello`;
  for (let tries = 0; tries < 200; tries++) {
    const answer = await fetch(url).then((response) => response.text(), () => "");
    if (answer.includes("hello world")) break;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  await outputOf(["wrk", "-t1", "-c32", "-d1s", url]);
  const report = await outputOf(["wrk", "-t1", "-c32", "-d4s", url]);
  if (/Non-2xx/.test(report)) throw new Error(report);
  return Number(/Requests\/sec:\s+([\d.]+)/.exec(report)![1]);
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

function ours({ folder, wippy }: Tools): Promise<number> {
  return whileRunning([wippy, "run", "-c"], "listening", () => requestsPerSecond(PORT), join(folder, "web"));
}

async function served(argv: (port: number) => string[]): Promise<number> {
  const port = await freePort();
  const child = argv(port);
  const shell = ["sh", "-c", `echo starting; exec "$@"`, "sh", ...child];
  return whileRunning(shell, "starting", () => requestsPerSecond(port));
}

async function wallMs(argv: readonly string[], cwd?: string): Promise<number> {
  const started = performance.now();
  await outputOf(argv, cwd);
  return performance.now() - started;
}

function hello({ folder, wippy }: Tools): Promise<number> {
  return wallMs([wippy, "call", "bench:hello"], join(folder, "app"));
}

/** A program keeps the memory that it happened to get: runs differ by a tenth, whoever's they are. */
const POINT_PAIRS = 15;

/** Long enough for what compiles code beside the program to have done so on both sides. */
function sqlite(
  row: Pick<Benchmark, "name" | "unit" | "must" | "aim" | "rounds">,
  what: string,
  count: number,
): Benchmark {
  return {
    ...row,
    peerName: "node:sqlite",
    ours: (tools) => called(tools, "select", what, count),
    peer: ({ bun, folder }) => numberFrom([bun, join(folder, "peers", "select.ts"), what, String(count)]),
  };
}

/** The benchmarks of this file. */
export const benchmarks: readonly Benchmark[] = [
  {
    name: "HTTP JSON hello through a Lua endpoint",
    unit: "requests/s",
    peerName: "Bun.serve",
    rounds: 3,
    must: ">=0.4",
    aim: ">=0.65",
    ours,
    peer: ({ bun, folder }) => served((port) => [bun, join(folder, "peers", "http.ts"), String(port)]),
  },
  {
    name: "HTTP JSON hello through a Lua endpoint",
    unit: "requests/s",
    peerName: "Go net/http",
    rounds: 3,
    must: "",
    aim: ">=1",
    ours,
    peer: ({ cache }) => served((port) => [join(cache, "http"), String(port)]),
  },
  sqlite(
    {
      name: "SQLite point select through sql",
      unit: "selects/s",
      rounds: POINT_PAIRS,
      must: ">=0.4",
      aim: ">=0.7",
    },
    "point",
    1_000_000,
  ),
  sqlite(
    { name: "SQLite select of 1,000 rows through sql", unit: "rows/s", must: ">=0.4", aim: ">=0.7" },
    "rows",
    5_000_000,
  ),
  sqlite(
    { name: "SQLite insert in a transaction through sql", unit: "inserts/s", must: ">=0.3", aim: ">=0.6" },
    "insert",
    1_000_000,
  ),
  {
    name: "Postgres point select through sql",
    unit: "selects/s",
    peerName: "postgres.js",
    must: ">=0.5",
    aim: ">=0.8",
    services: ["postgres"],
    ours: ({ wippy, folder }) =>
      numberFrom([wippy, "call", "bench:select", "20000", "--json"], join(folder, "postgres")),
    peer: ({ bun, folder }) => numberFrom([bun, join(folder, "peers", "select_postgres.ts"), "20000"]),
  },
  {
    name: "wippy call of a hello function, wall time",
    unit: "ms",
    peerName: "bun -e",
    must: "<=3",
    aim: "<=1.5",
    rounds: CALL_PAIRS,
    ours: hello,
    peer: ({ bun }) => wallMs([bun, "-e", `console.log("hello")`]),
  },
  {
    name: "wippy call of a hello function, wall time",
    unit: "ms",
    peerName: "Go hello",
    must: "",
    aim: "",
    rounds: CALL_PAIRS,
    ours: hello,
    peer: ({ cache }) => wallMs([join(cache, "hello")]),
  },
];
