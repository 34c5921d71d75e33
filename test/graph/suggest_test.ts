// The guess behind "did you mean".
import { assertEquals } from "@std/assert";
import { nearest } from "../../graph/suggest.ts";

Deno.test("nearest() finds a letter left out, added, replaced or swapped", () => {
  const known = ["dependencies", "assets", "output"];
  for (const word of ["asets", "assetts", "asserts", "assest", "Assets"]) assertEquals(nearest(word, known), "assets");
  assertEquals(nearest("dependancys", known), "dependencies");
  assertEquals(nearest("jbos", ["json", "jobs"]), "jobs");
});

Deno.test("nearest() says nothing when no word is near", () => {
  assertEquals(nearest("zebra", ["assets", "site"]), undefined);
  assertEquals(nearest("a", []), undefined);
  assertEquals(nearest("ab", ["xy"]), undefined);
  assertEquals(nearest("b", ["a", "c"]), undefined); // K38
  assertEquals(nearest("B", ["a", "b"]), "b");
  assertEquals([nearest("build", ["build"]), nearest("build", ["build", "builds"])], [undefined, "builds"]); // K38
});

Deno.test("nearest() prefers the nearer word, and of equals the one declared first", () => {
  assertEquals(nearest("task_1", ["task_22", "task_2"]), "task_2");
  assertEquals(nearest("task_1", ["task_3", "task_2"]), "task_3");
});
