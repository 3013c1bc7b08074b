/** `security.policy.expr`: a rule of who may do what, with an expression that says when it applies. */
import { asFailure, type Decoded, Failure, schema } from "../../core/mod.ts";
import { compileExpression, type ExpressionHost } from "../../expression/mod.ts";
import type { Clock } from "../../ports/mod.ts";
import { defineKind } from "../../registry/mod.ts";
import { type Condition, Policy } from "../../security/mod.ts";
import type { LuaValue } from "../../vm/mod.ts";
import { groupIds, POLICY_FIELDS } from "./policy_fields.ts";
import { regexCompiler } from "./regular_expressions.ts";

const CONFIG = schema.object({
  policy: schema.object({
    ...POLICY_FIELDS,
    expression: schema.string({
      nonEmpty: true,
      doc: "When it applies: a boolean expression over actor.id, actor.meta, action, resource and meta.",
    }),
  }),
  groups: schema.list(schema.string(), { doc: "Groups through which the policy is given." }),
});

/** The condition an expression stands for. One that fails, or gives no boolean, does not hold. */
async function conditionOf(source: string, clock: Clock): Promise<Condition> {
  const program = compiled(source);
  const host: ExpressionHost = program.usesRegex ? { clock, regex: await regexCompiler() } : { clock };
  return (actor, { action, resource, attributes }) => {
    const env = { actor: { id: actor.id, meta: actor.meta }, action, resource, meta: attributes } as LuaValue;
    try {
      return program.run(env, host) === true;
    } catch (error) {
      if (error instanceof Failure) return false;
      throw error;
    }
  };
}

function compiled(source: string): ReturnType<typeof compileExpression> {
  try {
    return compileExpression(source);
  } catch (error) {
    throw new Failure("Invalid", `policy.expression: ${asFailure(error).message}`, { cause: error });
  }
}

async function policyOf(id: string, { policy }: Decoded<typeof CONFIG>, clock: Clock): Promise<Policy> {
  return new Policy(id, { ...policy, applies: await conditionOf(policy.expression, clock) });
}

export default defineKind({
  name: "security.policy.expr",
  announces: {
    system: "security",
    register: "policy.register",
    update: "policy.update",
    remove: "policy.delete",
  },
  doc: "Allows or denies actions on resources when an expression says so.",
  config: CONFIG,
  async open({ id, ns, config, ports, security }) {
    security.register(id, await policyOf(id, config, ports.clock), groupIds(config.groups, ns));
    return {};
  },
  async change(current, { id, ns, config, ports, security }) {
    security.register(id, await policyOf(id, config, ports.clock), groupIds(config.groups, ns));
    return current;
  },
  close(_current, { id, security }) {
    security.unregister(id);
  },
});
