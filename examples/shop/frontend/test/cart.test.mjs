import assert from "node:assert/strict";
import { test } from "node:test";
import { build } from "esbuild";

const built = await build({ entryPoints: ["src/cart.ts"], format: "esm", write: false });
const { add, count, items, restore, store } = await import(
  `data:text/javascript,${encodeURIComponent(built.outputFiles[0].text)}`
);

test("a cart counts its pieces and leaves the old one alone", () => {
  const empty = new Map();
  const cart = add(add(add(empty, 1, 2), 2, 1), 1, 1);
  assert.equal(count(cart), 4);
  assert.equal(count(empty), 0);
  assert.deepEqual(items(cart), [
    { product_id: 1, quantity: 3 },
    { product_id: 2, quantity: 1 },
  ]);
});

test("a cart stays within none and ninety-nine", () => {
  assert.equal(count(add(new Map(), 1, 500)), 99);
  assert.deepEqual(items(add(add(new Map(), 1, 1), 1, -5)), []);
});

test("a cart survives the browser's store", () => {
  const cart = add(add(new Map(), 7, 2), 9, 1);
  assert.deepEqual(restore(store(cart)), cart);
});

test("an odd stored text becomes an empty cart", () => {
  for (const text of [null, "", "{", "{}", "[1]", '[["a", 1]]', "[[1, 1.5]]"]) {
    assert.equal(count(restore(text)), 0);
  }
});
