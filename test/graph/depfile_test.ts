// S5.7: dependency files as compilers write them.
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { parseDepfile } from "../../graph/depfile.ts";

function filesOf(text: string): readonly string[] {
  const parsed = parseDepfile(text);
  if ("mistake" in parsed) throw new Error(JSON.stringify(parsed.mistake));
  return parsed.files;
}

function mistakeOf(text: string): [number, number, string] | undefined {
  const parsed = parseDepfile(text);
  return "mistake" in parsed ? [parsed.mistake.line, parsed.mistake.column, parsed.mistake.detail] : undefined;
}

Deno.test("parseDepfile() reads what GCC and Clang write", () => {
  assertEquals(filesOf("a.o: src/a.c include/a.h\n"), ["src/a.c", "include/a.h"]);
  assertEquals(filesOf("build/a.o: src/a.c \\\n include/a.h \\\n  /usr/include/stdio.h\n"), [
    "src/a.c",
    "include/a.h",
    "/usr/include/stdio.h",
  ]);
  assertEquals(filesOf("a.o: a.c a.h\n\na.h:\n"), ["a.c", "a.h"]); // -MP
  assertEquals(filesOf("a.o: a.c \\\r\n a.h\r\n\r\na.h:\r\n"), ["a.c", "a.h"]);
  assertEquals(filesOf("a.o a.d: a.c a.h"), ["a.c", "a.h"]);
  assertEquals(filesOf("a.o \\\n a.d : a.c\\\n a.h"), ["a.c", "a.h"]);
  assertEquals(filesOf("a.o: a.c\nb.o: a.c b.h\n"), ["a.c", "b.h"]);
  assertEquals(filesOf("a.o:a.h: a.c\n"), ["a.c"]); // as ninja reads it: a colon within a name
  assertEquals(filesOf("a.o:\n"), []);
  assertEquals(filesOf(""), []);
  assertEquals(filesOf(" \n\n"), []);
  assertEquals(filesOf("a.o: \\\n\n"), []);
});

Deno.test("parseDepfile() reads what rustc writes: a rule for each output, comments for the environment", () => {
  const text = "target/debug/lib.rlib: src/lib.rs src/my\\ mod.rs\n\ntarget/debug/lib.d: src/lib.rs\n\n" +
    "src/lib.rs:\nsrc/my\\ mod.rs:\n\n# env-dep:CARGO_PKG_VERSION=0.1.0 : x\n# env-dep:RUST$\n";
  assertEquals(filesOf(text), ["src/lib.rs", "src/my mod.rs"]);
});

Deno.test("parseDepfile() undoes escapes as make and ninja do", () => {
  assertEquals(filesOf(String.raw`a.o: my\ header.h a\	b.h`), ["my header.h", "a\tb.h"]);
  assertEquals(filesOf(String.raw`a.o: c\#.h pay$$me.h x#y.h one$.h`), ["c#.h", "pay$me.h", "x#y.h", "one$.h"]);
  assertEquals(filesOf(String.raw`a.o: x\\\ y.h two\\ z.h`), [String.raw`x\ y.h`, String.raw`two\\`, "z.h"]);
  assertEquals(filesOf(String.raw`a.o: dir\file.h a\:b.h c:d.h`), [String.raw`dir\file.h`, "a:b.h", "c:d.h"]);
  assertEquals(filesOf(String.raw`my\ a.o: a.h`), ["a.h"]);
  assertEquals(filesOf("a.o: ~/[x]{y}!%.h ünï/ÿ😀.h a=b,c;d&e|f.h"), ["~/[x]{y}!%.h", "ünï/ÿ😀.h", "a=b,c;d&e|f.h"]);
});

Deno.test("parseDepfile() tells the first mistake and its place", () => {
  assertEquals(mistakeOf("a.o a.c\n"), [1, 1, "expected ':' after the target"]);
  assertEquals(mistakeOf("x: y\n\n  error in a.c"), [3, 3, "expected ':' after the target"]);
  assertEquals(mistakeOf("a.o: a.c \\\n a.h \\"), [2, 7, "it ends in the middle of a rule"]);
  assertEquals(mistakeOf("a.o: a.c \\\n"), [2, 1, "it ends in the middle of a rule"]);
  assertEquals(mistakeOf("a.o: a.c\n b.o: b.c c.o: c.c"), [2, 14, "a second ':' in one rule"]);
  assertEquals(mistakeOf(": a.c"), [1, 1, "expected a target before ':'"]);
  assertEquals(mistakeOf("a.o: a\0b.h"), [1, 7, "unexpected NUL"]);
});

Deno.test("parseDepfile() reads back any names that make can write", () => {
  const name = fc.array(fc.constantFrom(..."ab/.- \t#$:\\%ü😀"), { minLength: 1, maxLength: 12 }).map((all) =>
    all.join("")
  )
    // What make has no way to write: an end that would be taken for an escape, and a colon that would part.
    .filter((text) => !/\\$|:$|\\:/.test(text) && !/\\#/.test(text));
  const gap = fc.constantFrom(" ", "  ", "\t", " \\\n ", " \\\r\n", "\\\n  ");
  const rule = fc.record({
    targets: fc.array(name, { minLength: 1, maxLength: 3 }),
    files: fc.array(fc.tuple(gap, name), { maxLength: 6 }),
    end: fc.constantFrom("\n", "\r\n", "\n\n", " \n", " # rest: of it\n"),
  });
  fc.assert(fc.property(fc.array(rule, { maxLength: 4 }), (rules) => {
    const text = rules.map(({ targets, files, end }) =>
      `${targets.map(escaped).join(" ")}:${files.map(([space, file]) => space + escaped(file)).join("")}${end}`
    ).join("");
    assertEquals(filesOf(text), [...new Set(rules.flatMap(({ files }) => files.map(([, file]) => file)))]);
  }));
});

Deno.test("parseDepfile() ends on any text, with names that stand in it or a place within it", () => {
  const text = fc.array(fc.constantFrom("a", ".h", " ", ":", "\\", "\n", "\r", "#", "$", "\t", "\0"), { maxLength: 30 })
    .map((parts) => parts.join(""));
  fc.assert(fc.property(text, (any) => {
    const parsed = parseDepfile(any);
    if ("files" in parsed) return parsed.files.every((file) => file !== "" && !/[\n\0]/.test(file));
    const { line, column } = parsed.mistake;
    const lines = any.split("\n");
    return line >= 1 && line <= lines.length && column >= 1 && column <= lines[line - 1].length + 1;
  }));
});

/** As GCC writes a name. */
function escaped(name: string): string {
  return name.replace(/(\\*)([ \t])/g, "$1$1\\$2").replaceAll("$", "$$$$").replaceAll("#", "\\#");
}
