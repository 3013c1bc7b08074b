/** Contracts and their bindings: filled by the `contract.*` kinds, used by the `contract` module. */
import type { Value } from "../core/mod.ts";

/** A method of a contract, with its schemas `{format, definition}`. */
export interface ContractMethod {
  name: string;
  description: string;
  input_schemas: Value[];
  output_schemas: Value[];
}

/** A contract definition. */
export interface ContractDefinition {
  readonly id: string;
  readonly methods: readonly ContractMethod[];
}

/** One contract that a binding implements. */
export interface BoundContract {
  readonly contract: string;
  readonly isDefault: boolean;
  /** Function id by method name. */
  readonly methods: Readonly<Record<string, string>>;
  /** Context keys that must be given when it is opened. */
  readonly contextRequired: readonly string[];
}

/** A binding of one or more contracts to functions. */
export interface ContractBinding {
  readonly id: string;
  readonly contracts: readonly BoundContract[];
}

/** All contracts of an application. */
export class ContractDirectory {
  readonly definitions = new Map<string, ContractDefinition>();
  readonly bindings = new Map<string, ContractBinding>();

  /** Ids of the bindings of a contract, in order of registration. */
  implementations(contract: string): string[] {
    const found: string[] = [];
    for (const binding of this.bindings.values()) {
      if (binding.contracts.some((bound) => bound.contract === contract)) found.push(binding.id);
    }
    return found;
  }

  /** The default binding of a contract: marked so and openable without context. */
  defaultBinding(contract: string): ContractBinding | undefined {
    for (const binding of this.bindings.values()) {
      for (const bound of binding.contracts) {
        if (bound.contract === contract && bound.isDefault && bound.contextRequired.length === 0) {
          return binding;
        }
      }
    }
    return undefined;
  }
}
