/** What has a part of all paths of a server: routers and mounts, by their prefixes. */
import { prefixLength, type RoutePattern } from "./route_pattern.ts";

/** What has the longest prefix of a path, and how many segments that has: -1 when there is none. */
export interface Area<T> {
  readonly found: T | undefined;
  readonly length: number;
}

/** The one whose prefix fits most segments of a path. */
export function longest<T>(
  all: Iterable<T>,
  prefixOf: (item: T) => RoutePattern,
  parts: readonly string[],
): Area<T> {
  let found: T | undefined;
  let length = -1;
  for (const item of all) {
    const fits = prefixLength(prefixOf(item), parts);
    if (fits > length) [found, length] = [item, fits];
  }
  return { found, length };
}
