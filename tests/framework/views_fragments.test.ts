/** `wippy/views`: pages as fragments of the page that shows them. */
import assert from "node:assert/strict";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { raw, withGateway } from "../kinds/http/gateway.ts";
import { BUNDLES, page, SECURED, SET, template, views } from "./views_project.ts";

const DOCUMENT = `<!DOCTYPE html>
<!-- <head> of nobody -->
<HTML lang="en" data-x="a > b">
<head data-y='>'>
<title><body> is no tag here</title>
<script>if (a < b) document.write("<head></head>")</script>
<script type="module" data-role="@wippy/scripts" src="/dev-proxy.js">dev()</script>
<link rel="stylesheet" href="./style.css">
</head>
<body class="b"><header>1 < 2</header><script type="module" src="./main.js"></script></body>
</html>
`;

const MAP = { imports: { vue: "./vendor/vue.js", "@wippy-fe/proxy": "/proxy.js", far: "https://far/x.js" } };

/** A server outside of the application; `body` gets its address. */
async function withServer(
  handle: (url: string, answer: ServerResponse) => void,
  body: (origin: string) => Promise<void>,
): Promise<void> {
  const outside = createServer(({ url }, answer) => handle(url!, answer));
  await new Promise<void>((resolve) => outside.listen(0, "127.0.0.1", resolve));
  try {
    await body(`http://127.0.0.1:${(outside.address() as AddressInfo).port}`);
  } finally {
    await new Promise((resolve) => outside.close(resolve));
  }
}

/** A server with the map of imports of the host. */
function withHost(map: string, body: (origin: string) => Promise<void>): Promise<void> {
  return withServer((url, answer) => {
    answer.statusCode = url === "/host/import-map.json" ? 200 : 404;
    answer.end(map);
  }, body);
}

function facadeAt(url: string): Record<string, string> {
  const targets = [{ entry: "fe_facade_url", path: ".default" }];
  const entry = { name: "fe_facade_url", kind: "ns.requirement", default: url, targets };
  return {
    "src/facade/_index.yaml": JSON.stringify({ version: "1.0", namespace: "wippy.facade", entries: [entry] }),
  };
}

test("one address of a fragment is the page as a part, the document of its realm, or a file of its bundle [fe.frag.route] [fe.frag.doc] [fe.frag.asset] [fe.frag.errors] [fe.frag.optional]", () =>
  withGateway([
    ...SECURED,
    ...BUNDLES,
    views(),
    SET,
    page("main", {
      url: "/app/main",
      entry_point: "app.html",
      proxy: { injections: { css: { primevue: false, markdown: false } } },
    }),
    page("lost", { url: "/app/main", entry_point: "lost.html" }),
    page("secret", { url: "/app/main", secure: true }),
    template("hello", "<head></head><body>{{ query_params.name }}</body>"),
  ], async ({ get, text, call }) => {
    const css = "https://web-host.wippy.ai/webcomponents-1.0.56";
    const answer = await get("/@fragment/app:main/");
    assert.equal(answer.headers.get("cache-control"), "private, max-age=60");
    assert.equal(
      await answer.text(),
      `<!DOCTYPE html>
<!-- <head> of nobody -->
<wf-html lang="en" data-x="a > b">
<wf-head data-y='>'><base href="/app/main/"><link rel="stylesheet" href="${css}/theme-config.css"><link rel="stylesheet" href="${css}/iframe.css">
<title><body> is no tag here</title>
<script>if (a < b) document.write("<head></head>")</script>

<link rel="stylesheet" href="./style.css">
</wf-head>
<wf-body class="b"><header>1 < 2</header><script type="module" src="./main.js"></script></wf-body>
</wf-html>
`,
    );
    assert.equal(await text("/@fragment/app%3Amain"), await text("/@fragment/app:main/"));
    assert.match(await text("/@fragment/app:hello/?name=%3Cb%3E"), /<wf-body>&lt;b&gt;<\/wf-body>/);

    const file = await get("/@fragment/app:main/assets/main.js?v=1");
    assert.equal(file.headers.get("cache-control"), "private, max-age=300");
    assert.match(file.headers.get("content-type")!, /^text\/javascript/);
    assert.equal(await file.text(), "main()");
    assert.equal((await get("/@fragment/app:main/none.js")).status, 404);

    const failure = async (path: string, init?: RequestInit): Promise<unknown[]> => {
      const refused = await get(path, init);
      return [refused.status, await refused.text()];
    };
    assert.deepEqual(await failure("/@fragment/"), [400, "Missing fragment id"]);
    assert.deepEqual(await failure("/@fragment/app:nowhere/"), [404, "Fragment page not found"]);
    assert.deepEqual(await failure("/@fragment/app:secret/"), [401, "Access denied"]);
    assert.deepEqual(await failure("/@fragment/app:secret/assets/main.js"), [401, "Access denied"]);
    assert.deepEqual(await failure("/@fragment/app:lost/"), [
      502,
      "Fragment document fetch failed: status 404 (url: /app/main/lost.html)",
    ]);
    // The gateway is no part of what takes tokens.
    const token = await call("app:issue", "app:general", "app:viewer");
    const viewer = { headers: { authorization: `Bearer ${token}` } };
    assert.deepEqual(await failure("/@fragment/app:secret/", viewer), [401, "Access denied"]);
  }, {
    files: { "bundles/main/app.html": DOCUMENT, "bundles/main/assets/main.js": "main()" },
  }));

test("no path of a fragment leaves the folder of its bundle [fe.frag.asset]", async () => {
  const asked: string[] = [];
  await withServer((url, answer) => {
    asked.push(url);
    answer.end("a file");
  }, async (origin) => {
    await withGateway(
      [views(), page("main", { url: `${origin}/app`, base_path: "main" })],
      async ({ port }) => {
        const get = (way: string): Promise<string> =>
          raw(port, `GET /@fragment/app:main/${way} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
        for (
          const way of [
            "../../x",
            "%2e%2e/%2e%2e/x",
            "a/..%2f..%2fx",
            "..%5c..%5cx",
            "..\\..\\x",
            "a/%2e%2e%2Fx",
          ]
        ) {
          assert.match(await get(way), /^HTTP\/1.1 40[04] /, way);
        }
        assert.deepEqual(asked, []);
        assert.match(await get("..a/b..%20c?d=%2F"), /\r\n\r\na file$/);
        assert.deepEqual(asked, ["/app/main/..a/b..%20c?d=%2F"]);
      },
    );
  });
});

test("a realm gets the map of imports of the host and its scripts [fe.frag.stub]", async () => {
  const realm = { headers: { "sec-fetch-dest": "iframe" } };
  const main = page("main", { url: "/app/main" });
  await withHost(JSON.stringify(MAP), async (origin) => {
    const at = `${origin}/host`;
    await withGateway([views(), main], async ({ get }) => {
      const answer = await get("/@fragment/app:main/", realm);
      assert.equal(answer.headers.get("cache-control"), "public, max-age=300");
      assert.match(answer.headers.get("vary")!, /sec-fetch-dest/i);
      const text = await answer.text();
      const map = JSON.parse(/<script type="importmap">(.*?)<\/script>/.exec(text)![1]!);
      assert.deepEqual(map, {
        imports: {
          vue: `${at}/vendor/vue.js`,
          "@wippy-fe/proxy": `${origin}/proxy.js`,
          far: "https://far/x.js",
        },
      });
      assert.deepEqual([...text.matchAll(/<script src="(.*?)">/g)].map(([, url]) => url), [
        `${at}/loading.js`,
        `${at}/proxy-fragment.js`,
      ]);
      assert.equal((await get("/@fragment/app:nowhere/", realm)).status, 404);
    }, { files: facadeAt(`${at}/`) });
  });
  await withHost("no map", async (origin) => {
    await withGateway([views(), main], async ({ get }) => {
      const answer = await get("/@fragment/app:main/", realm);
      assert.deepEqual([answer.status, await answer.text()], [
        502,
        `Fragment host fetch failed: no map of imports (status 404) (url: ${origin})`,
      ]);
    }, { files: facadeAt(origin) });
  });
});
