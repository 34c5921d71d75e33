import { assertEquals, assertLess } from "@std/assert";
import { LineSplitter } from "../../../actors/terminal/line_splitter.ts";
import { randomFrom, rounds, seedFor } from "../../random.ts";

const LONGEST_LINE = 64 * 1024;
const encoder = new TextEncoder();

/** What comes of chunks: all that was handed on, each time once. */
function split(chunks: readonly (string | Uint8Array)[], { prefix = "p | ", ends = true } = {}): string[] {
  const handed: string[] = [];
  const splitter = new LineSplitter(encoder.encode(prefix), (lines) => handed.push(new TextDecoder().decode(lines)));
  for (const chunk of chunks) splitter.add(typeof chunk === "string" ? encoder.encode(chunk) : chunk);
  if (ends) splitter.end();
  return handed;
}

// S2.9
Deno.test("LineSplitter hands on whole lines, each with the prefix", () => {
  assertEquals(split(["one\ntwo\n"]), ["p | one\np | two\n"]);
  assertEquals(split(["on", "e\ntw", "o\nthree\nfo"], { ends: false }), ["p | one\n", "p | two\np | three\n"]);
  assertEquals(split(["\n\n"]), ["p | \np | \n"]);
  assertEquals(split(["a\r\n"]), ["p | a\r\n"]);
});

Deno.test("LineSplitter makes a line of what is left, and nothing of nothing", () => {
  assertEquals(split(["half"]), ["p | half\n"]);
  assertEquals(split(["whole\n"]), ["p | whole\n"]);
  assertEquals(split([]), []);
  assertEquals(split(["", ""]), []);
});

Deno.test("LineSplitter keeps the bytes of a character that comes in two pieces", () => {
  const bytes = encoder.encode("grün\n");
  assertEquals(split([bytes.subarray(0, 3), bytes.subarray(3)]), ["p | grün\n"]);
});

Deno.test("LineSplitter does not keep the caller's buffer", () => {
  const buffer = encoder.encode("abc");
  const handed: string[] = [];
  const splitter = new LineSplitter(encoder.encode(""), (lines) => handed.push(new TextDecoder().decode(lines)));
  splitter.add(buffer);
  buffer.fill(120);
  splitter.end();
  assertEquals(handed, ["abc\n"]);
});

// K36
Deno.test("LineSplitter shows a line that was written over as it was last", () => {
  assertEquals(split(["10%\r50%\r100%\nnext\n"]), ["p | 100%\np | next\n"]);
  assertEquals(split(["10%\r50%\r\r\n"]), ["p | 50%\r\r\n"]);
  assertEquals(split(["10%\r", "50%\r", "100%", "\r", "\n"]), ["p | 100%\r\n"]);
  assertEquals(split(["\r10%\r50%"]), ["p | 50%\n"]);
  assertEquals(split(["\r\r\n\r\n"]), ["p | \r\r\np | \r\n"]);
  assertEquals(split(["whole\na\rb"]), ["p | whole\n", "p | b\n"]);
});

// K36
Deno.test("LineSplitter keeps no more than the last state of a line that is written over for ever", () => {
  let told = 0;
  const splitter = new LineSplitter(encoder.encode("> "), (lines) => told += lines.length);
  for (let i = 0; i < 20_000; i++) splitter.add(encoder.encode(`\r${i} of 20000 done`));
  assertEquals(told, 0);
  splitter.end();
  assertEquals(told, "> 19999 of 20000 done\n".length);
});

// S2.9
Deno.test("LineSplitter cuts a line that does not end, and loses nothing of it", () => {
  let text = "";
  const splitter = new LineSplitter(encoder.encode("> "), (lines) => text += new TextDecoder().decode(lines));
  for (let added = 10_000; added <= 1_000_000; added += 10_000) {
    splitter.add(new Uint8Array(10_000).fill(97));
    assertLess(added - text.length, LONGEST_LINE);
  }
  splitter.end();
  const lines = text.split("\n").slice(0, -1);
  assertEquals(lines.map((line) => line.slice(2)).join("").length, 1_000_000);
  assertEquals(lines.every((line) => line.startsWith("> a") && line.length <= 2 + LONGEST_LINE), true);
});

Deno.test("LineSplitter says the same however the stream is cut up", () => {
  const random = randomFrom(seedFor("line splitter"));
  for (let round = 0; round < rounds(200); round++) {
    const text = Array.from({ length: random.below(400) }, () => random.pick(["a", "b", "\n", "\n", "ö", "\r"])).join(
      "",
    );
    const bytes = encoder.encode(text);
    const chunks: Uint8Array[] = [];
    for (let at = 0; at < bytes.length;) {
      const length = 1 + random.below(20);
      chunks.push(bytes.subarray(at, at + length));
      at += length;
    }
    const lines = text === "" ? [] : text.replace(/\n$/, "").split("\n");
    assertEquals(
      split(chunks).join(""),
      lines.map((line) => `p | ${line.replace(/^.*\r(?=[^\r])/s, "")}\n`).join(""),
      JSON.stringify(text),
    );
  }
});
