/** `cloudstorage.s3`: a bucket of S3, or of a service that speaks its protocol. */
import { schema } from "../../core/mod.ts";
import { CloudStorageResource } from "../../ports/mod.ts";
import { defineKind } from "../../registry/mod.ts";
import { awsSettings, endpointOf } from "../aws/settings.ts";
import { residentService } from "../resident_service.ts";
import { S3Storage } from "./s3_storage.ts";

export default defineKind({
  name: "cloudstorage.s3",
  doc: "A bucket of S3, or of a service that speaks its protocol.",
  config: schema.object({
    bucket: schema.string({ nonEmpty: true, doc: "Name of the bucket, which must exist." }),
    config: schema.reference({ doc: "Entry with region and credentials (config.aws)." }),
    endpoint: schema.string({
      default: "",
      doc: "URL of a service other than AWS; the bucket is then part of the path.",
    }),
    lifecycle: schema.any(),
  }),
  provides: CloudStorageResource,
  open({ config: { bucket, config, endpoint }, ports, resources }) {
    const { region } = awsSettings(resources, config);
    const resource = new S3Storage({
      bucket,
      endpoint: endpointOf(endpoint),
      settings: () => awsSettings(resources, config),
      ports,
    });
    const where = endpoint === "" ? region : endpoint;
    return { resource, service: residentService(`bucket ${bucket} at ${where}`) };
  },
  close({ resource }) {
    (resource as S3Storage).close();
  },
});
