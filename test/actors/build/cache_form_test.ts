// The form of the build cache on disk, which has no limit: what is written in pieces is read in pieces, or at once.
import { assertEquals } from "@std/assert";
import { replaceFile } from "../../../actors/storage/atomic_file.ts";
import { cacheText, readCacheFile } from "../../../actors/build/cache_form.ts";
import { linesOf, piecesOf } from "../../../actors/machine/file_lines.ts";
import { TempFolder } from "../temp_folder.ts";

// K120
Deno.test("a cache is one JSON text, and is read alike at once and in pieces", () => {
  using folder = new TempFolder();
  const path = folder.file("cache");
  for (const count of [0, 1, 999, 1000, 1001, 2500]) {
    const many = (value: (i: number) => unknown) =>
      Object.fromEntries(Array.from({ length: count }, (_, i) => [`päth ${i} "\n`, value(i)]));
    const parts = {
      entries: many((i) => ({ artifact_path: `o/${i}`, sha256: "d" })),
      files: { ...many((i) => [i, "}}", '"files":{']), ...JSON.parse('{"__proto__": 1, "constructor": 2}') },
      traces: many((i) => [`${i}`, [], ["\u2028"]]),
      configs: many((i) => ({ stamp: [i], stale: [`o/${i}`] })),
    };
    replaceFile(path, cacheText(2, parts));
    const whole = readCacheFile(path);
    assertEquals(whole, { version: 2, ...parts });
    const pieced = readCacheFile(path, 0) as Record<string, object>;
    assertEquals(JSON.stringify(pieced), JSON.stringify(whole));
  }
});

// K120
Deno.test("a large cache that is torn or of another form is damaged", () => {
  using folder = new TempFolder();
  const path = folder.file("cache");
  replaceFile(path, cacheText(2, { entries: { a: 1 }, files: { b: 2 }, traces: { c: 3 }, configs: { d: 4 } }));
  const text = Deno.readTextFileSync(path);
  for (let end = 0; end < text.length - 1; end++) {
    Deno.writeTextFileSync(path, text.slice(0, end));
    assertEquals([readCacheFile(path), readCacheFile(path, 0)], [undefined, undefined], text.slice(0, end));
  }
  Deno.writeTextFileSync(path, '{"version":1,\n"entries": {}}\n');
  assertEquals(readCacheFile(path, 0), undefined);
});

Deno.test("linesOf() gives whole lines, wherever the pieces that were read end", () => {
  using folder = new TempFolder();
  const path = folder.file("lines");
  const lines = ["", "ü".repeat(3_000_000), "short", "€".repeat(2_000_000), ""];
  replaceFile(path, lines.map((line) => `${line}\n`));
  assertEquals([...linesOf(path)], lines);
  Deno.writeTextFileSync(path, "no end", { append: true });
  assertEquals([...linesOf(path)].length, lines.length);
  // A line to which there may be no end ends the lines
  Deno.writeTextFileSync(path, `short\n${"y".repeat(5_000_000)}\nlast\n`);
  assertEquals([...linesOf(path, 4_000_000)], ["short"]);
  assertEquals([...linesOf(path, 5_000_000)].length, 3);
  const small = Array.from({ length: 10 }, () => "y".repeat(1024 * 1024));
  assertEquals([...piecesOf(small)].map(({ length }) => length / 1024 / 1024), [4, 4, 2]);
});
