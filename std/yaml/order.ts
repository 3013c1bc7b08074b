/** How maps are ordered. */
export interface YamlOrder {
  /** Keys that come first, in this order, in every map. */
  readonly first: readonly string[];
  /** Whether the other keys are sorted. */
  readonly sorted: boolean;
}

/** Order as it comes. */
export const UNORDERED: YamlOrder = { first: [], sorted: false };
