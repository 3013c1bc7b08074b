/** Processes, messages and calls, beside Erlang/OTP; memory and delay with many of them. */
import { type Benchmark, called, erlang, residentBytes, type Tools, whileRunning } from "./benchmark.ts";
import { join } from "node:path";

const POPULATION = 100_000;

async function oursPerProcess(tools: Tools, count: number): Promise<number> {
  const resident = (n: number): Promise<number> =>
    whileRunning(
      [tools.wippy, "call", "bench:population", String(n), "--timeout", "10m", "-v", "--memory-limit", "8G"],
      "population ready",
      (child) => Promise.resolve(residentBytes(child)),
      join(tools.folder, "app"),
    );
  return (await resident(count) - await resident(0)) / count;
}

async function erlangPerProcess(tools: Tools, count: number): Promise<number> {
  const resident = (n: number): Promise<number> =>
    whileRunning(
      [
        "erl",
        "+P",
        "2000000",
        "-noshell",
        "-pa",
        tools.cache,
        "-run",
        "bench",
        "main",
        "population",
        String(n),
      ],
      "population ready",
      (child) => Promise.resolve(residentBytes(child)),
    );
  return (await resident(count) - await resident(0)) / count;
}

/** The benchmarks of this file. */
export const benchmarks: readonly Benchmark[] = [
  {
    name: "message round trip between two processes",
    unit: "us",
    peerName: "Erlang/OTP",
    must: "<=4",
    aim: "<=1.5",
    ours: (tools) => called(tools, "round_trip", 300_000),
    peer: (tools) => erlang(tools, "round_trip", 1_000_000),
  },
  {
    name: "spawn, run, exit, monitored",
    unit: "us",
    peerName: "Erlang/OTP",
    must: "<=4",
    aim: "<=1",
    ours: (tools) => called(tools, "spawn", 100_000),
    peer: (tools) => erlang(tools, "spawn", 300_000),
  },
  {
    name: "resident bytes per idle process, 100,000 alive",
    unit: "bytes",
    peerName: "Erlang/OTP",
    must: "<=1.5",
    aim: "<=0.8",
    rounds: 2,
    ours: (tools) => oursPerProcess(tools, POPULATION),
    peer: (tools) => erlangPerProcess(tools, POPULATION),
  },
  {
    name: "resident bytes per idle process, 1,000,000 alive",
    unit: "bytes",
    peerName: "Erlang/OTP",
    must: "<=1.5",
    aim: "<=0.8",
    rounds: 1,
    ours: (tools) => oursPerProcess(tools, 10 * POPULATION),
    peer: (tools) => erlangPerProcess(tools, 10 * POPULATION),
  },
  {
    name: "funcs.call of an empty function",
    unit: "us",
    peerName: "gen_server:call",
    must: "<=4",
    aim: "<=1.5",
    ours: (tools) => called(tools, "calls", 200_000),
    peer: (tools) => erlang(tools, "calls", 1_000_000),
  },
  {
    name: "eight processes that compute, on two workers",
    unit: "ms",
    peerName: "on one",
    must: "<=0.67",
    aim: "<=0.56",
    ours: (tools) => called(tools, "parallel", 2, 8, 5_000_000),
    peer: (tools) => called(tools, "parallel", 1, 8, 5_000_000),
  },
  {
    name: "message round trip between two workers",
    unit: "us",
    peerName: "within one",
    must: "",
    aim: "",
    ours: (tools) => called(tools, "apart", 20_000),
    peer: (tools) => called(tools, "round_trip", 300_000),
  },
  {
    name: "worst delay of a ticking process beside 10 busy and 100,000 idle ones",
    unit: "ms",
    peerName: "",
    must: "<=20",
    aim: "<=5",
    ours: (tools) => called(tools, "delay", 10, POPULATION, 1000),
  },
];
