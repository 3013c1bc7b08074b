/** `wippy/embeddings`: texts that are found by what they mean. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Value, ValueMap } from "../../src/core/mod.ts";
import { type TestApplication, withApplication } from "../application.ts";
import { booted } from "./dataflow_project.ts";
import { entry, main } from "../lua_entries.ts";
import { llmProject, model } from "./llm_project.ts";

/** A provider whose vectors have a place for every word, and which counts what it is asked. */
const EMBEDDER = entry(
  "embedder",
  "function.lua",
  main(`
local request = ...
local asked = store.get("app:asked")
local texts = type(request.input) == "table" and request.input or { request.input }
local list = asked:get("requests") or {}
list[#list + 1] = { count = #texts, model = request.model, dimensions = request.options.dimensions }
asked:set("requests", list)
local vectors = {}
for i, text in ipairs(texts) do
  if text:find("too much") then return { success = false, error = "rate_limit_exceeded", error_message = "not now" } end
  local vector = {}
  for d = 1, request.options.dimensions do vector[d] = 0 end
  for word in text:lower():gmatch("%a+") do
    local place = 7
    for c = 1, #word do place = (place * 31 + word:byte(c)) % #vector end
    vector[place + 1] = vector[place + 1] + 1
  end
  vectors[i] = vector
end
return { success = true, result = { embeddings = vectors }, tokens = { prompt_tokens = #texts } }`),
  "method: main\nmodules: [store]",
) + `  - { name: asked, kind: store.memory, lifecycle: { auto_start: true } }
  - name: embed_driver
    kind: contract.binding
    contracts: [{ contract: "wippy.llm:embedder", methods: { embed: embedder } }]
  - name: embed_provider
    kind: registry.entry
    meta: { type: llm.provider, name: embed }
    driver: { id: "app:embed_driver" }
`;

const ASK = ["embeddings", "embedding_repo"].map((library) =>
  entry(
    `ask_${library}`,
    "function.lua",
    main(`
local method, given, n = ...
local fn = lib[method]
if type(fn) ~= "function" then return fn end
local result, err = fn(table.unpack(given, 1, n))
if err ~= nil then return { kind = err:kind(), refused = err:message() } end
return result`),
    `method: main\nimports: { lib: "wippy.embeddings:${library}" }`,
  )
).join("") +
  entry(
    "sql",
    "function.lua",
    main(`
local db = assert(sql.get("app:db"))
local rows, err = db:query(...)
db:release()
return err and err:message() or rows`),
    "method: main\nmodules: [sql]",
  ) +
  entry(
    "requests",
    "function.lua",
    main(`return store.get("app:asked"):get("requests")`),
    "method: main\nmodules: [store]",
  );

function project(
  parameter = ", parameters: [{ name: target_db, value: 'app:db' }]",
  db = "db.sql.sqlite, file: data.db",
): string {
  return llmProject(
    `  - { name: embeddings, kind: ns.dependency, component: wippy/embeddings, version: '*'${parameter} }\n`,
    `  - { name: db, kind: ${db} }\n`,
    model("embedding", { name: "text-embedding-3-small" }, {
      providers: [{ id: "app:embed_provider", provider_model: "real-embedding" }],
    }),
    EMBEDDER,
    ASK,
  );
}

async function ask(app: TestApplication, method: string, ...given: Value[]): Promise<Value> {
  return await app.call("app:ask_embeddings", method, given, given.length);
}

async function repo(app: TestApplication, method: string, ...given: Value[]): Promise<Value> {
  return await app.call("app:ask_embedding_repo", method, given, given.length);
}

function run(body: (app: TestApplication) => Promise<void>): Promise<void> {
  return withApplication(project(), async (app) => {
    await booted(app);
    await body(app);
  }, { simulated: true });
}

test("texts are kept with their vectors, and found by nearness [embeddings.param] [embeddings.const] [embeddings.migration] [embeddings.sqlite] [embeddings.add] [embeddings.search]", () =>
  run(async (app) => {
    const added = await ask(app, "add", "The cat sat on the mat", "note", "doc-1", "c1", {
      title: "Cats",
    }) as ValueMap;
    assert.match(added["entry_id"] as string, /^[0-9a-f]{8}-[0-9a-f]{4}-7/);
    assert.deepEqual({ ...added, entry_id: "" }, {
      entry_id: "",
      origin_id: "doc-1",
      content_type: "note",
      context_id: "c1",
    });
    await ask(app, "add", "Stocks fell on Monday", "news", "doc-2");
    const [row] = await app.call(
      "app:sql",
      "SELECT vec_length(embedding) AS n, typeof(embedding) AS type, meta FROM embeddings_512 WHERE origin_id = 'doc-1'",
    ) as ValueMap[];
    assert.deepEqual(row, { n: 512, type: "blob", meta: '{"title":"Cats"}' });

    const hits = await ask(app, "search", "the cat on the mat") as ValueMap[];
    assert.deepEqual(
      hits.map((
        { origin_id, content, content_type, context_id, meta },
      ) => [origin_id, content, content_type, context_id, meta]),
      [
        ["doc-1", "The cat sat on the mat", "note", "c1", { title: "Cats" }],
        ["doc-2", "Stocks fell on Monday", "news", undefined, undefined],
      ],
    );
    const [near, far] = hits.map(({ similarity }) => similarity as number);
    assert.ok(near! > 0.9 && near! <= 1, String(near));
    assert.ok(far! < 0.5, String(far));
    const [same] = await ask(app, "search", "Stocks fell on Monday", { limit: 1 }) as ValueMap[];
    assert.ok(Math.abs(same!["similarity"] as number - 1) < 1e-6);
    assert.deepEqual(await app.call("app:requests") as Value, [
      { count: 1, model: "real-embedding", dimensions: 512 },
      { count: 1, model: "real-embedding", dimensions: 512 },
      { count: 1, model: "real-embedding", dimensions: 512 },
      { count: 1, model: "real-embedding", dimensions: 512 },
    ]);
    const constants = [
      "EMBEDDING_MODEL",
      "EMBEDDING_DIMENSIONS",
      "MAX_TOKENS_PER_REQUEST",
      "DEFAULT_SEARCH_LIMIT",
    ];
    assert.deepEqual(await Promise.all(constants.map((name) => ask(app, name))), [
      "text-embedding-3-small",
      512,
      8000,
      10,
    ]);
  }));

test("many texts go to the model in as few requests as its tokens allow [embeddings.add_batch]", () =>
  run(async (app) => {
    const long = (word: string): string => `${word} `.repeat(4000);
    const items = ["a", "b", "c", "d", "e"].map((name, i) => ({
      content: i < 3 ? long(`word${name}`.slice(0, 5)) : name,
      content_type: "chunk",
      origin_id: "doc",
      context_id: String(i),
    }));
    const added = await ask(app, "add_batch", items) as { count: number; items: ValueMap[] };
    assert.equal(added.count, 5);
    assert.deepEqual(added.items.map(({ context_id }) => context_id), ["0", "1", "2", "3", "4"]);
    // 24,000 characters are 6,000 tokens: two of them are too many for one request.
    const requests = await app.call("app:requests") as ValueMap[];
    assert.deepEqual(requests.map(({ count }) => count), [1, 1, 3]);

    const broken = await ask(app, "add_batch", [
      { content: long("first"), content_type: "x", origin_id: "half" },
      { content: long("other") + "too much", content_type: "x", origin_id: "half" },
    ]) as ValueMap;
    assert.equal(broken["kind"], "RateLimited");
    assert.equal((await repo(app, "get_by_origin", "half") as Value[]).length, 1);
  }));

test("searches are bounded by type, origin, context and number [embeddings.search] [embeddings.find_type] [embeddings.find_origin]", () =>
  run(async (app) => {
    const items = Array.from({ length: 30 }, (_, i) => ({
      content: `apples number ${"x".repeat(i + 1)}`,
      content_type: i % 2 === 0 ? "even" : "odd",
      origin_id: i < 20 ? "first" : "second",
      context_id: `c${i % 3}`,
    }));
    await ask(app, "add_batch", items);
    const found = async (method: string, ...given: Value[]): Promise<ValueMap[]> =>
      await ask(app, method, "apples", ...given) as ValueMap[];
    assert.equal((await found("search")).length, 10);
    assert.equal((await found("search", { limit: 25 })).length, 25);
    const narrow = await found("search", {
      content_type: "odd",
      origin_id: "second",
      context_id: "c0",
      limit: 100,
    });
    assert.deepEqual(
      narrow.map(({ content }) => (content as string).length).sort(),
      [21, 27].map((i) => i + 15),
    );
    assert.equal((await found("find_by_type", "even")).length, 10);
    const even = await found("find_by_type", "even", { limit: 3 });
    assert.deepEqual(even.map(({ content_type }) => content_type), ["even", "even", "even"]);
    const origin = await found("find_by_origin", "second");
    assert.deepEqual(origin.map(({ origin_id }) => origin_id), Array(5).fill("second"));
    const context = await found("find_by_origin", "first", {
      content_type: "even",
      context_id: "c1",
      limit: 50,
    });
    assert.ok(
      context.length > 0 &&
        context.every(({ content_type, context_id }) => content_type === "even" && context_id === "c1"),
    );
    const similarities = (await found("search", { limit: 30 })).map(({ similarity }) => similarity as number);
    assert.deepEqual(similarities, similarities.toSorted((a, b) => b - a));
  }));

test("vectors of one's own are kept, listed, found and removed [embeddings.repo] [embeddings.repo.delete]", () =>
  run(async (app) => {
    const unit = (place: number): number[] => Array.from({ length: 512 }, (_, i) => i === place ? 1 : 0);
    const one = await repo(app, "add", "one", "t", "o", null, { n: 1 }, unit(0)) as ValueMap;
    const batch = [1, 2].map((place) => ({
      content: `at ${place}`,
      content_type: "t",
      origin_id: "o",
      embedding: unit(place),
    }));
    assert.equal((await repo(app, "add_batch", batch) as ValueMap)["count"], 2);
    const all = await repo(app, "get_by_origin", "o") as ValueMap[];
    assert.deepEqual(all.map(({ content, meta, similarity }) => [content, meta, similarity]), [
      ["one", { n: 1 }, undefined],
      ["at 1", undefined, undefined],
      ["at 2", undefined, undefined],
    ]);
    const [nearest, ...others] = await repo(app, "search_by_embedding", unit(1), {
      content_type: "t",
    }) as ValueMap[];
    assert.deepEqual([nearest!["content"], nearest!["similarity"]], ["at 1", 1]);
    assert.deepEqual(others.map(({ similarity }) => similarity), [0, 0]);
    assert.deepEqual(await repo(app, "delete_by_entry", one["entry_id"]!), { deleted: true, count: 1 });
    assert.deepEqual(await repo(app, "delete_by_entry", one["entry_id"]!), { deleted: false, count: 0 });
    assert.deepEqual(await repo(app, "delete_by_origin", "o"), { deleted: true, count: 2 });
    assert.deepEqual(await repo(app, "get_by_origin", "o"), []);
  }));

test("what can't be kept or asked is refused, and nothing of it is kept [embeddings.repo] [embeddings.add_batch]", async () => {
  await run(async (app) => {
    const refusal = async (answer: Promise<Value>): Promise<unknown[]> => {
      const { kind, refused } = await answer as ValueMap;
      return [kind, refused];
    };
    assert.deepEqual(await refusal(ask(app, "add_batch", [])), ["Invalid", "there are no items"]);
    assert.deepEqual(await refusal(ask(app, "add", "text", "type", "")), [
      "Invalid",
      "item 1: origin_id is required",
    ]);
    assert.deepEqual(await refusal(ask(app, "add_batch", [{ content: "" }])), [
      "Invalid",
      "item 1: content is required",
    ]);
    assert.deepEqual(await refusal(ask(app, "search", "")), ["Invalid", "query is required"]);
    assert.deepEqual(await refusal(ask(app, "search", "a", { limit: 0 })), [
      "Invalid",
      "limit must be a whole number from 1 to 1000",
    ]);
    const good = { content: "g", content_type: "t", origin_id: "o", embedding: Array(512).fill(1) };
    assert.deepEqual(await refusal(repo(app, "add_batch", [good, { ...good, embedding: [1, 2] }])), [
      "Invalid",
      "item 2: an embedding has 512 numbers, not 2",
    ]);
    assert.deepEqual(await repo(app, "get_by_origin", "o"), []);
  });
  await withApplication(project(""), async (app) => {
    await booted(app);
    assert.deepEqual(await ask(app, "search", "a"), {
      kind: "NotFound",
      refused: "wippy/embeddings has no database: give it the parameter target_db",
    });
  }, { simulated: true });
});

test("markdown is split into chunks that are found again [embeddings.splitter] [embeddings.add_batch]", () =>
  withApplication(
    project() + entry(
      "ingest",
      "function.lua",
      main(`
local splitter = assert(text.splitter.markdown({ chunk_size = 60, chunk_overlap = 10, heading_hierarchy = true, code_blocks = true }))
local chunks = assert(splitter:split_text("# Tea\\n\\nTea is made with water that boils.\\n\\n# Coffee\\n\\nCoffee is made with ground beans and patience."))
local batch, longest = {}, 0
for i, chunk in ipairs(chunks) do
  longest = math.max(longest, #chunk)
  batch[i] = { content = chunk, content_type = "doc_chunk", origin_id = "drinks", context_id = tostring(i), meta = { chunk = i } }
end
local added = assert(embeddings.add_batch(batch))
local hits = assert(embeddings.search("how is coffee made of beans", { content_type = "doc_chunk", limit = 1 }))
return { count = added.count, longest = longest <= 60, content = hits[1].content }`),
      'method: main\nmodules: [text]\nimports: { embeddings: "wippy.embeddings:embeddings" }',
    ),
    async (app) => {
      await booted(app);
      const { count, longest, content } = await app.call("app:ingest") as ValueMap;
      assert.ok(count as number >= 2);
      assert.equal(longest, true);
      assert.match(content as string, /Coffee/);
    },
    { simulated: true },
  ));
