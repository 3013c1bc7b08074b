/** A shop: products as data, a process per customer, events for those who deliver. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ask, withProject } from "./application.ts";

test("requests talk to a customer's process, and its order reaches who delivers [j.http] [j.process] [j.events] [j.registry]", async () => {
  await withProject("shop", async (project) => {
    const application = await project.serveHttp("app:gateway");
    await application.until(/dispatch waits/);
    const api = `${application.url}/api`;
    const basket = `${api}/baskets/ada`;

    const { products } = (await ask(`${api}/products`)).json;
    assert.deepEqual(
      products.map((each: Record<string, unknown>) => [each.id, each.sku, each.price, each.stock]),
      [
        ["app:product.lamp", "LAMP", 39.5, 12],
        ["app:product.chair", "CHAIR", 120, 4],
      ],
    );
    for (
      const [body, status, error] of [
        [{}, 400, "sku is required"],
        [{ sku: "SOFA" }, 404, "no such product: SOFA"],
      ] as const
    ) {
      const answer = await ask(`${basket}/items`, "POST", body);
      assert.deepEqual([answer.status, answer.json], [status, { error }]);
    }
    assert.deepEqual((await ask(basket)).json, {
      customer: "ada",
      items: [],
      total: 0,
      message: "no basket",
    });

    const added = await ask(`${basket}/items`, "POST", { sku: "LAMP" });
    assert.deepEqual([added.status, added.json.status, added.json.total], [200, "added", 39.5]);
    await ask(`${basket}/items`, "POST", { sku: "CHAIR", quantity: 2 });
    await ask(`${basket}/items`, "POST", { sku: "LAMP" });
    // Another customer has a basket of his own.
    await ask(`${api}/baskets/bob/items`, "POST", { sku: "CHAIR" });
    const open = (await ask(basket)).json;
    assert.deepEqual([
      open.total,
      open.items.map((item: Record<string, unknown>) => [item.sku, item.quantity]),
    ], [
      319,
      [["LAMP", 2], ["CHAIR", 2]],
    ]);

    const order = await ask(`${basket}/order`, "POST");
    assert.deepEqual([order.status, order.json.status, order.json.total], [200, "ordered", 319]);
    await application.until(/\tsent\t.*"customer": "ada"/);
    assert.equal((await ask(basket)).json.message, "no basket");
    assert.deepEqual((await ask(`${basket}/order`, "POST")).json, { error: "no basket" });
    assert.equal((await ask(`${api}/baskets/bob`)).json.total, 120);

    const { code, log } = await application.stop();
    assert.equal(code, 0);
    assert.deepEqual(
      log.filter(({ message }) => message === "packed").map(({ fields }) => [fields.sku, fields.quantity]),
      [["LAMP", 2], ["CHAIR", 2]],
    );
  });
});
