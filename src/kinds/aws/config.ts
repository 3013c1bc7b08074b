/** `config.aws`: a region and credentials, shared by everything that talks to AWS. */
import { schema } from "../../core/mod.ts";
import { defineKind } from "../../registry/mod.ts";
import { AwsSettingsResource } from "./settings.ts";

export default defineKind({
  name: "config.aws",
  doc: "Region and credentials for AWS, or for services that speak its protocols.",
  config: schema.object({
    region: schema.string({ nonEmpty: true, doc: "Region, e.g. eu-central-1." }),
    access_key_id: schema.string({
      default: "",
      doc:
        "Used together with secret_access_key; without either, credentials come from where AWS programs look for them.",
    }),
    secret_access_key: schema.string({ default: "", doc: "Better ${env:NAME} than the key itself." }),
  }),
  provides: AwsSettingsResource,
  open({ config: { access_key_id, region, secret_access_key } }) {
    const isStatic = access_key_id !== "" && secret_access_key !== "";
    const credentials = { accessKeyId: access_key_id, secretAccessKey: secret_access_key };
    return { resource: isStatic ? { region, credentials } : { region } };
  },
});
