/** The library for SQS, loaded on first use: most applications never need it. */
import type { SQSClient } from "@aws-sdk/client-sqs";
import type { Clock, HttpClient } from "../../../ports/mod.ts";
import { refusalOf } from "../../aws/failure.ts";
import { AwsHttpHandler } from "../../aws/http_handler.ts";
import type { AwsSettings } from "../../aws/settings.ts";

/** What is used of the library. */
export type SqsLibrary = typeof import("@aws-sdk/client-sqs");

/** How a driver reaches SQS. */
export interface SqsOptions {
  readonly endpoint: string | undefined;
  readonly useFips: boolean;
  readonly useDualStack: boolean;
  /** Compares checksums of what was sent and received. */
  readonly isChecked: boolean;
}

let library: Promise<SqsLibrary> | undefined;

/** The library. */
export function sqsLibrary(): Promise<SqsLibrary> {
  return library ??= import("@aws-sdk/client-sqs");
}

/** A client. */
export async function sqsClient(
  { credentials, region }: AwsSettings,
  { endpoint, isChecked, useDualStack, useFips }: SqsOptions,
  ports: { httpClient: HttpClient; clock: Clock },
): Promise<SQSClient> {
  const { SQSClient } = await sqsLibrary();
  return new SQSClient({
    region,
    credentials,
    ...(endpoint === undefined
      ? { useFipsEndpoint: useFips, useDualstackEndpoint: useDualStack }
      : { endpoint }),
    // The host in the URL of a queue is not the one that FIPS or IPv6 ask for.
    useQueueUrlAsEndpoint: false,
    requestHandler: new AwsHttpHandler(ports.httpClient, ports.clock),
    ...(isChecked ? {} : { md5: false }),
  });
}

/** Whether SQS has no such queue. */
export function isUnknownQueue(error: unknown): boolean {
  const { code } = refusalOf(error);
  return code === "QueueDoesNotExist" || code === "AWS.SimpleQueueService.NonExistentQueue";
}
