import assert from "node:assert/strict";
import { test } from "node:test";

import { slug } from "../slug.js";

const cases = [
  ["words are joined by dashes", "Hello, world!", "hello-world"],
  ["accents are taken off", "Crème brûlée, twice", "creme-brulee-twice"],
  ["letters without a plain form are spelled out", "Straße nach Łódź", "strasse-nach-lodz"],
  ["digits stay", "Top 10 of 2026", "top-10-of-2026"],
];

for (const [name, title, expected] of cases) {
  test(name, () => assert.equal(slug(title), expected));
}

test("words that don't fit are left out whole", () => {
  assert.equal(slug("one two three", 9), "one-two");
});

test("a single word that is too long is cut", () => {
  assert.equal(slug("incomprehensibilities", 8), "incompre");
});

test("a title without letters or digits has no name", () => {
  assert.throws(() => slug("?!"), RangeError);
});
