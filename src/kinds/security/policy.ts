/** `security.policy`: a rule of who may do what, declared by patterns and conditions. */
import { type Decoded, schema } from "../../core/mod.ts";
import { defineKind } from "../../registry/mod.ts";
import { allOf, compileCondition, OPERATORS, Policy } from "../../security/mod.ts";
import { groupIds, POLICY_FIELDS } from "./policy_fields.ts";
import { regexCompiler } from "./regular_expressions.ts";

const CONFIG = schema.object({
  policy: schema.object({
    ...POLICY_FIELDS,
    conditions: schema.list(schema.object({
      field: schema.string({ nonEmpty: true, doc: "Path: actor.id, actor.meta.*, action, resource, meta.*" }),
      operator: schema.oneOf(OPERATORS),
      value: schema.any({ doc: "What the field is compared with." }),
      value_from: schema.string({ default: "", doc: "Path of what the field is compared with." }),
    })),
  }),
  groups: schema.list(schema.string(), { doc: "Groups through which the policy is given." }),
});

const EXPRESSION_OPERATORS: ReadonlySet<string> = new Set(["matches", "nmatches"]);

function noExpression(): never {
  throw new Error("a condition compiled an expression though its operator has none");
}

async function policyOf(id: string, { policy }: Decoded<typeof CONFIG>): Promise<Policy> {
  const hasExpression = policy.conditions.some(({ operator }) => EXPRESSION_OPERATORS.has(operator));
  const compile = hasExpression ? await regexCompiler() : noExpression;
  return new Policy(id, {
    ...policy,
    applies: allOf(policy.conditions.map((condition) => compileCondition(condition, compile))),
  });
}

export default defineKind({
  name: "security.policy",
  announces: {
    system: "security",
    register: "policy.register",
    update: "policy.update",
    remove: "policy.delete",
  },
  doc: "Allows or denies actions on resources.",
  config: CONFIG,
  async open({ id, ns, config, security }) {
    security.register(id, await policyOf(id, config), groupIds(config.groups, ns));
    return {};
  },
  async change(current, { id, ns, config, security }) {
    security.register(id, await policyOf(id, config), groupIds(config.groups, ns));
    return current;
  },
  close(_current, { id, security }) {
    security.unregister(id);
  },
});
