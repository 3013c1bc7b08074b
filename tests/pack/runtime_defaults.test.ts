/** Configuration that goes along with an application, and who has the last word where it runs. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Failure } from "../../src/core/mod.ts";
import type { ProjectRequest } from "../../src/app/mod.ts";
import { type PackWorld, withProject, write } from "./pack_world.ts";

const CONFIG = `vars:
  port: 8085
  host: localhost
  url: http://\${host}:\${port}
  unused: left
  listed: asked for
security: { strict_mode: true }
shutdown: { timeout: 7s }
relay: { node_name: "\${url}" }
workspace: { replacements: {} }
profiles:
  loud:
    shutdown: { timeout: 9s }
    workspace: { replacements: {} }
  quiet:
    relay: { node_name: "\${listed}" }
  local:
    workspace: { replacements: {} }
`;

function manifest(publish: string, type = "application"): string {
  return `organization: acme\nmodule: shop\ntype: ${type}\npublish:\n${publish.replaceAll(/^/gm, "  ")}\n`;
}

const RUNTIME = "runtime:\n  sections: [security, shutdown, relay]";
const FILES = {
  "src/_index.yaml": "namespace: app\nname: one\nkind: registry.entry\n",
  ".wippy.yaml": CONFIG,
};

/** What a pack of these files brings. */
async function packed(files: Record<string, string>): Promise<Record<string, unknown> | undefined> {
  let runtime: Record<string, unknown> | undefined;
  await withProject({ ...FILES, ...files }, async (world) => {
    await world.pack();
    runtime = world.open().project.packs.open(`${world.target}/app.wapp`, "app.wapp").runtime;
  });
  return runtime;
}

/** Why these files can't be packed. */
async function refusal(files: Record<string, string>): Promise<string> {
  let message = "";
  await withProject({ ...FILES, ...files }, async ({ pack }) => {
    message = await pack().then(() => "", (failure: Failure) => failure.message);
  });
  return message;
}

test("an application brings the sections that it publishes and the variables they need [proj.manifest.publish-runtime]", async () => {
  assert.equal(await packed({}), undefined, "nothing goes along unasked");
  assert.deepEqual(await packed({ "wippy.yaml": manifest(RUNTIME) }), {
    security: { strict_mode: true },
    shutdown: { timeout: "7s" },
    relay: { node_name: "${url}" },
    vars: { url: "http://${host}:${port}", host: "localhost", port: 8085 },
  });
  const listed = manifest("runtime:\n  sections: [shutdown]\n  vars: [listed]");
  assert.deepEqual(await packed({ "wippy.yaml": listed }), {
    shutdown: { timeout: "7s" },
    vars: { listed: "asked for" },
  });
  const elsewhere = manifest("runtime:\n  source: defaults.yaml\n  sections: [shutdown]");
  assert.deepEqual(
    await packed({ "wippy.yaml": elsewhere, "defaults.yaml": "shutdown: { timeout: 2s }\n" }),
    {
      shutdown: { timeout: "2s" },
    },
  );
});

test("what is about one machine, or is no application's, is not published [proj.manifest.publish-runtime]", async () => {
  const library = { "wippy.yaml": manifest(RUNTIME, "library") };
  assert.match(await refusal(library), /only an application brings configuration/);
  for (const section of ["boot", "extensions", "workspace"]) {
    const local = { "wippy.yaml": manifest(`runtime:\n  sections: [${section}]`) };
    assert.match(await refusal(local), new RegExp(`sections: ${section} is about one machine`));
  }
  const unknown = { "wippy.yaml": manifest("runtime:\n  sections: [securty]") };
  assert.match(await refusal(unknown), /has no section securty; did you mean security\?/);
  const variable = { "wippy.yaml": manifest("runtime:\n  sections: [shutdown]\n  vars: [none]") };
  assert.match(await refusal(variable), /there is no variable none/);
  const secret = {
    "wippy.yaml": manifest("runtime:\n  sections: [relay]"),
    ".wippy.yaml": "vars: { name: '${env:HOME}' }\nrelay: { node_name: '${name}' }\n",
  };
  assert.match(await refusal(secret), /\.wippy\.yaml:1: vars\.name: \$\{env:HOME\} is of this machine/);
  const direct = {
    "wippy.yaml": manifest("runtime:\n  sections: [relay]"),
    ".wippy.yaml": "relay: { node_name: '${env:HOME}' }\n",
  };
  assert.match(await refusal(direct), /relay\.node_name: \$\{env:HOME\} is of this machine/);
});

test("profiles are published without what they say of the workspace, none chosen [proj.manifest.publish-profiles]", async () => {
  const profiles = async (text: string) =>
    (await packed({ "wippy.yaml": manifest(`profiles:\n${text.replaceAll(/^/gm, "  ")}`) }))?.["profiles"];
  const [loud, quiet] = [{ shutdown: { timeout: "9s" } }, { relay: { node_name: "${listed}" } }];
  assert.deepEqual(await profiles("enabled: true"), { loud, quiet });
  assert.deepEqual(await profiles("enabled: true\ninclude: [loud]"), { loud });
  assert.equal(await profiles("enabled: true\ninclude: []"), undefined);
  assert.equal(await profiles("enabled: false"), undefined);
  const all = await packed({ "wippy.yaml": manifest("profiles:\n  enabled: true") });
  assert.deepEqual(all!["vars"], { listed: "asked for" }, "with the variables that they need");
  const unknown = { "wippy.yaml": manifest("profiles:\n  enabled: true\n  include: [none]") };
  assert.match(await refusal(unknown), /there is no profile none; there are: loud, quiet, local/);
  const elsewhere = manifest("profiles:\n  enabled: true\n  source: profiles.yaml");
  const files = {
    "wippy.yaml": elsewhere,
    "profiles.yaml": "profiles: { own: { security: { strict_mode: true } } }\n",
  };
  assert.deepEqual((await packed(files))!["profiles"], { own: { security: { strict_mode: true } } });
});

/** Length of an orderly end and node name, as a run of the pack has them. */
function settings(
  { open }: PackWorld,
  request?: ProjectRequest,
): [timeout: number, node: string, strict: boolean] {
  const { relay, security, shutdown } = open(request).project.configuration.settings;
  return [shutdown.timeout, relay.node_name, security.strict_mode];
}

test("a pack's configuration gives way to local files, profiles and flags, in this order [proj.pack.precedence] [cli.run.profile]", () =>
  withProject({
    ...FILES,
    "wippy.yaml": manifest(`${RUNTIME}\nprofiles:\n  enabled: true`),
  }, async (world) => {
    await world.pack();
    assert.deepEqual(settings(world), [7000, "http://localhost:8085", true]);
    write(world.target, {
      "local.yaml":
        "shutdown: { timeout: 3s }\nvars: { port: 1 }\nprofiles: { own: { shutdown: { timeout: 4s } } }\n",
    });
    const files = ["local.yaml"];
    assert.deepEqual(settings(world, { files }), [3000, "http://localhost:1", true]);
    assert.deepEqual(settings(world, { files, profiles: ["own"] }), [4000, "http://localhost:1", true]);
    assert.deepEqual(settings(world, { files, profiles: ["loud"] }), [9000, "http://localhost:1", true]);
    assert.deepEqual(settings(world, { profiles: ["loud", "quiet"] }), [9000, "asked for", true]);
    const sets = ["shutdown.timeout=5s", "security.strict_mode=false"];
    assert.deepEqual(settings(world, { files, profiles: ["loud"], sets }), [
      5000,
      "http://localhost:1",
      false,
    ]);
    assert.throws(
      () => world.open({ profiles: ["local"] }),
      /local: no such profile; there are: loud, quiet/,
    );
  }));

test("a published override reaches the entries of the pack [proj.manifest.publish-runtime]", () =>
  withProject({
    ...FILES,
    ".wippy.yaml": 'profiles: { big: { override: { "app:one:size": 9 } } }\n',
    "wippy.yaml": manifest("profiles:\n  enabled: true"),
  }, async (world) => {
    await world.pack();
    const size = (request?: ProjectRequest) => world.open(request).loaded.entries[0]!.data["size"];
    assert.deepEqual([size(), size({ profiles: ["big"] })], [undefined, 9]);
  }));
