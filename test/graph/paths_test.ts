// The normal form of paths, and what an output path may not be.
import { assertEquals } from "@std/assert";
import { isExclusion, isGlob, normaliseEntry, normaliseOutput, normaliseSource, tooLong } from "../../graph/paths.ts";

// S0.6
Deno.test("normaliseOutput() gives one form to all spellings of a path", () => {
  for (const path of ["build/x", "./build/x", "build//x", "build/./x", "build/a/../x", "a/../build/b/c/../../x"]) {
    assertEquals(normaliseOutput(path), "build/x", path);
  }
  for (const path of ["x", ".x", "..x", "x..", "...", "a/.b/..c", "a b", "ü/日本", "a*[1]", "C:\\x"]) {
    assertEquals(normaliseOutput(path), path);
  }
});

Deno.test("normaliseOutput() takes glob characters literally", () => {
  assertEquals(normaliseOutput("a*/../x"), "x");
  assertEquals(normaliseOutput("*/../../x"), { rule: "must lie inside the config's folder" });
});

Deno.test("normaliseOutput() names the rule a path breaks", () => {
  const cases: [string[], string][] = [
    [[""], "must not be empty"],
    [[".", "./", "a/..", "./a/../"], "must be a file, not the config's folder itself"],
    [["/", "/a", "//a"], "must be relative to the config's folder"],
    [["..", "../a", "a/../../b", "./.."], "must lie inside the config's folder"],
    [["a/", "a/.", "a/b/.."], "must be a file, not a folder"],
    [["a\nb", "a\0", "\x7f", "a\u2028b", "\u0085"], "must not contain control characters"],
    [["a\ud800"], "must be well-formed Unicode"],
    [["https://example.org/a", "file:///a"], "must be the path of a file, not an address"],
    [
      [".build_cache.json", "./.build_cache.lock", ".build_cache.json/x"],
      "must not be a file that troupe keeps there itself",
    ],
    [["x.tmp.1.2", "a/.tmp.12.345", "a.tmp.1.2/b"], "must not look like a temporary file of troupe's"],
  ];
  for (const [paths, rule] of cases) {
    for (const path of paths) assertEquals(normaliseOutput(path), { rule }, JSON.stringify(path));
  }
  for (const path of ["a/.build_cache.json", ".build_cache.jsonx", "x.tmp.1", "x.tmp.1.2.o", "x.tmp.a.1"]) {
    assertEquals(normaliseOutput(path), path);
  }
});

Deno.test("normaliseSource() allows sources outside the folder and keeps globs as they are", () => {
  assertEquals(normaliseSource("./src//*.c"), "src/*.c");
  assertEquals(normaliseSource("../include/./x.h"), "../include/x.h");
  assertEquals(normaliseSource("a/../../x"), "../x");
  assertEquals(normaliseSource("/usr/../etc//x"), "/etc/x");
  assertEquals(normaliseSource("/../x"), "/x");
  assertEquals(normaliseSource("*/../x"), "*/../x");
  assertEquals(normaliseSource("src/**/*.{c,h}"), "src/**/*.{c,h}");
  assertEquals(normaliseSource(""), { rule: "must not be empty" });
  assertEquals(normaliseSource("a\nb"), { rule: "must not contain control characters" });
  for (const address of ["https://example.org/gen.ts", "HTTP://a", "git+ssh://a/b", "file:///a/*.c"]) {
    assertEquals(normaliseSource(address), { rule: "must be the path of a file, not an address" });
  }
  assertEquals(["a:b", "c:/d", "./x://y"].map(normaliseSource), ["a:b", "c:/d", "x:/y"]);
});

// K112
Deno.test("tooLong() refuses what no file can be called, with room for its temporary name", () => {
  const y = (count: number) => "y".repeat(count);
  assertEquals([tooLong(`o/${y(229)}`), tooLong(`${y(255)}/o`), tooLong("o", 4000)], [undefined, undefined, undefined]);
  assertEquals(tooLong(`o/${y(230)}`), { rule: "must have a file name of at most 229 bytes, not 230" });
  assertEquals(tooLong("ü".repeat(115)), { rule: "must have a file name of at most 229 bytes, not 230" });
  assertEquals(tooLong(`${y(256)}/o`), { rule: "must have no folder with a name of more than 255 bytes" });
  const deep = `${y(200)}/`.repeat(20) + "o";
  assertEquals([tooLong(deep), tooLong(deep, 44)], [undefined, undefined]);
  assertEquals(tooLong(deep, 60)?.rule, "must be at most 4008 bytes long in this folder, not 4021");
  assertEquals(tooLong(deep + y(100))?.rule, "must be at most 4069 bytes long, not 4121");
});

// K11
Deno.test("normaliseEntry() tells an exclusion from a file whose name begins like one", () => {
  assertEquals(normaliseEntry("!./src//a.c"), "!src/a.c");
  assertEquals(normaliseEntry("!../x/*"), "!../x/*");
  assertEquals(normaliseEntry("./!a"), "\\!a");
  assertEquals(normaliseEntry("\\!a"), "\\!a");
  assertEquals(normaliseEntry("!"), { rule: "must not be empty" });
  assertEquals(normaliseEntry("!a\nb"), { rule: "must not contain control characters" });
  const entries = ["!src/a.c", "!*", "!(a|b)*", "\\!a", "a!b"];
  assertEquals(entries.map(isExclusion), [true, true, false, false, false]);
  assertEquals(entries.map(isGlob), [false, true, true, true, false]);
  // So that nothing is taken for what a glob leaves out.
  assertEquals([normaliseSource("a !b*"), normaliseSource("a !b")], ["a \\!b*", "a !b"]);
});

// K7
Deno.test("normaliseOutput() refuses all that troupe keeps beside a config", () => {
  const rule = "must not be a file that troupe keeps there itself";
  for (
    const path of [".build_cache.jsonl", ".build_cache.json", ".build_cache.lock", ".troupe/x", ".troupe-transaction"]
  ) {
    assertEquals(normaliseOutput(path), { rule });
  }
  assertEquals(normaliseOutput(".trouper"), ".trouper");
});
