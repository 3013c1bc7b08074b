/** `queue.driver.sqs`: queues of SQS, or of a service that speaks its protocol. */
import type { SQSClient } from "@aws-sdk/client-sqs";
import { type Decoded, Failure, schema } from "../../core/mod.ts";
import { type QueueDeclaration, type QueueDriver, QueueDriverResource } from "../../ports/mod.ts";
import { defineKind, type KindContext, type Opened } from "../../registry/mod.ts";
import { AwsClient } from "../aws/client.ts";
import { awsSettings, endpointOf } from "../aws/settings.ts";
import { residentService } from "../resident_service.ts";
import { sqsClient, type SqsOptions } from "./sqs/sqs_library.ts";
import { type SqsDriverContext, SqsQueue } from "./sqs/sqs_queue.ts";
import { DRIVER_EVENTS } from "./driver_events.ts";

const DAY_SECONDS = 24 * 3600;

const CONFIG = schema.object({
  config: schema.reference({ doc: "Entry with region and credentials (config.aws)." }),
  endpoint: schema.string({ default: "", doc: "URL of a service other than AWS, such as ElasticMQ." }),
  message_retention_period: schema.integer({
    default: 4 * DAY_SECONDS,
    min: 60,
    max: 14 * DAY_SECONDS,
    doc: "Seconds that queues made by the driver keep messages.",
  }),
  default_delay_seconds: schema.integer({
    default: 0,
    min: 0,
    max: 900,
    doc: "Seconds by which queues made by the driver delay messages.",
  }),
  disable_message_checksum_validation: schema.boolean({
    default: false,
    doc: "Takes messages without comparing checksums.",
  }),
  use_fips: schema.boolean({ default: false, doc: "AWS's endpoints with validated cryptography." }),
  use_dual_stack: schema.boolean({ default: false, doc: "AWS's endpoints that also have IPv6." }),
  lifecycle: schema.any(),
});

type Context = KindContext<Decoded<typeof CONFIG>>;

/** How the driver reaches SQS; Invalid for what excludes each other. */
function optionsOf({ config }: Context): SqsOptions {
  const endpoint = endpointOf(config.endpoint);
  for (const field of ["use_fips", "use_dual_stack"] as const) {
    if (endpoint === undefined || !config[field]) continue;
    throw new Failure(
      "Invalid",
      `${field}: only AWS's own endpoints have that; leave out endpoint, or this`,
      {
        retryable: false,
        details: { path: field },
      },
    );
  }
  return {
    endpoint,
    useFips: config.use_fips,
    useDualStack: config.use_dual_stack,
    isChecked: !config.disable_message_checksum_validation,
  };
}

/** The driver; its settings may become others while queues are in use. */
class SqsDriver implements QueueDriver, SqsDriverContext {
  readonly clock: SqsDriverContext["clock"];
  readonly log: SqsDriverContext["log"];
  readonly #queues = new Map<string, SqsQueue>();
  retentionSeconds = 0;
  delaySeconds = 0;
  #client: AwsClient<SQSClient>;

  constructor(context: Context) {
    this.clock = context.ports.clock;
    this.log = context.log.named("queue", { driver: context.id });
    this.#client = this.#use(context);
  }

  /** Uses other settings from the next request on. */
  replace(context: Context): void {
    const before = this.#client;
    this.#client = this.#use(context);
    before.close();
    for (const queue of this.#queues.values()) queue.forget();
  }

  client(): Promise<SQSClient> {
    return this.#client.get();
  }

  declare(id: string, declaration: QueueDeclaration): SqsQueue {
    let queue = this.#queues.get(id);
    if (queue === undefined) this.#queues.set(id, queue = new SqsQueue(this, declaration));
    else queue.redeclare(declaration);
    return queue;
  }

  remove(id: string): void {
    this.#queues.delete(id);
  }

  close(): void {
    this.#client.close();
  }

  #use(context: Context): AwsClient<SQSClient> {
    const { config, ports, resources } = context;
    awsSettings(resources, config.config);
    const options = optionsOf(context);
    this.retentionSeconds = config.message_retention_period;
    this.delaySeconds = config.default_delay_seconds;
    return new AwsClient(
      () => awsSettings(resources, config.config),
      (settings) => sqsClient(settings, options, ports),
    );
  }
}

function opened(driver: SqsDriver, { config, resources }: Context): Opened<QueueDriver> {
  const where = config.endpoint === "" ? awsSettings(resources, config.config).region : config.endpoint;
  return { resource: driver, service: residentService(`SQS at ${where}`) };
}

export default defineKind({
  name: "queue.driver.sqs",
  announces: DRIVER_EVENTS,
  doc: "Queues of SQS, or of a service that speaks its protocol.",
  config: CONFIG,
  provides: QueueDriverResource,
  open: (context) => opened(new SqsDriver(context), context),
  change(current, context) {
    const driver = current.resource as SqsDriver;
    driver.replace(context);
    return opened(driver, context);
  },
  close({ resource }) {
    (resource as SqsDriver).close();
  },
});
