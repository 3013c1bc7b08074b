/** A shop whose pages are rendered here or loaded by a browser, behind one page that loads a bundle. */
// services: chromium
import assert from "node:assert/strict";
import { test } from "node:test";
import { missing } from "../services.ts";
import { ask, filesOfProject, withFiles, withProject } from "./application.ts";
import { withBrowser } from "./browser.ts";

test("pages are rendered, listed and described, each for those who may see it [j.views]", async () => {
  await withProject("storefront", async (project) => {
    const application = await project.serveHttp("app:gateway");
    const api = `${application.url}/api/public`;
    const titles = async (headers: Record<string, string> = {}): Promise<unknown> => {
      const { pages } = await (await fetch(`${api}/pages/list`, { headers })).json() as {
        pages: { title: string }[];
      };
      return pages.map(({ title }) => title);
    };

    const offers = await ask(`${api}/pages/content/app:offers?most=2`);
    assert.deepEqual([offers.status, offers.type], [200, "text/html"]);
    assert.match(offers.text, /<ul><li>Soap &lt;large&gt;: 2<\/li><\/ul>/);
    assert.match(
      offers.text,
      /<link rel="stylesheet" href="\/app\/css\/theme.css">\n<link rel="stylesheet" href="\/app\/css\/print.css" media="print">/,
    );
    assert.deepEqual(await titles(), ["Offers", "The shelf"]);
    assert.equal((await ask(`${api}/pages/content/app:takings`)).status, 401);

    const login = (password: string): Promise<Response> =>
      fetch(`${api}/login`, { method: "POST", body: JSON.stringify({ name: "ann", password }) });
    assert.equal((await login("wrong")).status, 401);
    const { token } = await (await login("let me in")).json() as { token: string };
    const headers = { authorization: `Bearer ${token}` };
    assert.deepEqual(await titles(headers), ["Takings", "Offers", "The shelf"]);
    assert.match(await (await fetch(`${api}/pages/content/app:takings`, { headers })).text(), /1,204\.50/);

    const shelf = (await ask(`${api}/pages/content/app:shelf`)).json as { version: string; baseUrl: string };
    assert.deepEqual([shelf.version, shelf.baseUrl], ["1.2.3", "/app/shelf/"]);
    assert.match((await ask(`${application.url}/@fragment/app:shelf/`)).text, /<wf-body>Shelf<\/wf-body>/);
    const config = (await ask(`${api}/facade/config`)).json as { theming: { global: unknown } };
    assert.deepEqual(config.theming.global, { customCSS: "body { background: rgb(1, 2, 3); }\n" });
    assert.equal((await application.stop()).code, 0);
  });
});

test(
  "a browser is sent to log in, comes back, and shows what the bundle does with the configuration [fe.shell.load] [fe.shell.auth] [fe.shell.auth.conflict] [x.fe.redirect] [fe.shell.scripts] [fe.login.page]",
  {
    skip: missing("chromium"),
  },
  async () => {
    await withProject("storefront", async (project) => {
      const application = await project.serveHttp("app:gateway");
      await withBrowser(async (browser) => {
        await browser.open(`${application.url}/orders?a=1#x`);
        await browser.until(`location.pathname === "/app/login.html" && document.forms.length === 1`);
        assert.equal(await browser.evaluate("location.search"), "?back=%2Forders%3Fa%3D1%23x");

        await browser.evaluate(
          `document.forms[0].password.value = "let me in"; document.forms[0].requestSubmit()`,
        );
        await browser.until(`document.querySelector("#app li") !== null`);
        assert.equal(
          await browser.evaluate("location.pathname + location.search + location.hash"),
          "/orders?a=1#x",
        );
        assert.deepEqual(
          await browser.evaluate(`[...document.querySelectorAll("li")].map((item) => item.textContent)`),
          [
            "Takings",
            "Offers",
            "The shelf",
          ],
        );
        assert.deepEqual(await browser.evaluate("window.loaded"), ["first", "second", "module"]);
        const { url } = application;
        assert.deepEqual(
          await browser.evaluate(
            `({ schema: given.$schema, token: typeof given.auth.token, env: given.env, context: given.context, mode: given.themeMode, title: given.theming.host.i18n.app.title })`,
          ),
          {
            schema: "wippy-context-2.0",
            token: "string",
            env: { APP_API_URL: url, APP_AUTH_API_URL: url, APP_WEBSOCKET_URL: url.replace("http", "ws") },
            context: { resourceId: "root", resourceType: "page", route: "/" },
            mode: "auto",
            title: "Corner shop",
          },
        );

        // What the user chooses is there from the first response of the next visit.
        await browser.evaluate(`choose("dark")`);
        await browser.open(url);
        await browser.until(`document.querySelector("#app li") !== null`);
        assert.equal(await browser.evaluate("document.documentElement.className"), "w-theme-dark");
        assert.equal(await browser.evaluate("given.themeMode"), "dark");

        await browser.evaluate(
          `localStorage.setItem("@wippy_token_info", JSON.stringify({ token: "old", expiresAt: "2020-01-01T00:00:00Z" }))`,
        );
        await browser.open(url);
        await browser.until(`location.pathname === "/app/login.html"`);
      });
      await application.stop();
    });
  },
);

test("what keeps the bundle from being shown is told [fe.shell.load] [fe.shell.auth]", {
  skip: missing("chromium"),
}, async () => {
  const told = async (from: string, to: string, prepare: string): Promise<string> => {
    const files = filesOfProject("storefront");
    files["src/_index.yaml"] = files["src/_index.yaml"]!.replace(from, to);
    let text = "";
    await withFiles(files, async (project) => {
      const application = await project.serveHttp("app:gateway");
      await withBrowser(async (browser) => {
        await browser.open(`${application.url}/app/css/theme.css`);
        await browser.until(`location.pathname === "/app/css/theme.css"`);
        await browser.evaluate(prepare);
        await browser.open(`${application.url}/start`);
        await browser.until(`document.querySelector("[role=alert]") !== null`);
        text = await browser.evaluate(`document.querySelector("#app").textContent`) as string;
      });
      await application.stop();
    });
    return text;
  };
  assert.equal(
    await told("/app/login.html", "/start", "localStorage.clear()"),
    "Nobody is logged in, and there is no page at /start: the parameter login_path names it.",
  );
  assert.match(
    await told(
      "value: /app/host }",
      "value: /app/none }",
      `localStorage.setItem("@wippy_token_info", "a token")`,
    ),
    /^The application could not be loaded: /,
  );
});
