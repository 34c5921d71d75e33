import { assertEquals } from "@std/assert";
import { Capture, CAPTURE_LIMIT } from "../../actors/capture.ts";

// S2.9
Deno.test("Capture keeps the head and counts the rest", () => {
  const capture = new Capture(5);
  for (const part of ["ab", "cd", "efg", "hi"]) capture.add(new TextEncoder().encode(part));
  const { bytes, dropped } = capture.finish();
  assertEquals(new TextDecoder().decode(bytes), "abcde");
  assertEquals(dropped, 4);
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
