// When further threads are started for functions that tasks call.
import { assertEquals } from "@std/assert";
import { type Caller, ThreadGrowth } from "../../../actors/engine/thread_growth.ts";

const PROCESSORS = 2;

/** Just started. */
const NEW: Caller = { isReady: false, task: undefined, callingMs: undefined, hasCalled: false };
/** Waits for its first function to be callable. */
const FIRST: Caller = { isReady: true, task: 0, callingMs: 700, hasCalled: false };
/** Calls one short function after another. */
const SHORT: Caller = { isReady: true, task: 1, callingMs: 3, hasCalled: true };
/** Calls one that takes its time. */
const LONG: Caller = { ...SHORT, callingMs: 400 };
/** Never gets to the end of its first. */
const STUCK: Caller = { ...FIRST, callingMs: 2000 };
/** Runs a command. */
const COMMAND: Caller = { ...SHORT, callingMs: undefined };
const IDLE: Caller = { ...SHORT, task: undefined, callingMs: undefined };

/** The growth of a pool of at most 8, and what it asks for when it looks again. */
function growthOf(members: readonly Caller[], share?: number, usedMs = () => performance.now()) {
  let looked = Promise.withResolvers<number>();
  const growth = new ThreadGrowth({
    members: () => members,
    most: () => 8,
    processors: PROCESSORS,
    cpuShare: () => share,
    usedMs,
    onLook: (more) => looked.resolve(more),
  });
  const lookAgain = () => {
    looked = Promise.withResolvers<number>();
    growth.areEnough({ left: 2000, expectedMs: [] });
    return looked.promise;
  };
  return { growth, looked: looked.promise, lookAgain };
}

// S7.8
Deno.test("threads are enough while as many as there are processors call short functions, or their first of many", () => {
  const cases: [Caller[], left: number, boolean][] = [
    [[], 2000, false],
    [[NEW], 2000, false],
    [[NEW, NEW], 2000, true],
    [[NEW, NEW], 20, false],
    [[FIRST, NEW], 2000, true],
    [[FIRST, STUCK], 2000, false],
    [[SHORT, SHORT], 2000, true],
    [[SHORT, SHORT], 3, true],
    [[SHORT, LONG], 2000, false],
    [[SHORT, LONG, SHORT], 2000, true],
    [[SHORT, LONG, NEW], 2000, true],
    [[COMMAND, SHORT], 2000, false],
    [[COMMAND, COMMAND], 2000, false],
  ];
  for (const [members, left, areEnough] of cases) {
    const { growth } = growthOf(members);
    assertEquals(growth.areEnough({ left, expectedMs: [] }), areEnough, JSON.stringify({ members, left }));
    growth.stop();
  }
});

// S7.8
Deno.test("one more thread is started for short functions while the processors are idle, and none while they are busy", async () => {
  const cases: [Caller[], share: number | undefined, more: number][] = [
    [[SHORT, SHORT], 0.1, 1],
    [[SHORT, SHORT], undefined, 1],
    [[SHORT, SHORT], 0.95, 0],
    [[FIRST, NEW], 0.1, 0],
  ];
  for (const [members, share, more] of cases) {
    const { growth, looked } = growthOf(members, share);
    growth.areEnough({ left: 2000, expectedMs: [] });
    assertEquals(await looked, more, JSON.stringify({ members, share }));
  }
});

// S7.8
Deno.test("no thread is missed while one has nothing to do, and none once nothing is wanted", async () => {
  const { growth, looked } = growthOf([SHORT, SHORT, IDLE], 0);
  growth.areEnough({ left: 2000, expectedMs: [] });
  const other = growthOf([SHORT, SHORT], 0);
  other.growth.areEnough({ left: 2000, expectedMs: [] });
  other.growth.stop();
  const last = growthOf([SHORT, SHORT], 0);
  last.growth.areEnough({ left: 2000, expectedMs: [] });
  assertEquals(await Promise.race([looked.then(() => "idle"), other.looked.then(() => "stopped"), last.looked]), 1);
});

// S7.8
Deno.test("one more thread is started for functions that wait, however busy others keep the processors", async () => {
  const cases: [usedMs: () => number, more: number][] = [
    [() => 0, 1],
    [() => performance.now() / 10, 1],
    [() => performance.now() / 2, 0],
  ];
  for (const [usedMs, more] of cases) {
    const { growth, lookAgain } = growthOf([SHORT, SHORT], 0.95, usedMs);
    assertEquals([await lookAgain(), await lookAgain()], [0, more], `${usedMs}`);
    growth.stop();
  }
});
