import { assertEquals } from "@std/assert";
import { firstWarning, placeOf, printedDiagnostics, tellingLine } from "../../../graph/report/printed_diagnostics.ts";

/** What tools print, and the first thing that is found in it. */
const PRINTED: readonly [tool: string, text: string, place: string, severity: string, message: string][] = [
  [
    "gcc",
    "In file included from src/main.c:1:\nsrc/main.c: In function 'main':\nsrc/main.c:3:21: error: 'x' undeclared\n",
    "src/main.c:3:21",
    "error",
    "'x' undeclared",
  ],
  ["clang", "./a b.c:3:21: fatal error: 'x.h' file not found\n", "./a b.c:3:21", "error", "'x.h' file not found"],
  [
    "gcc's warning",
    "m.c:3:9: warning: unused variable 'x' [-Wunused]\n",
    "m.c:3:9",
    "warning",
    "unused variable 'x' [-Wunused]",
  ],
  ["go", "# app\n./main.go:5:2: declared and not used: x\n", "./main.go:5:2", "error", "declared and not used: x"],
  ["tsc", "src/a.ts(3,5): error TS2322: Type 'a' is not b.\n", "src/a.ts:3:5", "error", "TS2322: Type 'a' is not b."],
  [
    "tsc --pretty",
    "\x1b[96msrc/a.ts\x1b[0m:\x1b[93m3\x1b[0m:\x1b[93m5\x1b[0m - \x1b[91merror\x1b[0m\x1b[90m TS2322: \x1b[0mNo.\n",
    "src/a.ts:3:5",
    "error",
    "TS2322: No.",
  ],
  [
    "MSVC",
    "C:\\src\\a.cpp(12): error C2065: 'x': undeclared\n",
    "C:\\src\\a.cpp:12",
    "error",
    "C2065: 'x': undeclared",
  ],
  [
    "deno lint",
    "error[no-unused-vars]: `unused` is never used\n --> packages/ui/mod.ts:7:7\n  |\n",
    "packages/ui/mod.ts:7:7",
    "error",
    "`unused` is never used (no-unused-vars)",
  ],
  [
    "deno check",
    "TS2322 [ERROR]: Type 'string' is not assignable.\nconst a: number = '';\n      ^\n    at file:///w/mod.ts:1:7\n",
    "/w/mod.ts:1:7",
    "error",
    "Type 'string' is not assignable. (TS2322)",
  ],
  [
    "rustc",
    "warning: unused variable: `x`\n --> src/main.rs:2:9\n  |\n",
    "src/main.rs:2:9",
    "warning",
    "unused variable: `x`",
  ],
  ["a panic", "thread 'main' panicked at src/lib.rs:5:9:\nno luck\n", "src/lib.rs:5:9", "error", "no luck"],
  [
    "deno",
    "error: Uncaught (in promise) Error: no luck\n  throw 1\n    at f (ext:core/1.js:1:2)\n    at main (file:///w/b.ts:4:9)\n",
    "/w/b.ts:4:9",
    "error",
    "Uncaught (in promise) Error: no luck",
  ],
  [
    "node",
    "/w/a.js:1\nTypeError: x is not a function\n    at Object.<anonymous> (/w/a.js:1:1)\n    at node:internal/x:1:2\n",
    "/w/a.js:1:1",
    "error",
    "TypeError: x is not a function",
  ],
  [
    "python",
    'Traceback (most recent call last):\n  File "/w/x.py", line 3, in f\n  File "/usr/lib/python3/a.py", line 9, in g\nValueError: no\n',
    "/w/x.py:3",
    "error",
    "ValueError: no",
  ],
  ["pytest", "test_a.py:12: AssertionError\n", "test_a.py:12", "error", "AssertionError"],
  [
    "eslint",
    "\n/w/src/a.js\n  3:5  warning  Unexpected console  no-console\n  4:1  error  Bad  semi\n",
    "/w/src/a.js:3:5",
    "warning",
    "Unexpected console  no-console",
  ],
];

// S6.6, S6.7
for (const [tool, text, place, severity, message] of PRINTED) {
  Deno.test(`printedDiagnostics() reads what ${tool} prints`, () => {
    const [found] = printedDiagnostics(text);
    assertEquals(found && [placeOf(found), found.severity, found.message], [place, severity, message]);
  });
}

// S6.6
Deno.test("printedDiagnostics() takes times, addresses and prose for what they are", () => {
  for (
    const text of [
      "12:30:45: starting\n",
      "[12:30:45] error: no place\n",
      "listening on http://127.0.0.1:8080 now\n",
      "see README.md:12 for more\n",
      "ok a.ts:3 ran\n",
      "    at nowhere\n",
      "",
      "x".repeat(100_000),
      "a.c:1:1: error: " + "y".repeat(5000),
    ]
  ) assertEquals(printedDiagnostics(text), [], text.slice(0, 40));
});

// S6.6
Deno.test("tellingLine() is the first error, else a line with a word for one, else the last", () => {
  const told = (text: string, sentence = "Command failed with exit code 1") => tellingLine(text, sentence);
  assertEquals(told("a.c:1:2: warning: w\nb.c:3:4: error: e\n"), "b.c:3:4 e");
  assertEquals(told("reading\n\x1b[31mcannot read x\x1b[0m\nbye\n"), "cannot read x");
  assertEquals(told("one\ntwo\n\n"), "two");
  assertEquals(told("10%\r50%\rno such file\r"), "no such file");
  assertEquals(told(""), undefined);
  assertEquals(told("\n \n"), undefined);
  // What the failure says already is not told twice.
  const thrown = "Module failed: TypeError: it is a Map";
  assertEquals(told("TypeError: it is a Map\n    at JSON.stringify (<anonymous>)\n", thrown), undefined);
  assertEquals(told("TypeError: it is a Map\n    at f (file:///p/m.js:2:3)\n", thrown), "/p/m.js:2:3");
  assertEquals(told("Error: it has no function 'f'\n", "Module failed: it has no function 'f'"), undefined);
  assertEquals(told("Error: other\n", thrown), "Error: other");
});

// S6.4
Deno.test("firstWarning() finds what needs attention in the output of what succeeded, and leaves chatter alone", () => {
  assertEquals(firstWarning("Check file:///w/mod.ts\nChecked 3 files\n"), undefined);
  assertEquals(firstWarning("m.c:3:9: warning: unused\n"), "m.c:3:9 unused");
  assertEquals(firstWarning("npm warn deprecated x@1\n"), "npm warn deprecated x@1");
  assertEquals(firstWarning("m.c:3:9: note: here\n"), undefined);
});
