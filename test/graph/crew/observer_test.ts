import { assertEquals } from "@std/assert";
import { Observer } from "../../../graph/crew/observer.ts";

const INTERVAL = 30, TIMEOUT = 60;

function look(observer: Observer, nowMs: number, beats: Record<string, number>): unknown[] {
  const others = Object.entries(beats).map(([id, beat]) => ({ id, beat, timeoutMs: TIMEOUT }));
  return observer.expired(others, nowMs).map(({ id }) => id);
}

// S3.30, S3.31
Deno.test("Observer finds those expired whose number has not grown for longer than their timeout", () => {
  const observer = new Observer(INTERVAL);
  assertEquals(look(observer, 1000, { a: 7, b: 1 }), []);
  assertEquals(look(observer, 1030, { a: 7, b: 2 }), []);
  assertEquals(look(observer, 1060, { a: 7, b: 3 }), []);
  assertEquals(look(observer, 1090, { a: 7, b: 3 }), ["a"]);
  assertEquals(look(observer, 1120, { b: 3 }), []);
  assertEquals(look(observer, 1150, { b: 4 }), []);
  assertEquals(look(observer, 1180, { b: 4, a: 7 }), []); // seen anew
});

Deno.test("Observer that was away itself holds that time against nobody", () => {
  const observer = new Observer(INTERVAL);
  look(observer, 0, { a: 1 });
  look(observer, 30, { a: 1 });
  assertEquals(look(observer, 10_000, { a: 1 }), []);
  assertEquals(look(observer, 10_030, { a: 1 }), []);
  assertEquals(look(observer, 10_060, { a: 1 }), []);
  assertEquals(look(observer, 10_090, { a: 1 }), ["a"]);
});

// S3.30: whoever looks at intervals alone would find some of the dead one interval late
Deno.test("Observer tells when somebody's time will be over", () => {
  const observer = new Observer(INTERVAL);
  assertEquals(observer.dueMs, Infinity);
  const dues = [[1000, 7], [1029, 7], [1058, 7], [1060, 7], [1061, 7]].map(([nowMs, beat]) => {
    const dead = look(observer, nowMs, { a: beat, b: nowMs });
    return [...dead, observer.dueMs];
  });
  assertEquals(dues, [[60], [31], [2], [0], ["a", 60]]);
  look(observer, 1090, {});
  assertEquals(observer.dueMs, Infinity);
});
