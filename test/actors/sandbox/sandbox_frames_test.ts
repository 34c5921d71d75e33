import { assertEquals, assertThrows } from "@std/assert";
import { frame, FrameReader } from "../../../actors/sandbox/sandbox_frames.ts";

const MARK = "\n5b1f2c5e-6c34-4d7c-9c36-1d1f6a1b0a11\n";
const encode = (text: string) => new TextEncoder().encode(text);

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(parts.flatMap((part) => [...part]));
}

/** What a reader makes of bytes that come in pieces of one size. */
function read(bytes: Uint8Array, size: number, mark = MARK): { messages: unknown[]; other: string } {
  const messages: unknown[] = [], others: Uint8Array[] = [];
  const reader = new FrameReader(mark, {
    onMessage: (message) => messages.push(message),
    onOther: (bytes) => others.push(bytes.slice()),
  });
  for (let at = 0; at < bytes.length; at += size) reader.add(bytes.subarray(at, at + size));
  reader.end();
  return { messages, other: new TextDecoder().decode(joined(others)) };
}

// K114
Deno.test("FrameReader takes messages out of what else comes, in pieces of any size", () => {
  const sent = [{ kind: "ready" }, { value: new Uint8Array([0, 10, 255]), map: new Map([["a", undefined]]) }, "text"];
  const bytes = joined([
    encode("before" + MARK.slice(0, 9)),
    frame(MARK, sent[0]),
    frame(MARK, sent[1]),
    encode("\n\n5b1f"),
    frame(MARK, sent[2]),
    encode("after" + MARK.slice(0, 20)),
  ]);
  const other = "before" + MARK.slice(0, 9) + "\n\n5b1f" + "after" + MARK.slice(0, 20);
  for (const size of [1, 2, 7, 37, 38, 39, 64, bytes.length]) {
    assertEquals(read(bytes, size), { messages: sent, other });
  }
  const bare = joined(sent.map((message) => frame("", message)));
  for (const size of [1, 5, bare.length]) assertEquals(read(bare, size, "").messages, sent);
});

// K114
Deno.test("FrameReader refuses what is marked as a message and is none", () => {
  const reader = new FrameReader(MARK, { onMessage: () => {} });
  assertThrows(() => reader.add(joined([encode(MARK), new Uint8Array([0, 0, 0, 2, 1, 2])])));
});
