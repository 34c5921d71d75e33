// JSON with comments in; a value, or the exact complaint, out.
import { assert, assertEquals } from "@std/assert";
import { parseJsonText } from "../../../graph/input/json_text.ts";

async function complaint(text: string): Promise<string> {
  const json = await parseJsonText(text);
  assert("diagnostic" in json, `expected a diagnostic in ${text.slice(0, 80)}`);
  return json.diagnostic.message;
}

Deno.test("parseJsonText() reads plain JSON, comments, trailing commas and a byte order mark", async () => {
  for (
    const text of [
      '{"a":[1,2]}',
      '\ufeff{"a":[1,2]}',
      '// first\n{"a": /* here */ [1, 2,],\n}\n// last',
      '\ufeff// with both\r\n{"a":[1,2,]}',
    ]
  ) assertEquals(await parseJsonText(text), { value: { a: [1, 2] }, diagnostics: [] });
});

// S0.3
Deno.test("parseJsonText() tells where JSON is malformed and why", async () => {
  const cases: [string, string][] = [
    ['{"a" 1}', "line 1, column 6: Expected ':' after property name in JSON"],
    [
      '{"tasks": [\n  {"name": "a",\n   "deps" ["a"]}\n]}',
      "line 3, column 11: Expected ':' after property name in JSON",
    ],
    ["[1,\n2\n3]", "line 3, column 1: Expected ',' or ']' after array element in JSON"],
    ['{"a":1,,}', "line 1, column 8: Expected double-quoted property name in JSON"],
    ["{a:1}", "line 1, column 2: Expected property name or '}' in JSON"],
    ["[x]", "line 1, column 2: Unexpected token 'x'"],
    ["[nul]", 'line 1, column 2: Unexpected token "nul"'],
    ['{"a":1}}', "line 1, column 8: Unexpected non-whitespace character after JSON"],
    ['["a\nb"]', "line 1, column 4: Bad control character in string literal in JSON"],
    ['["a\\x"]', "line 1, column 5: Bad escaped character in JSON"],
    ["[01]", "line 1, column 3: Unexpected number in JSON"],
    ["[\x1b]", "line 1, column 2: Unexpected token '\\u001b'"],
  ];
  for (const [text, expected] of cases) assertEquals(await complaint(text), `Invalid JSON at ${expected}`);
});

// S0.3
Deno.test("parseJsonText() gives the end position for an empty or cut off text", async () => {
  const cases: [string, string][] = [
    ["", "line 1, column 1: Unexpected end of JSON input"],
    ["  ", "line 1, column 3: Unexpected end of JSON input"],
    ["\ufeff", "line 1, column 1: Unexpected end of JSON input"],
    ['{"tasks": [\n', "line 2, column 1: Unexpected end of JSON input"],
    ['{"a":', "line 1, column 6: Unexpected end of JSON input"],
    ['{"a', "line 1, column 4: Unterminated string in JSON"],
    ["// only a comment\n", "line 2, column 1: Unexpected end of JSON input"],
    ["{} /* open", "line 1, column 11: Unexpected end of JSON input"],
  ];
  for (const [text, expected] of cases) assertEquals(await complaint(text), `Invalid JSON at ${expected}`);
});

// S0.3
Deno.test("parseJsonText() complains past comments and trailing commas, not about them", async () => {
  const cases: [string, string][] = [
    ["// c\n[1 2]", 'line 2, column 4: Unexpected token "2"'],
    ['{"a": [1,],\n "b" 2}', 'line 2, column 6: Unexpected token "2"'],
    ['/* c */ ["a\\x"]', "line 1, column 13: Bad escaped character in JSON"],
    ['/* c */ ["abc', "line 1, column 14: Unterminated string in JSON"],
  ];
  for (const [text, expected] of cases) assertEquals(await complaint(text), `Invalid JSON at ${expected}`);
});

Deno.test("parseJsonText() survives nesting that overflows a recursive parser", async () => {
  const deep = "[".repeat(200_000);
  assert("value" in await parseJsonText(deep + "]".repeat(200_000)));
  assertEquals(
    await complaint(`${deep}1,]${"]".repeat(199_999)}`),
    "Invalid JSON at line 1, column 1: Nested too deeply",
  );
});

Deno.test("parseJsonText() keeps hostile keys as keys", async () => {
  for (const text of ['{"__proto__": {"x": 1}}', '{"__proto__": {"x": 1},}']) {
    const json = await parseJsonText(text);
    assert("value" in json);
    assert(Object.hasOwn(json.value as object, "__proto__"));
    assertEquals((json.value as { x?: number }).x, undefined);
  }
});
