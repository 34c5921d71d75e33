import { assertEquals } from "@std/assert";
import { Capture, CAPTURE_LIMIT } from "../../../actors/process/capture.ts";
import { endsOf, lastLines, withGap } from "../../../actors/process/captured_text.ts";
import type { Captured } from "../../../actors/process/output.ts";

const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

// S2.9, K27
Deno.test("Capture keeps the head and the tail, and counts what was between", () => {
  const capture = new Capture(5);
  for (const part of ["ab", "cd", "efg", "hi"]) capture.add(new TextEncoder().encode(part));
  const { bytes, dropped, gapAt } = capture.finish();
  assertEquals([decode(bytes), dropped, gapAt], ["abchi", 4, 3]);
});

// K27
Deno.test("Capture keeps the same whatever pieces a stream comes in", () => {
  const all = new TextEncoder().encode("0123456789abcdefghijklmnopqrstuvwxyz".repeat(3));
  for (let limit = 0; limit <= all.length + 1; limit++) {
    for (const piece of [1, 2, 3, 7, 20, 200]) {
      const capture = new Capture(limit);
      for (let at = 0; at < all.length; at += piece) capture.add(all.subarray(at, at + piece));
      const { bytes, dropped } = capture.finish();
      const head = Math.min(all.length, Math.ceil(limit / 2)),
        tail = Math.min(all.length - head, Math.floor(limit / 2));
      const expected = decode(all.subarray(0, head)) + decode(all.subarray(all.length - tail));
      assertEquals([decode(bytes), dropped], [expected, all.length - head - tail], `${limit} by ${piece}`);
    }
  }
});

// K27
Deno.test("withGap() and lastLines() put the two ends together, and cut no character in two", () => {
  const captured = (text: string, limit: number) => {
    const capture = new Capture(limit);
    capture.add(new TextEncoder().encode(text));
    return capture.finish();
  };
  assertEquals(decode(withGap(captured("one\ntwo\nthree\n", 10))), "one\nt\n[4 bytes dropped]\nhree\n");
  assertEquals(decode(withGap(captured("a€€€€b", 6))), "a\n[12 bytes dropped]\nb");
  const many = captured(Array.from({ length: 1000 }, (_, i) => `${i}\n`).join("") + "FATAL\n", 1000);
  const most = (lines: number, bytes = 100) => ({ lines, bytes });
  const { bytes, cut } = lastLines(many, most(3));
  assertEquals([decode(bytes), cut], ["998\n999\nFATAL\n", "lines"]);
  assertEquals(lastLines(captured("a\nb", 10), most(2)).cut, undefined);
  // One line may be longer than many, and what is cut off begins with a whole character
  const long = captured(`1\n2\n${"é".repeat(60)}!\n`, 1000);
  for (const lines of [1, 2, 40]) {
    const end = lastLines(long, most(lines, 5));
    assertEquals([decode(end.bytes), end.cut], ["é!\n", "bytes"]);
  }
  assertEquals(decode(lastLines(captured("a\nb\nc", 10), { lines: 2 }).bytes), "b\nc");
  assertEquals(lastLines(captured("", 10), most(2)), { bytes: new Uint8Array(0) });
});

// K28
Deno.test("endsOf() keeps so many bytes from either end, of what has a gap already too", () => {
  const bytes = new TextEncoder().encode("0123456789");
  const text = (captured: Captured) => new TextDecoder().decode(withGap(captured));
  assertEquals(endsOf({ bytes, dropped: 0 }, 10), { bytes, dropped: 0, gapAt: 10 });
  assertEquals(text(endsOf({ bytes, dropped: 0 }, 4)), "01\n[6 bytes dropped]\n89");
  assertEquals(text(endsOf({ bytes, dropped: 100, gapAt: 1 }, 4)), "0\n[107 bytes dropped]\n89");
  assertEquals(text(endsOf({ bytes, dropped: 100, gapAt: 9 }, 4)), "01\n[107 bytes dropped]\n9");
  assertEquals(text(endsOf({ bytes, dropped: 100, gapAt: 5 }, 4)), "01\n[106 bytes dropped]\n89");
});

Deno.test("Capture drops nothing of what fits exactly", () => {
  const capture = new Capture(4);
  capture.add(new Uint8Array([0, 255, 128, 10]));
  assertEquals(capture.finish(), { bytes: new Uint8Array([0, 255, 128, 10]), dropped: 0 });
});

Deno.test("Capture gives an empty result for a silent stream", () => {
  assertEquals(new Capture().finish(), { bytes: new Uint8Array(0), dropped: 0 });
});

Deno.test("Capture keeps 1 MiB of many single bytes", () => {
  const capture = new Capture();
  const byte = new Uint8Array([120]);
  for (let i = 0; i < CAPTURE_LIMIT + 3; i++) capture.add(byte);
  const { bytes, dropped } = capture.finish();
  assertEquals(bytes.length, CAPTURE_LIMIT);
  assertEquals(dropped, 3);
  assertEquals(bytes.every((value) => value === 120), true);
});

Deno.test("Capture copies, so that buffers can be used again", () => {
  const heard: Uint8Array[] = [];
  const capture = new Capture(10, (bytes) => heard.push(bytes));
  const buffer = new Uint8Array([1, 2]);
  capture.add(buffer);
  buffer.fill(9);
  capture.add(buffer);
  assertEquals(capture.finish().bytes, new Uint8Array([1, 2, 9, 9]));
  assertEquals(heard, [new Uint8Array([1, 2]), new Uint8Array([9, 9])]);
  assertEquals(capture.finish().bytes.buffer.byteLength, 4);
});
