/** `temporal.client` and `temporal.worker`: where workflows are kept, and what runs them. */
import { ACTIVITIES_RUNNING_DEFAULT, Failure, schema } from "../core/mod.ts";
import type { LuaRuntime } from "../lua/mod.ts";
import { defineResource, type Ports, type ResourceType } from "../ports/mod.ts";
import { defineKind, type KindDefinition } from "../registry/mod.ts";
import { ActivityWorkers } from "./activity_workers.ts";
import { WorkflowJournal } from "./journal.ts";
import { Namespace } from "./namespace.ts";
import { WORKER_OPTIONS } from "./worker_options.ts";
import { WorkflowEngine } from "./workflow_engine.ts";

const EMBEDDED = "embedded";
const DEFAULT_PATH = ".wippy/workflows.db";

/** A client: its settings, and its workflows, whose journal is opened when it is first needed. */
interface JournalSource {
  readonly queuePrefix: string;
  open(node: string): Namespace;
}

const JournalResource: ResourceType<JournalSource> = defineResource<JournalSource>("workflow.journal");

/** Where the journal of an address is; Invalid for what is no journal. */
function journalPath(id: string, address: string, baseDirectory: string): string {
  const [word, path = DEFAULT_PATH] = address.split(/:(.*)/s);
  if (word !== EMBEDDED || path === "") {
    const message = `${id}: address "${address}" can't be reached: this version keeps workflows itself; ` +
      `write "embedded" for ${DEFAULT_PATH}, or "embedded:PATH"`;
    throw new Failure("Invalid", message, { retryable: false });
  }
  return /^([/\\]|[A-Za-z]:[/\\])/.test(path) ? path : `${baseDirectory}/${path}`;
}

/** A journal that is opened once. */
function journalSource(
  ports: Ports,
  path: string,
  settings: { name: string; queuePrefix: string },
): JournalSource & { shut(): void } {
  let workflows: Namespace | undefined;
  return {
    queuePrefix: settings.queuePrefix,
    open: (node) =>
      workflows ??= new Namespace(settings, node, new WorkflowJournal(ports.sqlite, ports.files, path)),
    shut: () => {
      workflows?.journal.shut();
      workflows = undefined;
    },
  };
}

const client = defineKind({
  name: "temporal.client",
  doc: "Where workflows are kept: the journal of this program, with the address `embedded`.",
  config: schema.object({
    address: schema.string({
      nonEmpty: true,
      doc: "`embedded` for a journal in `.wippy/workflows.db`, `embedded:PATH` for one elsewhere.",
    }),
    namespace: schema.string({ default: "default", doc: "Namespace of the workflows." }),
    tq_prefix: schema.string({ default: "", doc: "Stands before the name of every task queue." }),
    lifecycle: schema.any(),
  }),
  provides: JournalResource,
  open({ id, config, ports, baseDirectory }) {
    const settings = { name: config.namespace, queuePrefix: config.tq_prefix };
    return { resource: journalSource(ports, journalPath(id, config.address, baseDirectory), settings) };
  },
  close({ resource }) {
    (resource as JournalSource & { shut(): void }).shut();
  },
});

function worker(runtime: () => LuaRuntime): KindDefinition {
  const workers = new ActivityWorkers();
  return defineKind({
    name: "temporal.worker",
    doc: "Runs workflows and their activities.",
    config: schema.object({
      client: schema.reference({ doc: "Where its workflows are kept." }),
      task_queue: schema.string({ nonEmpty: true, doc: "Name of the queue that it serves." }),
      worker_options: WORKER_OPTIONS,
      lifecycle: schema.any(),
    }),
    open({ id, config, ports, resources, security }) {
      const { worker_options: options } = config;
      const source = resources.find(JournalResource, config.client);
      const activities = workers.open(id, config.client, {
        queuePrefix: source?.queuePrefix ?? "",
        taskQueue: config.task_queue,
        runningMax: options.max_concurrent_activity_execution_size || ACTIVITIES_RUNNING_DEFAULT,
        perSecond: options.worker_activities_per_second,
        queuePerSecond: options.task_queue_activities_per_second,
      }, ports.clock);
      let engine: WorkflowEngine | undefined;
      const runsWorkflows = !options.disable_workflow_worker;
      const running = (): WorkflowEngine => {
        if (!runsWorkflows) {
          const message = `${id} runs no workflows: its option disable_workflow_worker is set`;
          throw new Failure("Unavailable", message, { retryable: false });
        }
        if (engine === undefined) throw new Failure("Unavailable", "host is not running");
        return engine;
      };
      const host = runtime().hosts.add(id, {
        type: "provided",
        provider: {
          start: (start) => running().start(start),
          onEnd: (of, done) => running().onEnd(of, done),
          rest: () => engine?.rest(),
        },
      });
      return {
        service: {
          start() {
            if (source === undefined) throw new Failure("NotFound", `client not found: ${config.client}`);
            const { taskQueue } = activities;
            if (runsWorkflows) {
              const surroundings = { runtime: runtime(), security, workers };
              engine = new WorkflowEngine(surroundings, { id, taskQueue }, source.open(runtime().node));
            }
            host.state = "running";
            activities.start();
            const resumed = engine?.recover() ?? 0;
            const name = options.identity === "" ? "" : ` ${options.identity}`;
            return Promise.resolve({
              details: `${
                runsWorkflows ? "workflow" : "activity"
              } worker${name} on ${taskQueue}, ${resumed} resumed`,
              ended: new Promise<null>(() => {}),
              async stop(_reason, signal) {
                host.state = "stopping";
                activities.close();
                await engine?.pause(signal);
                engine = undefined;
                activities.stop();
                await runtime().hosts.stop(id, "worker stopping", signal);
              },
            });
          },
        },
        requires: [],
      };
    },
    close(_current, { id }) {
      workers.close(id);
      runtime().hosts.remove(id);
    },
  });
}

/** The kinds of workflows for this runtime. */
export function workflowKinds(runtime: () => LuaRuntime): KindDefinition[] {
  return [client, worker(runtime)];
}
