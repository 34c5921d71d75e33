// K37: keys that JSON.parse drops in silence.
import { assertEquals } from "@std/assert";
import { repeatedKeys } from "../../graph/json_keys.ts";
import { parseBuildConfig } from "../../graph/input/build_config.ts";
import { parseSettings } from "../../graph/gates/settings.ts";

function found(text: string): [string, string, string][] {
  return repeatedKeys(text).map(({ key, first, again }) => [
    key,
    `${first.start} ${text.slice(first.start, first.end)}`,
    `${again.start} ${text.slice(again.start, again.end)}`,
  ]);
}

Deno.test("repeatedKeys() finds what one object has twice, and nothing that two objects have", () => {
  assertEquals(found('{"a":1,"b":{"a":2},"c":[{"a":1},{"a":1}],"a":3}'), [["a", '1 "a"', '41 "a"']]);
  assertEquals(found('{"a":"a","b":"\\"a\\":","c":["a","a"]}'), []);
  assertEquals(found('{"a\\u0062":1,"ab":2}').map(([key]) => key), ["ab"]);
  assertEquals(found('{"a" // "a": 1\n : 1, /* "a": */ "b": "//", "a": 2}').map(([key]) => key), ["a"]);
  assertEquals(found('{"\\\\":1,"\\\\":2,"__proto__":1,"__proto__":2}').map(([key]) => key), ["\\", "__proto__"]);
  assertEquals(found("[]"), []);
});

Deno.test("repeatedKeys() finds keys in objects of any size", () => {
  const many = Array.from({ length: 1000 }, (_, i) => `"k${i}":${i}`);
  assertEquals(found(`{${many.join(",")},"k0":1,"k999":2}`).map(([key]) => key), ["k0", "k999"]);
  assertEquals(found(`{${many.join(",")}}`), []);
});

Deno.test("configs and settings are refused with a key twice, both places told", async () => {
  const text = '{"tasks":[{"name":"a","name":"c","output":"x"}]}';
  const { config, diagnostics } = await parseBuildConfig(text);
  assertEquals([config, diagnostics], [undefined, [{
    message: "Duplicate key 'name'",
    places: [{ start: 11, end: 17 }, { start: 22, end: 28 }],
    hint: "only the last would count",
  }]]);
  const settings = await parseSettings('{"lock_timeout_seconds":1,"lock_timeout_seconds":2}');
  assertEquals(settings.diagnostics.map(({ message }) => message), ["Duplicate key 'lock_timeout_seconds'"]);
});
