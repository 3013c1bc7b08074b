/** Fields that are made when they are first looked at. */

/** Gives `owner` the field `key`, to be made by `make` once somebody looks at it; what `make` throws, that one gets. */
export function defineLater(owner: object, key: string, make: () => unknown): void {
  const shape = { enumerable: true, configurable: true };
  Object.defineProperty(owner, key, {
    ...shape,
    get() {
      const value = make();
      Object.defineProperty(owner, key, { ...shape, writable: true, value });
      return value;
    },
  });
}
