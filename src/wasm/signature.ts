/**
 * What the method of an entry takes and gives: as its WIT says, else as the module says itself.
 *
 * SG1. A signature that is accepted fits the module: calls can fail for their values only.
 */
import { Failure, nearestName } from "../core/mod.ts";
import { flatTypes } from "./abi_layout.ts";
import type { CoreFunction, CoreModule, CoreType } from "./core_module.ts";
import { parseWit } from "./wit_parser.ts";
import type { WitFunction, WitType } from "./wit_type.ts";

/** Numbers that parameters and results may take before they go through memory. */
export const FLAT_PARAMS_MAX = 16;
/** See `FLAT_PARAMS_MAX`. */
export const FLAT_RESULTS_MAX = 1;

const OF_CORE: Readonly<Record<Exclude<CoreType, "other">, WitType>> = {
  i32: { kind: "s32" },
  i64: { kind: "s64" },
  f32: { kind: "f32" },
  f64: { kind: "f64" },
};

function invalid(message: string): Failure {
  return new Failure("Invalid", message, { retryable: false });
}

function listed(names: Iterable<string>): string {
  const all = [...names];
  return all.length === 0 ? "nothing" : all.slice(0, 20).join(", ") + (all.length > 20 ? ", ..." : "");
}

function hint(name: string, known: Iterable<string>): string {
  const near = nearestName(name, known);
  return near === undefined ? "" : `; did you mean "${near}"?`;
}

function printCore({ params, results }: CoreFunction): string {
  return `(${params.join(", ")}) -> (${results.join(", ")})`;
}

/** The numbers that a function of WIT is in a core module. */
function coreOf({ params, result }: WitFunction): CoreFunction {
  const flat = params.flatMap(({ type }) => flatTypes(type));
  const results = result === undefined ? [] : flatTypes(result);
  return { params: flat, results: results.length > FLAT_RESULTS_MAX ? ["i32"] : results };
}

function ofModule(method: string, core: CoreFunction): WitFunction {
  const typeOf = (type: CoreType): WitType => {
    if (type !== "other") return OF_CORE[type];
    throw invalid(`method: ${method} takes or gives values that are no numbers, which are not supported`);
  };
  const results = core.results.map(typeOf);
  if (results.length > 1) {
    throw invalid(`method: ${method} has ${results.length} results; a function has one at most`);
  }
  return {
    params: core.params.map((type, i) => ({ name: `p${i}`, type: typeOf(type) })),
    result: results[0],
  };
}

/** Whether values of a type go through the memory of the guest. */
function usesMemory(type: WitType): boolean {
  switch (type.kind) {
    case "list":
    case "string":
      return true;
    case "option":
      return usesMemory(type.item);
    case "result":
      return [type.ok, type.error].some((part) => part !== undefined && usesMemory(part));
    case "tuple":
      return type.items.some(usesMemory);
    case "record":
      return type.fields.some((field) => usesMemory(field.type));
    default:
      return false;
  }
}

/** The function that `wit` declares as `method`, for `module`; without a text, what the module says. Fails with Invalid. */
export function signatureOf(method: string, wit: string, module: CoreModule): WitFunction {
  const core = module.functions.get(method);
  if (core === undefined) {
    const names = [...module.functions.keys()];
    throw invalid(
      `method: the module exports no function "${method}"${hint(method, names)}; it exports ${listed(names)}`,
    );
  }
  if (wit.trim() === "") return ofModule(method, core);
  const declared = parseWit(wit);
  const found = declared.get(method) ?? declared.get(method.slice(method.indexOf("#") + 1));
  if (found === undefined) {
    throw invalid(
      `wit: it declares no function "${method}"${hint(method, declared.keys())}; it declares ${
        listed(declared.keys())
      }`,
    );
  }
  const wanted = coreOf(found);
  if (wanted.params.length > FLAT_PARAMS_MAX) {
    throw invalid(
      `wit: the parameters of ${method} are ${wanted.params.length} numbers; ${FLAT_PARAMS_MAX} are supported`,
    );
  }
  if (printCore(wanted) !== printCore(core)) {
    throw invalid(`wit: ${method} is ${printCore(wanted)} in a module, but this one has ${printCore(core)}`);
  }
  const takesMemory = found.params.some(({ type }) => usesMemory(type));
  const givesMemory = found.result !== undefined &&
    (usesMemory(found.result) || flatTypes(found.result).length > FLAT_RESULTS_MAX);
  if ((takesMemory || givesMemory) && !module.hasMemory) {
    throw invalid(`wit: ${method} needs memory, which the module does not export as "memory"`);
  }
  if (
    takesMemory && printCore(module.functions.get("cabi_realloc") ?? { params: [], results: [] }) !== REALLOC
  ) {
    throw invalid(
      `wit: ${method} needs room in the memory of the guest: export "cabi_realloc" as ${REALLOC}`,
    );
  }
  return found;
}

const REALLOC = printCore({ params: ["i32", "i32", "i32", "i32"], results: ["i32"] });
