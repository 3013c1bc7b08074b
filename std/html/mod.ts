/** The `html` module: untrusted HTML made harmless by policies. */
import {
  type Call,
  defineModule,
  defineObject,
  type ModuleCommand,
  type ModuleFunction,
  type ObjectDefinition,
} from "../../src/lua/mod.ts";
import type { LuaValue, NativeResult } from "../../src/vm/mod.ts";
import { compileRegexp, type Regexp } from "../text/regexp.ts";
import { Policy, type ValueTest } from "./policy.ts";
import {
  allowImages,
  allowLists,
  allowStandardAttributes,
  allowStandardUrls,
  allowTables,
  userContent,
} from "./presets.ts";
import types from "./html.d.lua" with { type: "text" };

/** Attributes on their way into a policy. */
interface AttributeRule {
  readonly policy: Policy;
  /** The policy's own object, to be handed back. */
  readonly handle: LuaValue;
  readonly names: readonly string[];
  readonly test: ValueTest | undefined;
}

/** The names from argument `from` on. */
function names(call: Call, from: number): string[] {
  const list: string[] = [];
  for (let i = from; i <= call.count; i++) list.push(call.string(i));
  return list;
}

/** A method that changes the policy and hands it back. */
function changing(change: (policy: Policy, call: Call) => void): ModuleFunction {
  return (call) => {
    change(call.self(policyObject), call);
    return call.value(1);
  };
}

const UTF8 = new TextEncoder();

const matching: ModuleCommand = (call): NativeResult | Promise<NativeResult> => {
  const rule = call.self(builderObject);
  const tested = (regexp: Regexp): NativeResult =>
    call.create(builderObject, { ...rule, test: (value) => regexp.test(UTF8.encode(value)) });
  const compiled = compileRegexp(call.string(2));
  return compiled instanceof Promise ? compiled.then(tested) : tested(compiled);
};

/** Says where attributes may stand. */
const builderObject: ObjectDefinition<AttributeRule> = defineObject<AttributeRule>({
  name: "html.AttrBuilder",
  methods: {
    on_elements: (call) => {
      const { handle, names: attributes, policy, test } = call.self(builderObject);
      policy.allowAttributes(attributes, names(call, 2), test);
      return handle;
    },
    globally: (call) => {
      const { handle, names: attributes, policy, test } = call.self(builderObject);
      policy.allowAttributesGlobally(attributes, test);
      return handle;
    },
  },
  commands: { matching },
});

const sanitizeText: ModuleCommand = (call): NativeResult | Promise<NativeResult> => {
  const policy = call.self(policyObject);
  const document = call.string(2);
  return import("./sanitizer.ts").then(({ sanitize }) => sanitize(policy, document));
};

/** What of a document may stay. */
const policyObject: ObjectDefinition<Policy> = defineObject<Policy>({
  name: "html.Policy",
  methods: {
    allow_elements: changing((policy, call) => policy.allowElements(names(call, 2))),
    allow_attrs: (call) => {
      const policy = call.self(policyObject);
      return call.create(builderObject, {
        policy,
        handle: call.value(1),
        names: names(call, 2),
        test: undefined,
      });
    },
    allow_standard_urls: changing((policy) => allowStandardUrls(policy)),
    allow_url_schemes: changing((policy, call) => policy.urls.allowSchemes(names(call, 2))),
    allow_relative_urls: changing((policy, call) => policy.urls.allowRelative(call.boolean(2))),
    require_parseable_urls: changing((policy, call) => policy.urls.requireParseable(call.boolean(2))),
    require_nofollow_on_links: changing((policy, call) => void (policy.noFollow = call.boolean(2))),
    require_noreferrer_on_links: changing((policy, call) => void (policy.noReferrer = call.boolean(2))),
    add_target_blank_to_fully_qualified_links: changing((policy, call) =>
      void (policy.targetBlank = call.boolean(2))
    ),
    allow_images: changing((policy) => allowImages(policy)),
    allow_data_uri_images: changing((policy) => void (policy.urls.allowsDataImages = true)),
    allow_lists: changing((policy) => allowLists(policy)),
    allow_tables: changing((policy) => allowTables(policy)),
    allow_standard_attributes: changing((policy) => allowStandardAttributes(policy)),
  },
  commands: { sanitize: sanitizeText },
});

export default defineModule({
  name: "html",
  types,
  classes: ["deterministic", "encoding", "workflow"],
  portable: true,
  functions: {
    "sanitize.new_policy": (call) => call.create(policyObject, new Policy()),
    "sanitize.ugc_policy": (call) => call.create(policyObject, userContent()),
    "sanitize.strict_policy": (call) => call.create(policyObject, new Policy()),
  },
  objects: [policyObject as never, builderObject as never],
});
