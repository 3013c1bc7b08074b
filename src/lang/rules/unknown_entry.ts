/** S0001: an id that no entry has, or an entry of a kind that can't serve here. Ids that are computed are not looked at. */
import { argumentsOf, defineRule } from "./rule.ts";

/** What an argument names. */
interface Target {
  readonly argument: number;
  /** Kinds that can serve. */
  readonly kinds: RegExp;
  readonly what: string;
}

const CALLABLE: Target = { argument: 0, kinds: /^(function|process|workflow)\./, what: "a function" };
const PROCESS: Target = { argument: 0, kinds: /^(process|workflow)\.(?!host$|service$)/, what: "a process" };
const HOST: Target = { argument: 1, kinds: /\.(host|worker)$/, what: "a host" };
const SPAWN = [PROCESS, HOST];

function resource(kinds: RegExp, what: string): Target[] {
  return [{ argument: 0, kinds, what }];
}

/** By full name of the function; arguments of methods begin behind the object. */
const TARGETS: Readonly<Record<string, readonly Target[]>> = {
  "funcs.call": [CALLABLE],
  "funcs.async": [CALLABLE],
  "funcs.Executor.call": [CALLABLE],
  "funcs.Executor.async": [CALLABLE],
  "process.spawn": SPAWN,
  "process.spawn_monitored": SPAWN,
  "process.spawn_linked": SPAWN,
  "process.spawn_linked_monitored": SPAWN,
  "process.exec": SPAWN,
  "process.upgrade": [PROCESS],
  "workflow.exec": resource(/^workflow\./, "a workflow"),
  "process.Spawner.spawn": SPAWN,
  "process.Spawner.spawn_monitored": SPAWN,
  "process.Spawner.spawn_linked": SPAWN,
  "process.Spawner.spawn_linked_monitored": SPAWN,
  "process.Spawner.exec": SPAWN,
  "sql.get": resource(/^db\.sql\./, "a database"),
  "cdc.stream": resource(/^db\.cdc\./, "a source of changes"),
  "store.get": resource(/^store\./, "a store"),
  "fs.get": resource(/^fs\./, "a file system"),
  "queue.publish": resource(/^queue\.queue$/, "a queue"),
  "contract.get": resource(/^contract\.definition$/, "a contract"),
  "contract.open": resource(/^contract\.binding$/, "a binding of a contract"),
  "security.policy": resource(/^security\.policy/, "a policy"),
  "security.token_store": resource(/^security\.token_store$/, "a token store"),
  "templates.get": resource(/^template\./, "a set of templates"),
  "cloudstorage.get": resource(/^cloudstorage\./, "a cloud storage"),
  "exec.get": resource(/^exec\./, "an executor"),
};

export default defineRule({
  code: "S0001",
  name: "unknown-entry",
  severity: "error",
  message: (subject) => subject,
  visit: {
    call(call, { callee }, { world, report }) {
      for (const { argument, kinds, what } of TARGETS[callee.path ?? ""] ?? []) {
        const value = argumentsOf(call)[argument];
        if (value?.kind !== "string" || !/^[^\s:]+:./.test(value.value)) continue;
        const kind = world.kindOf(value.value);
        if (kind === undefined) {
          const near = world.nearest(value.value, kinds);
          const help = near === undefined ? undefined : `help: did you mean "${near}"?`;
          report(value, `there is no entry ${value.value}`, { help });
        } else if (kind !== "*" && !kinds.test(kind)) {
          report(value, `${value.value} is a ${kind}, ${what} is needed here`);
        }
      }
    },
  },
});
