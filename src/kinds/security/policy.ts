/** `security.policy`: a rule of who may do what, declared by patterns and conditions. */
import { RE2JS } from "re2js";
import { type Decoded, schema } from "../../core/mod.ts";
import { defineKind } from "../../registry/mod.ts";
import { allOf, compileCondition, OPERATORS, Policy } from "../../security/mod.ts";
import { groupIds, POLICY_FIELDS } from "./policy_fields.ts";

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
  groups: schema.list(schema.string()),
});

function compileExpression(pattern: string): (text: string) => boolean {
  const expression = RE2JS.compile(pattern);
  return (text) => expression.matcher(text).find();
}

function policyOf(id: string, { policy }: Decoded<typeof CONFIG>): Policy {
  const conditions = policy.conditions.map((condition) => compileCondition(condition, compileExpression));
  return new Policy(id, { ...policy, applies: allOf(conditions) });
}

export default defineKind({
  name: "security.policy",
  doc: "Allows or denies actions on resources.",
  config: CONFIG,
  open({ id, ns, config, security, bus }) {
    security.register(id, policyOf(id, config), groupIds(config.groups, ns));
    bus.send({ system: "security", kind: "policy.register", path: id });
    return {};
  },
  change(current, { id, ns, config, security, bus }) {
    security.register(id, policyOf(id, config), groupIds(config.groups, ns));
    bus.send({ system: "security", kind: "policy.update", path: id });
    return current;
  },
  close(_current, { id, security, bus }) {
    security.unregister(id);
    bus.send({ system: "security", kind: "policy.delete", path: id });
  },
});
