// The index from names to tasks, against Map.
import { assertEquals } from "@std/assert";
import { StringIndex } from "../../graph/string_index.ts";
import { randomFrom, seedFor } from "../random.ts";

Deno.test("StringIndex answers as a Map does, hostile keys included", () => {
  const random = randomFrom(seedFor("StringIndex"));
  const letters = ["a", "b", "\0", "é", "😀", "_"];
  const words = ["", "__proto__", "constructor", "toString", "hasOwnProperty"];
  for (let i = 0; i < 5000; i++) {
    words.push(Array.from({ length: random.below(6) }, () => random.pick(letters)).join(""));
  }
  const index = new StringIndex(words.length);
  const expected = new Map<string, number>();
  words.forEach((word, number) => {
    assertEquals(index.get(word), expected.get(word) ?? -1);
    assertEquals(index.add(word, number), expected.get(word) ?? -1);
    if (!expected.has(word)) expected.set(word, number);
  });
  for (const word of words) assertEquals(index.get(word), expected.get(word));
});

Deno.test("StringIndex of nothing holds nothing", () => {
  assertEquals(new StringIndex(0).get(""), -1);
});
