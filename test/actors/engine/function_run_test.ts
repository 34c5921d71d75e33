// The scheduler with functions in the place of workers: one a place, given up when their time is up or the run is to end.
import { assertEquals } from "@std/assert";
import type { AttemptEnd, Functions } from "../../../actors/engine/function_pool.ts";
import { FunctionRun, type FunctionRunParts } from "../../../actors/engine/function_run.ts";
import type { Attempt } from "../../../actors/engine/attempt.ts";
import type { RunEvent } from "../../../actors/engine/run_event.ts";
import { planOf } from "../../graph/schedule/world.ts";

/** Functions that the test ends, and what was heard of them. */
class Stage implements Functions {
  readonly attempts: Attempt[] = [];
  readonly results: PromiseWithResolvers<unknown>[] = [];
  readonly log: string[] = [];
  limit = Infinity;
  mayEndThemselves = false;

  readonly start = () => this.attempts.length + 1;
  readonly call = (attempt: Attempt) => {
    attempt.begin();
    this.attempts.push(attempt);
    const result = Promise.withResolvers<unknown>();
    this.results.push(result);
    return result.promise;
  };
  readonly end = ({ task }: Attempt, end: AttemptEnd) =>
    void this.log.push("result" in end ? `${task} gave ${end.result}` : `${task} threw ${(end.thrown as Error).name}`);
  readonly limitSeconds = () => this.limit;

  run(shape: Record<string, string[]>, choices: Partial<FunctionRunParts> = {}): FunctionRun {
    const onEvent = (event: RunEvent) =>
      void this.log.push("task" in event ? `${event.kind} ${event.task}` : event.kind);
    return new FunctionRun({ plan: planOf(shape), workers: 8, functions: this, onEvent, ...choices });
  }
}

/** Resolves when the mailbox has been emptied. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

Deno.test("FunctionRun does a task when what it needs is done, and tells each end before what follows from it", async () => {
  const stage = new Stage();
  await using run = stage.run({ a: [], b: ["a"] });
  const running = run.run();
  await turn();
  stage.results[0].resolve("one");
  await turn();
  stage.results[1].reject(new TypeError("no"));
  await running;
  assertEquals(stage.log, ["started 0", "0 gave one", "executed 0", "started 1", "1 threw TypeError", "failed 1"]);
});

Deno.test("FunctionRun.limit() with no room has one task done at a time, and with room for all the rest at once", async () => {
  const stage = new Stage();
  await using run = stage.run({ a: [], b: [], c: [] });
  run.limit(0);
  const running = run.run();
  await turn();
  assertEquals(stage.attempts.map(({ task }) => task), [0]);
  run.limit(Infinity);
  await turn();
  assertEquals(stage.attempts.map(({ task }) => task), [0, 1, 2]);
  for (const result of stage.results) result.resolve(undefined);
  await running;
});

Deno.test("FunctionRun gives up a function whose time is up: its place is free, and its late answer no news", async () => {
  const stage = new Stage();
  stage.limit = 0.005;
  await using run = stage.run({ a: [], b: [] }, { workers: 1 });
  const running = run.run();
  await turn();
  const { signal } = stage.attempts[0];
  await new Promise((resolve) => signal.addEventListener("abort", resolve));
  stage.results[0].resolve("late");
  stage.limit = Infinity;
  await turn();
  stage.results[1].resolve("two");
  await running;
  assertEquals(stage.log.filter((line) => /gave|threw/.test(line)), ["0 threw TimeoutError", "1 gave two"]);
});

Deno.test("FunctionRun tells functions of an abort and gives them up, but for those that may end by themselves at once", async () => {
  for (const mayEndThemselves of [false, true]) {
    const stage = new Stage();
    stage.mayEndThemselves = mayEndThemselves;
    const stop = new AbortController();
    await using run = stage.run({ a: [], b: [], c: ["a"] }, { signal: stop.signal });
    const running = run.run();
    await turn();
    stage.attempts[0].signal.addEventListener("abort", () => stage.results[0].resolve("all the same"));
    stop.abort();
    await running;
    const ends = mayEndThemselves
      ? ["0 gave all the same", "1 threw AbortError"]
      : ["0 threw AbortError", "1 threw AbortError"];
    assertEquals(stage.log.filter((line) => /gave|threw/.test(line)), ends);
    assertEquals(stage.log.filter((line) => /^(executed|cancelled|skipped)/.test(line)).sort(), [
      ...(mayEndThemselves ? [] : ["cancelled 0"]),
      "cancelled 1",
      ...(mayEndThemselves ? ["executed 0"] : []),
      "skipped 2",
    ]);
  }
});
