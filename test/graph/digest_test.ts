// SHA-256 as Deno's own has it, by what is loaded at once and by what is loaded for more.
import { assertEquals } from "@std/assert";
import { createHash } from "node:crypto";
import { beginSha256, sha256 } from "../../graph/digest.ts";
import { smallSha256 } from "../../graph/small_sha256.ts";
import { randomFrom, rounds, seedFor } from "../random.ts";

function own(...pieces: (string | Uint8Array)[]): string {
  const hash = createHash("sha256");
  for (const piece of pieces) hash.update(piece);
  return hash.digest("hex");
}

// S0.40, S0.41
Deno.test("smallSha256() is SHA-256 of bytes of every length around the ends of blocks", () => {
  const bytes = Uint8Array.from({ length: 300 }, (_, i) => i * 7);
  for (let length = 0; length <= bytes.length; length++) {
    const some = bytes.subarray(0, length);
    assertEquals(smallSha256(some), own(some), `${length} bytes`);
  }
});

Deno.test("beginSha256() digests what becomes too much for a small one halfway, and so does its copy", () => {
  const much = new Uint8Array(3 * 1024 * 1024).fill(7);
  const hash = beginSha256().update("a few bytes").update(much);
  const copy = hash.copy();
  assertEquals(hash.digest("hex"), own("a few bytes", much));
  assertEquals(copy.update(much).digest("hex"), own("a few bytes", much, much));
});

Deno.test("beginSha256() digests texts and bytes in any pieces, few and many, and so does its copy", () => {
  const random = randomFrom(seedFor("digests"));
  // The first ones are small; the later ones come when there was more than a small build has.
  for (let round = 0; round < rounds(500); round++) {
    const hash = beginSha256();
    const pieces: (string | Uint8Array)[] = [], buffer = new Uint8Array(6000);
    for (let piece = random.below(5); piece > 0; piece--) {
      const length = random.below(random.pick([2, 70, 6000]));
      if (random.chance(0.5)) {
        pieces.push("ä日🙂x".repeat(length / 4));
        hash.update(pieces.at(-1)!);
        continue;
      }
      // Whoever reads a file reads the next piece into the same bytes.
      for (let at = 0; at < length; at++) buffer[at] = random.below(256);
      pieces.push(buffer.slice(0, length));
      hash.update(buffer.subarray(0, length));
    }
    const copy = hash.copy();
    assertEquals(hash.digest("hex"), own(...pieces));
    assertEquals(copy.update("more").digest("hex"), own(...pieces, "more"));
    assertEquals(sha256(pieces.join("")), own(pieces.join("")));
  }
});
