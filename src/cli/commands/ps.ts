/** `wippy ps`: live processes of the application that runs here. */
import { isValueMap, type Value, type ValueMap } from "../../core/mod.ts";
import { type Command, refuseExtra } from "../command.ts";
import { connectRunning } from "../connection.ts";
import { printJson } from "../json_text.ts";
import { printResult, styleOf } from "../output.ts";
import { printTable } from "../table.ts";

/** Lists processes. */
export const ps: Command = {
  help: `List the live processes of the application that runs in this folder

Usage
  wippy ps [options]

Options
      --json                 as JSON, with all that is known of each

Examples
  wippy ps
  wippy ps --config /srv/shop/.wippy.yaml     of an application in another folder
`,
  options: { json: { type: "flag", about: "as JSON" } },
  async run(args) {
    refuseExtra(args, 0, "wippy ps [--json]");
    const client = await connectRunning(args);
    try {
      const [listed, status] = await Promise.all([client.request("ps"), client.request("status")]);
      const processes = listOf(listed, "processes");
      const restarts = restartsByPid(listOf(status, "services"));
      const rows = processes.map((facts) => ({ ...facts, restarts: restarts.get(String(facts.pid)) ?? 0 }));
      if (args.flag("json")) printResult(printJson(rows));
      else if (rows.length === 0) printResult("No processes.");
      else printResult(printProcesses(rows));
      return 0;
    } finally {
      client.close();
    }
  },
};

function listOf(answer: Value, key: string): ValueMap[] {
  const list = isValueMap(answer) ? answer[key] : undefined;
  return Array.isArray(list) ? list.filter(isValueMap) : [];
}

/** A supervised process shows its pid as the details of its service. */
function restartsByPid(services: readonly ValueMap[]): Map<string, number> {
  return new Map(services.map(({ details, restarts }) => [String(details), Number(restarts ?? 0)]));
}

function printProcesses(rows: readonly ValueMap[]): string {
  const head = ["PID", "ENTRY", "STATE", "MEMORY", "MAILBOX", "RESTARTS", "NAMES"];
  const cells = rows.map(({ pid, entry, state, stale, waitsFor, memoryBytes, mailbox, restarts, names }) => [
    String(pid),
    String(entry),
    printState({ state, stale, waitsFor }),
    printBytes(Number(memoryBytes)),
    String(mailbox),
    String(restarts),
    Array.isArray(names) ? names.join(", ") : "",
  ]);
  return printTable(head, cells, styleOf("result"), [3, 4, 5]);
}

/** `blocked in time.sleep`, `idle, old code`. */
function printState({ stale, state, waitsFor }: ValueMap): string {
  const where = waitsFor === "" || waitsFor === undefined ? "" : ` in ${waitsFor}`;
  return `${state}${where}${stale === true ? ", old code" : ""}`;
}

/** `1.1 KB`, `12 MB`. */
function printBytes(bytes: number): string {
  const units = ["B", "KB", "MB", "GB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${value >= 100 || unit === 0 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}
