// From a path in a config to the offsets of its text.
import { assertEquals } from "@std/assert";
import { placeFinder } from "../../../graph/input/config_places.ts";
import type { JsonPath } from "../../../graph/failure.ts";

function found(text: string, path: JsonPath, of: "key" | "value" = "value"): string | undefined {
  const span = placeFinder(text)({ path, of });
  return span && text.slice(span.start, span.end);
}

const TEXT = `{
  // comment
  "tasks": [{ "name": "a", "dependencies": ["x", "y",], "env": { "__proto__": "1" } }, 7],
}`;

Deno.test("placeFinder() finds keys and values among comments and trailing commas", () => {
  assertEquals(found(TEXT, ["tasks", 0, "name"]), '"a"');
  assertEquals(found(TEXT, ["tasks", 0, "name"], "key"), '"name"');
  assertEquals(found(TEXT, ["tasks", 0, "dependencies", 1]), '"y"');
  assertEquals(found(TEXT, ["tasks", 0, "env", "__proto__"], "key"), '"__proto__"');
  assertEquals(found(TEXT, ["tasks", 1]), "7");
  assertEquals(found(TEXT, []), TEXT);
});

Deno.test("placeFinder() finds an entry of a list by its text", () => {
  assertEquals(found(TEXT, ["tasks", 0, "dependencies", "y"]), '"y"');
});

Deno.test("placeFinder() finds what would hold a place that is not there", () => {
  assertEquals(found(TEXT, ["tasks", 0, "dependencies", "z"]), '["x", "y",]');
  assertEquals(found(TEXT, ["tasks", 1, "name", 3]), "7");
});

Deno.test("placeFinder() takes the last of a key written twice, as JSON.parse does", () => {
  assertEquals(found('{"a": 1, "a": 2}', ["a"]), "2");
});

Deno.test("placeFinder() counts a byte order mark", () => {
  assertEquals(found('\ufeff{"a": 1}', ["a"]), "1");
});

Deno.test("placeFinder() passes offsets through", () => {
  assertEquals(placeFinder("{}")({ start: 1, end: 2 }), { start: 1, end: 2 });
});

Deno.test("placeFinder() finds nothing in a text nested too deeply, or in none", () => {
  const deep = 200_000;
  assertEquals(found("[".repeat(deep) + "]".repeat(deep), [0]), undefined);
  assertEquals(found("", ["tasks"]), undefined);
});
