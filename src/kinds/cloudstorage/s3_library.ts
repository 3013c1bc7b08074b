/** The library for S3, loaded on first use: most applications never need it. */
import type { S3Client } from "@aws-sdk/client-s3";
import type { Clock, HttpClient } from "../../ports/mod.ts";
import { AwsHttpHandler } from "../aws/http_handler.ts";
import type { AwsSettings } from "../aws/settings.ts";

/** What is used of the library. */
export type S3Library = typeof import("@aws-sdk/client-s3");
/** A request of the library. Each has a stack of its own type, which says more than is used here. */
interface Command {
  readonly middlewareStack: object;
}
type Stack = S3Client["middlewareStack"];

let library: Promise<S3Library> | undefined;

/** The library. */
export function s3Library(): Promise<S3Library> {
  return library ??= import("@aws-sdk/client-s3");
}

/** A client; with an endpoint the bucket stands in the path, since names of such hosts lead nowhere. */
export async function s3Client(
  settings: AwsSettings,
  endpoint: string | undefined,
  ports: { httpClient: HttpClient; clock: Clock },
): Promise<S3Client> {
  const { S3Client } = await s3Library();
  return new S3Client({
    ...settings,
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
    requestHandler: new AwsHttpHandler(ports.httpClient, ports.clock),
    expectContinueHeader: false,
    // Bodies are part of the signature, so nothing is changed on its way; services other than AWS refuse checksums beside that.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
  });
}

/** Sends these headers with a request, instead of those that the library would send. */
export function sendHeaders(command: Command, headers: Readonly<Record<string, string>>): void {
  (command.middlewareStack as Stack).add((next) => (args) => {
    Object.assign((args.request as { headers: Record<string, string> }).headers, headers);
    return next(args);
  }, { step: "build", name: "givenHeaders", priority: "low" });
}

/** The headers of the answer, filled in when it comes. */
export function answeredHeaders(command: Command): Record<string, string> {
  const headers: Record<string, string> = {};
  (command.middlewareStack as Stack).add((next) => async (args) => {
    const result = await next(args);
    Object.assign(headers, (result.response as { headers: Record<string, string> }).headers);
    return result;
  }, { step: "deserialize", name: "answeredHeaders", priority: "high" });
  return headers;
}
