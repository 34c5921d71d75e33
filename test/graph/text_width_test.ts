import { assertEquals } from "@std/assert";
import { cutTo, padTo, widthOf } from "../../graph/text_width.ts";

Deno.test("widthOf() counts columns of a terminal", () => {
  assertEquals(["", "abc", "日本", "e\u0301", "😀"].map(widthOf), [0, 3, 4, 1, 2]);
});

Deno.test("cutTo() and padTo() go by columns", () => {
  assertEquals([cutTo("abcdef", 6), cutTo("abcdef", 5), cutTo("日本語", 5), cutTo("日本語", 4)], [
    "abcdef",
    "abcd…",
    "日本…",
    "日…",
  ]);
  assertEquals([cutTo("abc", 1), cutTo("abc", 0)], ["…", ""]);
  assertEquals([padTo("日", 4), padTo("abc", 2)], ["日  ", "abc"]);
});
