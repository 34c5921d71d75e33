import { assertEquals } from "@std/assert";
import { Heap } from "../../graph/heap.ts";
import { randomFrom, rounds, seedFor } from "../random.ts";

Deno.test("Heap gives back what was put in, smallest first", () => {
  const heap = new Heap();
  for (const item of [5, 1, 4, 1, 3]) heap.push(item);
  assertEquals([heap.size, heap.first], [5, 1]);
  assertEquals([heap.front(1), heap.front(0), [...heap.front(9)].sort()], [[1], [], [1, 1, 3, 4, 5]]);
  assertEquals(Array.from({ length: 5 }, () => heap.pop()), [1, 1, 3, 4, 5]);
  assertEquals([heap.size, heap.first, heap.pop()], [0, undefined, undefined]);
});

Deno.test("Heap agrees with a sorted list over random pushes and pops", () => {
  const random = randomFrom(seedFor("heap"));
  const heap = new Heap();
  const list: number[] = [];
  for (let turn = 0; turn < rounds(20_000); turn++) {
    if (random.chance(0.52)) {
      const item = random.below(500);
      heap.push(item);
      list.push(item);
      list.sort((a, b) => a - b);
    } else {
      assertEquals(heap.pop(), list.shift());
    }
    assertEquals(heap.size, list.length);
  }
});
