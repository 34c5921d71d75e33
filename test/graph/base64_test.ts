import { assertEquals, assertThrows } from "@std/assert";
import { fromBase64, toBase64 } from "../../graph/base64.ts";

Deno.test("toBase64() and fromBase64() go there and back, whatever the bytes and their number", () => {
  for (const size of [0, 1, 2, 3, 255, 0x2000, 0x2001, 50_000]) {
    const bytes = Uint8Array.from({ length: size }, (_, at) => (at * 7) % 256);
    assertEquals(fromBase64(toBase64(bytes)), bytes);
  }
  assertEquals(toBase64(Uint8Array.from([255, 0, 254])), "/wD+");
  assertThrows(() => fromBase64("%"));
});
