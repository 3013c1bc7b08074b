/** The RabbitMQ that tests talk to: its addresses, its control program, and how it is restarted. */
import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { type ChannelModel, connect as connectClient } from "amqplib";
import { as } from "../../scripts/service_commands.ts";
import type { Value } from "../../src/core/mod.ts";
import type { TestApplication } from "../application.ts";
import { entry, HEAD, main } from "../lua_entries.ts";
import { serviceUrl } from "../services.ts";

const PROBE_EVERY_MS = 50;
/** About a minute. */
const PROBES_MAX = 1200;

const url = serviceUrl("rabbitmq");
const folder = url?.searchParams.get("folder") ?? "";

/** Address of the broker for entries. */
export const BROKER: string = `amqp://guest:guest@127.0.0.1:${url?.port}/`;
/** Address for TLS; the certificate is for `localhost`. */
export const SECURE_BROKER: string = `amqps://guest:guest@localhost:${url?.searchParams.get("tls")}/`;

/** A file of the broker's certificates: `ca.crt`, `client.crt`, `client.key`. */
export function certificate(name: string): string {
  return readFileSync(join(folder, "data", name), "utf8");
}

/** A name that no other test uses. */
export function freshName(): string {
  return `t${crypto.randomUUID().replaceAll("-", "")}`;
}

/** Runs the broker's control program; the rows of a listing such as `control("list_queues", "name", "arguments")`. */
export async function control(command: string, ...columns: string[]): Promise<Record<string, unknown>[]> {
  const program = join(folder, "control");
  const words = [program, "--silent", "--formatter", "json", command, ...columns];
  const argv = as("rabbitmq", words);
  const { stdout } = await promisify(execFile)(argv[0]!, argv.slice(1), { maxBuffer: 16 * 1024 * 1024 });
  return JSON.parse(stdout.trim() === "" ? "[]" : stdout) as Record<string, unknown>[];
}

/** Does something as another client. */
export async function asClient<T>(work: (model: ChannelModel) => Promise<T>): Promise<T> {
  const model = await connectClient(BROKER);
  try {
    return await work(model);
  } finally {
    await model.close();
  }
}

function brokerId(): number {
  return existsSync(join(folder, "pid")) ? Number(readFileSync(join(folder, "pid"), "utf8")) : 0;
}

/** Ends the broker without a word, and resolves once it is gone; it comes back by itself. */
export async function crashBroker(): Promise<void> {
  process.kill(brokerId(), "SIGKILL");
  await untilReachable(false);
}

/** Resolves once the broker accepts connections. */
export async function untilBroker(): Promise<void> {
  await untilReachable(true);
}

async function untilReachable(wanted: boolean): Promise<void> {
  for (;;) {
    const isReachable = await new Promise<boolean>((resolve) => {
      const socket = connect(Number(url!.port), "127.0.0.1");
      socket.on("connect", () => {
        socket.destroy();
        resolve(true);
      });
      socket.on("error", () => resolve(false));
    });
    if (isReachable === wanted) return;
    await pause();
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, PROBE_EVERY_MS));
}

/** Polls until `probe` gives something; for what takes a broker's restart, or a listing of its control program. */
export async function eventually<T>(
  probe: () => Promise<T | undefined | false> | T | undefined | false,
  what: string,
): Promise<T> {
  for (let probes = 0; probes < PROBES_MAX; probes++) {
    const found = await probe();
    if (found !== undefined && found !== false) return found;
    await pause();
  }
  throw new Error(`waited in vain for ${what}`);
}

/** A driver, a queue of a fresh name, a publisher that tells how it went, and a handler that logs what it gets. */
export function amqpProject({ name, driver = "", queue = "", more = "" }: AmqpProject): string {
  return HEAD + `  - name: driver
    kind: queue.driver.amqp
${driver === "" ? `    url: ${BROKER}\n` : indent(driver)}    reconnect_delay: 20ms
    reconnect_max_delay: 200ms
    lifecycle: { auto_start: true }
  - name: queue
    kind: queue.queue
    driver: driver
    queue_name: ${name}
${indent(queue)}    lifecycle: { auto_start: true }
` +
    entry(
      "publish",
      "function.lua",
      main(`
local body, headers, id = ...
local ok, err = queue.publish(id or "app:queue", body, headers)
if err then return err:kind() .. "/" .. tostring(err:retryable()) .. ": " .. err:message() end
return ok`),
      "method: main\nmodules: [queue]",
    ) +
    entry("info", "function.lua", main(`return queue.info("app:queue")`), "method: main\nmodules: [queue]") +
    entry(
      "handler",
      "function.lua",
      `
local function main(body)
  local msg = queue.message()
  logger:info("handled", { body = body, id = msg:id(), headers = msg:headers() })
  local count = msg:header("x_delivery_count") or 0
  if type(body) == "table" and count < (body.refuse or 0) then return nil, "refused" end
  if type(body) == "table" and body.wait then time.sleep(body.wait) end
  logger:info("finished", { body = body })
end
return { main = main }`,
      "method: main\nmodules: [queue, logger, time]\npool: { type: inline }",
    ) + more;
}

/** Parts of a project. */
export interface AmqpProject {
  readonly name: string;
  /** Fields of the driver; by default the plain URL. */
  readonly driver?: string;
  /** Fields of the queue. */
  readonly queue?: string;
  /** Further entries. */
  readonly more?: string;
}

/** A consumer of `app:queue`. */
export function amqpConsumer(name = "consumer", fields = ""): string {
  return `  - name: ${name}
    kind: queue.consumer
    queue: queue
    func: handler
${indent(fields)}    lifecycle: { auto_start: true, stop_timeout: 5s }
`;
}

function indent(fields: string): string {
  return fields.split("\n").filter((line) => line !== "").map((line) => `    ${line}\n`).join("");
}

/** What the handler logged, in order. */
export function logged(app: TestApplication, message = "handled"): Record<string, Value>[] {
  return app.logs.filter((log) => log.message === message).map(({ fields }) => fields);
}
