/** `config.aws`: who signs requests, and for which region. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { type TestApplication, withApplication } from "../../application.ts";
import { refusalOf } from "../../lua_entries.ts";
import { KEYS, project, use } from "../cloudstorage_project.ts";

test("a region is required [kind.config.aws]", () =>
  withApplication(project("http://127.0.0.1:1"), async (app) => {
    for (const data of [{}, { region: "" }, { region: ["eu-central-1"] }]) {
      const error = await refusalOf(app, "app:bad", "config.aws", data);
      assert.equal(error.kind, "Invalid");
      assert.match(error.message, /region: expected/);
    }
  }));

/** Runs `work` with these variables of the operating system. */
async function withVariables(variables: Record<string, string>, work: () => Promise<void>): Promise<void> {
  const before = Object.keys(variables).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, variables);
  try {
    await work();
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
}

const SIGNED_BY = /X-Amz-Credential=(\w+)%2F\d+%2F([\w-]+)%2F/;

async function signer(app: TestApplication): Promise<string> {
  const [, key, region] = SIGNED_BY.exec(String(await use(app, "presigned_get_url", "k")))!;
  return `${key} ${region}`;
}

test("credentials are those of the entry when both are there, else those that AWS programs find [kind.config.aws]", () =>
  withVariables({ AWS_ACCESS_KEY_ID: "MACHINE", AWS_SECRET_ACCESS_KEY: "secret" }, async () => {
    const cases = [
      [KEYS, "KEY eu-central-1"],
      ['access_key_id: "", secret_access_key: ""', "MACHINE eu-central-1"],
      ["access_key_id: KEY", "MACHINE eu-central-1"],
      ["secret_access_key: SECRET", "MACHINE eu-central-1"],
    ] as const;
    for (const [aws, expected] of cases) {
      await withApplication(project("http://127.0.0.1:1", aws), async (app) => {
        assert.equal(await signer(app), expected, aws);
      });
    }
  }));

test("credentials may also stand in the file of the account; without any the call says so [kind.config.aws]", async () => {
  const folder = mkdtempSync(join(tmpdir(), "wippy-aws-"));
  const file = join(folder, "credentials");
  writeFileSync(
    file,
    "[work]\naws_access_key_id = FILE\naws_secret_access_key = secret\naws_session_token = token\n",
  );
  const nowhere = { AWS_CONFIG_FILE: join(folder, "none"), AWS_EC2_METADATA_DISABLED: "true" };
  try {
    await withVariables(
      { ...nowhere, AWS_SHARED_CREDENTIALS_FILE: file, AWS_PROFILE: "work" },
      () =>
        withApplication(project("http://127.0.0.1:1", ""), async (app) => {
          assert.equal(await signer(app), "FILE eu-central-1");
          assert.match(String(await use(app, "presigned_get_url", "k")), /X-Amz-Security-Token=token/);
        }),
    );
    await withVariables(
      { ...nowhere, AWS_SHARED_CREDENTIALS_FILE: join(folder, "none") },
      () =>
        withApplication(project("http://127.0.0.1:1", ""), async (app) => {
          assert.match(String(await use(app, "head_object", "k")), /^Internal: head k: .*credentials/);
        }),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a changed configuration is used from the next call on [kind.config.aws]", () =>
  withApplication(project("http://127.0.0.1:1"), async (app) => {
    assert.equal(await signer(app), "KEY eu-central-1");
    const { registry } = app.application;
    const data = { region: "us-west-2", access_key_id: "OTHER", secret_access_key: "x" };
    const original = registry.get("app:aws")!;
    await registry.apply([{ kind: "entry.update", entry: { ...original, data } }]);
    assert.equal(await signer(app), "OTHER us-west-2");
  }));
