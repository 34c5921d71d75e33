// Globs as sets of paths: what they match, and whether two have a path in common.
import { assert, assertEquals } from "@std/assert";
import { globToRegExp } from "@std/path";
import fc from "fast-check";
import { Glob } from "../../graph/glob.ts";
import { isGlob } from "../../graph/paths.ts";
import { rounds, seedFor } from "../random.ts";

function meet(a: string, b: string): boolean {
  const forth = new Glob(a).intersects(new Glob(b));
  assertEquals(new Glob(b).intersects(new Glob(a)), forth, `${a} and ${b}, the other way round`);
  return forth;
}

// S1.24
Deno.test("intersects() compares globs as globs, whatever files there are", () => {
  const common: [string, string][] = [
    ["src/*.c", "src/a*"],
    ["**/*.c", "src/**"],
    ["a/**/z", "a/z*"],
    ["a/**/z", "a/b/*/z"],
    ["*.{c,h}", "x.[a-h]"],
    ["[!a]x", "?x"],
    ["@(a|bc)*", "b?"],
    ["+(ab)", "abab*"],
    ["!(x)y?", "zyx*"],
    ["../lib/*", "../*/x"],
    ["/etc/*", "/*/passwd"],
    ["**", "*"],
    ["log[[:digit:]]*", "log7*"],
  ];
  for (const [a, b] of common) assert(meet(a, b), `${a} and ${b}`);
  const apart: [string, string][] = [
    ["src/*.c", "src/*.h"],
    ["src/*", "src/*/x"],
    ["a/**", "b/**"],
    ["?", "??"],
    ["[a-c]*", "[!a-c]*"],
    ["{a,b}*", "c*"],
    ["../*", "*"],
    ["/*", "*"],
    ["a*b", "a*c"],
    ["+(ab)", "a*a"],
    ["**/a?", "**/b?"],
    ["x/{,y}", "x/{,z}"],
  ];
  for (const [a, b] of apart) assert(!meet(a, b), `${a} and ${b}`);
});

Deno.test("matches() agrees with @std/path, and intersects() with an enumeration of paths", () => {
  const paths = enumerate("ab/", 6);
  const part = fc.constantFrom(
    "a",
    "b",
    "ab",
    "*",
    "?",
    "[ab]",
    "[!a]",
    "{a,b}",
    "{a,bb}",
    "@(a|b)",
    "+(a|bb)",
    "?(a)",
    "*(ab)",
  );
  const segment = fc.oneof(
    { weight: 4, arbitrary: fc.array(part, { minLength: 1, maxLength: 2 }).map((parts) => parts.join("")) },
    { weight: 1, arbitrary: fc.constant("**") },
  );
  const glob = fc.array(segment, { minLength: 1, maxLength: 3 }).map((all) => all.join("/")).filter(isGlob);
  let met = 0, apart = 0;
  fc.assert(
    fc.property(glob, glob, (a, b) => {
      const first = new Glob(a), second = new Glob(b);
      for (const path of paths.slice(0, 200)) {
        // Its expressions let `?` and `[!a]` stand for `/`, and a segment be empty.
        const expected = globToRegExp(a).test(path);
        const isOdd = /[?!]/.test(a) && path.includes("/") || /[?*]\(/.test(a) && a.includes("/");
        if (!isOdd) assertEquals(first.matches(path), expected, `${a} ${path}`);
      }
      const witness = paths.find((path) => first.matches(path) && second.matches(path));
      if (witness !== undefined) assert(meet(a, b), `${a} and ${b}: ${witness}`);
      // Common paths of such short globs are short, but for repetitions.
      else if (!/[+*]\(/.test(a + b) && a.length + b.length < 9) assert(!meet(a, b), `${a} and ${b}`);
      if (witness === undefined) apart++;
      else met++;
    }),
    { seed: seedFor("globs"), numRuns: rounds(1500) },
  );
  assert(met > rounds(200) && apart > rounds(200), `${met} met, ${apart} apart`);
});

Deno.test("Glob takes what is not closed as it is written, and any text", () => {
  assert(new Glob("a[b*").matches("a[b*"));
  assert(!new Glob("a[b*").matches("a[bc"));
  assert(new Glob("{a,b/*}").matches("{a,b/x}"));
  assert(new Glob("a\\**").matches("a*x"));
  fc.assert(
    fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (a, b) => {
      meet(a.replaceAll("/", "x"), b.replaceAll("/", "x"));
    }),
    { seed: seedFor("any text"), numRuns: rounds(1000) },
  );
});

// K11
Deno.test("`**` takes in no .git and no node_modules, unless the glob names it", () => {
  const cases: [glob: string, path: string, isMatch: boolean][] = [
    ["**/*.js", "a/b/x.js", true],
    ["**/*.js", "node_modules/x.js", false],
    ["**/*.js", "a/node_modules/b/x.js", false],
    ["**/*.js", "node_modules_old/x.js", true],
    ["**/*.js", "a.git/.gitx/x.js", true],
    ["**", ".git/config", false],
    ["**", "a/.git", true],
    ["src/**", "src/.git/config", false],
    ["node_modules/**/*.js", "node_modules/a/node_modules/b/x.js", true],
    ["node_modules/**", "node_modules/.git/x", false],
    ["{src,node_modules}/**", "node_modules/a", true],
    ["**/@(.git|x)/**", "a/.git/b/.git/c", true],
    ["*/x.js", "node_modules/x.js", true],
    [".gitignored/**", ".gitignored/.git/x", false],
  ];
  for (const [glob, path, isMatch] of cases) {
    assertEquals(new Glob(glob).matches(path), isMatch, `${glob} ${path}`);
    assertEquals(meet(glob, path.replace(/.$/, "[$&]")), isMatch, `${glob} and, as a glob, ${path}`);
  }
  assert(new Glob("**/*.js", { isUnbarred: true }).matches("node_modules/x.js"));
  assert(!meet("src/**/*.js", "src/node_modules/*.js") && meet("src/**/*.js", "src/node_modul?s/*.js"));
  assert(!meet("**/x", "[n]ode_modules/*") && meet("**/x", "[mn]ode_modules/*"));
});

// K11
Deno.test("Glob leaves out what others match, and meets no glob that lies in a folder it leaves out", () => {
  const glob = new Glob("src/** !src/gen/** !**/*_test.c");
  const paths = ["src/a.c", "src/gen/a.c", "src/x/a_test.c", "lib/a.c"];
  assertEquals(paths.map((path) => glob.matches(path)), [true, false, false, false]);
  assert(!meet(glob.text, "src/gen/*.h") && !meet(glob.text, "**/*_test.c") && meet(glob.text, "src/*/x.h"));
  assert(new Glob("a \\!*").matches("a !b"));
});

/** All normal paths over some letters, the short ones first. */
function enumerate(letters: string, most: number): string[] {
  const found: string[] = [];
  let words = [""];
  for (let length = 1; length <= most; length++) {
    words = words.flatMap((word) => [...letters].map((letter) => word + letter));
    found.push(...words.filter((word) => !/^\/|\/$|\/\//.test(word)));
  }
  return found;
}
