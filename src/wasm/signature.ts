/**
 * What the method of an entry takes and gives: as its WIT says, else as the module says itself.
 *
 * SG1. A signature that is accepted fits the module: calls can fail for their values only.
 */
import { Failure, nearestName } from "../core/mod.ts";
import { flatTypes } from "./abi_layout.ts";
import type { ComponentPlan, LiftedFunction } from "./component.ts";
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
  const all = params.flatMap(({ type }) => flatTypes(type));
  const flat: CoreType[] = all.length > FLAT_PARAMS_MAX ? ["i32"] : all;
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

/** Whether arguments need room in the memory of the guest. */
function takesRoom({ params }: WitFunction): boolean {
  return params.some(({ type }) => usesMemory(type)) ||
    params.flatMap(({ type }) => flatTypes(type)).length > FLAT_PARAMS_MAX;
}

/** The function of a component that an entry calls `method`: `interface#function` need not name package and version. */
export function functionOf(method: string, component: ComponentPlan): LiftedFunction {
  const { functions } = component;
  const short = (name: string): string => name.replace(/^[^#]*\/(?=[^#/]*#)/, "").replace(/@[^#]*(?=#)/, "");
  const exact = functions.get(method);
  if (exact !== undefined) return exact;
  const found = [...functions.keys()].filter((name) => short(name) === method);
  if (found.length === 1) return functions.get(found[0]!)!;
  const names = [...functions.keys()];
  if (found.length > 1) throw invalid(`method: "${method}" may be ${found.join(" or ")}: name it in full`);
  const near = hint(method, [...names, ...names.map(short)]);
  throw invalid(
    `method: the component exports no function "${method}" whose types are supported${near}; it exports ${
      listed(names)
    }`,
  );
}

/** Sees that a function of a component is what its types say. Fails with Invalid. */
export function checkLifted(lifted: LiftedFunction, core: CoreFunction | undefined): void {
  const wanted = coreOf(lifted.signature);
  if (core !== undefined && printCore(wanted) !== printCore(core)) {
    throw invalid(
      `the component is broken: a function that should be ${printCore(wanted)} is ${printCore(core)}`,
    );
  }
  const { result } = lifted.signature;
  const gives = result !== undefined && (usesMemory(result) || flatTypes(result).length > FLAT_RESULTS_MAX);
  const takes = takesRoom(lifted.signature);
  if ((takes || gives) && lifted.memory === undefined || takes && lifted.realloc === undefined) {
    throw invalid("the component is broken: a function that needs memory has none");
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
  if (printCore(wanted) !== printCore(core)) {
    throw invalid(`wit: ${method} is ${printCore(wanted)} in a module, but this one has ${printCore(core)}`);
  }
  const takesMemory = takesRoom(found);
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
