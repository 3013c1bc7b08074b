/** What `config.aws` says, for the kinds that talk to AWS. */
import { Failure } from "../../core/mod.ts";
import { defineResource, type Resources } from "../../ports/mod.ts";

/** Where requests go and who signs them; without credentials the library looks for some where AWS programs do. */
export interface AwsSettings {
  readonly region: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** Provided by `config.aws`. */
export const AwsSettingsResource = defineResource<AwsSettings>("config.aws");

/** The settings of the entry that a field `config` names. */
export function awsSettings(resources: Resources, id: string): AwsSettings {
  const settings = resources.find(AwsSettingsResource, id);
  if (settings !== undefined) return settings;
  const type = resources.typeOf(id);
  if (type === undefined) {
    throw new Failure("NotFound", `config: there is no AWS configuration ${id}`, { retryable: false });
  }
  throw new Failure("Invalid", `config: ${id} is no AWS configuration (${type})`, { retryable: false });
}

/** An address of a service that is not AWS's own; undefined for `""`. */
export function endpointOf(text: string): string | undefined {
  if (text === "") return undefined;
  if (/^https?:\/\/[^/]/.test(text) && URL.canParse(text)) return text;
  throw new Failure("Invalid", `endpoint: expected a URL such as http://localhost:9000, got ${text}`, {
    retryable: false,
    details: { path: "endpoint" },
  });
}
