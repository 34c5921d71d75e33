import { assertEquals } from "@std/assert";
import { flakiness, flakyText, type Try } from "../../../graph/report/flaky.ts";

/** Of words like `a+` and `a-`, each of an older run: what it was made of, and whether it passed. */
function tries(words: string): Try[] {
  return words.split(" ").map((word, at) => ({
    run: 100 - at,
    fingerprint: word[0] === "?" ? null : word[0],
    outcome: word[1] === "+" ? "passed" : word[1] === "t" ? "timeout" : "failed",
  }));
}

// S6.19
Deno.test("a task is flaky that failed and passed although it was made of the same", () => {
  assertEquals(flakiness(tries("a+ a- a+ at b+")), { failed: 2, attempts: 5 });
  // An edit broke it, and another mended it.
  assertEquals(flakiness(tries("a+ b- b- c+")), undefined);
  assertEquals(flakiness(tries("?+ ?-")), undefined);
  assertEquals(flakiness([]), undefined);
  // It was, and is broken now; once it is mended, all that failed counts.
  assertEquals(flakiness(tries("b- b- a+ a-")), undefined);
  assertEquals(flakiness(tries("?- a+ a-")), undefined);
  assertEquals(flakiness(tries("c+ bt b- a+ a-")), { failed: 3, attempts: 5 });
  assertEquals(flakiness(tries("a+ ?- ?t a-")), { failed: 1, attempts: 2 });
  // The last attempt is the last one of the newest run.
  const [newest, ...older] = tries("b- a+ a-");
  assertEquals(flakiness([newest, { ...newest, outcome: "passed" }, ...older]), { failed: 2, attempts: 4 });
  assertEquals(flakyText({ failed: 5, attempts: 50 }), "flaky: failed 5 of the last 50 times, 10 %");
  assertEquals(flakyText({ failed: 1, attempts: 1000 }), "flaky: failed 1 of the last 1000 times, 1 %");
});
