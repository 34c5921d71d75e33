// Lines, columns and excerpts of a text; the shape of every diagnostic on the screen.
import { assert, assertEquals } from "@std/assert";
import type { Diagnostic } from "../../../graph/failure.ts";
import { renderDiagnostic, Source } from "../../../graph/input/source.ts";

function show(text: string, parts: (string | [number, number])[], hint?: string): string {
  const places: Diagnostic["places"] = parts.map((part) =>
    typeof part === "string"
      ? { start: text.indexOf(part), end: text.indexOf(part) + part.length }
      : { start: part[0], end: part[1] }
  );
  return renderDiagnostic({ message: "Wrong", places, hint }, new Source("build.json", text));
}

Deno.test("Source.position() counts lines and columns from 1", () => {
  const source = new Source("x", "ab\ncd\r\nef\rgh\n");
  const at = (offset: number) => Object.values(source.position(offset)).join(":");
  assertEquals([0, 2, 3, 5, 7, 10, 12, 13].map(at), ["1:1", "1:3", "2:1", "2:3", "3:1", "4:1", "4:3", "5:1"]);
  assertEquals([-1, 99].map(at), ["1:1", "5:1"]);
});

Deno.test("Source.position() leaves a byte order mark out of the first line's columns", () => {
  assertEquals(new Source("x", "\ufeff{}").position(1), { line: 1, column: 1 });
  assertEquals(new Source("x", "\ufeff").position(0), { line: 1, column: 1 });
});

Deno.test("renderDiagnostic() shows the place, the line, a caret under the span and the hint", () => {
  assertEquals(
    show(`{\n  "dependencies": ["asets"],\n}`, ['"asets"'], "did you mean 'assets'?"),
    `Wrong
  --> build.json:2:20
2 |   "dependencies": ["asets"],
  |                    ^^^^^^^ did you mean 'assets'?`,
  );
});

Deno.test("renderDiagnostic() shows both places when two things clash, aligned", () => {
  assertEquals(
    show(`[\n${"\n".repeat(7)}"one",\n"two"]`, ['"one"', '"two"'], "keep one"),
    `Wrong
  --> build.json:9:1
 9 | "one",
   | ^^^^^
  --> build.json:10:1
10 | "two"]
   | ^^^^^ keep one`,
  );
});

Deno.test("renderDiagnostic() without a place shows the sentence and the hint", () => {
  assertEquals(show("", [], "do this"), "Wrong\n  do this");
  assertEquals(show("", []), "Wrong");
});

Deno.test("renderDiagnostic() shows a caret at the end of an empty or cut off text", () => {
  assertEquals(show("", [[0, 1]]), "Wrong\n  --> build.json:1:1\n1 |\n  | ^");
  assertEquals(show('{"a":', [[5, 6]]), 'Wrong\n  --> build.json:1:6\n1 | {"a":\n  |      ^');
});

Deno.test("renderDiagnostic() puts carets under the first line of a span of many lines", () => {
  assertEquals(show("[{\n1\n}]", [[1, 6]]), "Wrong\n  --> build.json:1:2\n1 | [{\n  |  ^");
});

Deno.test("renderDiagnostic() widens tabs and hides control characters", () => {
  assertEquals(
    show('\t\x1b[31m "x"', ['"x"']),
    'Wrong\n  --> build.json:1:8\n1 |     \ufffd[31m "x"\n  |           ^^^',
  );
});

Deno.test("renderDiagnostic() aligns carets by the width of characters, columns by UTF-16 units", () => {
  assertEquals(show('"日本" "x"', ['"x"']), 'Wrong\n  --> build.json:1:6\n1 | "日本" "x"\n  |        ^^^');
  assertEquals(show('"😀" "x"', ['"x"']), 'Wrong\n  --> build.json:1:6\n1 | "😀" "x"\n  |      ^^^');
  assertEquals(show('"e\u0301" "x"', ['"x"']), 'Wrong\n  --> build.json:1:6\n1 | "e\u0301" "x"\n  |     ^^^');
});

Deno.test("renderDiagnostic() cuts a very long line around the span", () => {
  const lines = show(`${"a".repeat(250_000)}WRONG${"b".repeat(250_000)}`, ["WRONG"]).split("\n");
  assertEquals(lines[1], "  --> build.json:1:250001");
  assert(lines[2].length < 135, `${lines[2].length} columns`);
  assertEquals(lines[2].indexOf("WRONG"), lines[3].indexOf("^^^^^"));
  assert(lines[2].startsWith("1 | …a") && lines[2].endsWith("b…"));
});

Deno.test("renderDiagnostic() cuts a span longer than the screen", () => {
  const lines = show(`{"x": "${"y".repeat(5000)}"}`, [[6, 5008]]).split("\n");
  assert(lines[2].length < 135 && lines[2].endsWith("y…"));
  assertEquals(lines[3].length, lines[2].length - 1);
});
