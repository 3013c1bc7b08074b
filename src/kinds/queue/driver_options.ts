/** `driver_options` of queues and consumers: a bag per driver, of which each reads its own. */
import { type Decoded, Failure, type Field, isValueMap, type Value } from "../../core/mod.ts";

/** The bag of `driver`, decoded. Fails with Invalid naming the field. */
export function ownOptions<F extends Field<unknown>>(
  field: F,
  driverOptions: Readonly<Record<string, Value>>,
  driver: string,
): Decoded<F> {
  const own = driverOptions[driver];
  const path = `driver_options.${driver}`;
  if (own !== undefined && own !== null && !isValueMap(own)) {
    throw new Failure("Invalid", `${path}: expected a map`, { retryable: false });
  }
  return field.decode(own, { path, ns: "", references: [] }) as Decoded<F>;
}
