// K84: what can never start, and why.
import { assertEquals } from "@std/assert";
import { requirementsText } from "../../../graph/crew/requirements.ts";
import type { CrewTaskState } from "../../../graph/crew/status.ts";
import { type OpenTask, prospects, stuckSentence } from "../../../graph/crew/stuck.ts";

type Sketch = readonly [state: CrewTaskState, waitsFor?: readonly string[], labels?: readonly string[]];

function open(sketch: Record<string, Sketch>): OpenTask[] {
  const ids = Object.keys(sketch);
  return Object.entries(sketch).map(([id, [state, waitsFor = [], labels = []]]) => ({
    id,
    state,
    requirements: requirementsText(labels),
    waitsFor: waitsFor.map((other) => ids.indexOf(other)),
  }));
}

function judged(sketch: Record<string, Sketch>, members?: readonly (readonly string[])[]) {
  const { canStart, reasons } = prospects(open(sketch), members?.map((labels) => new Set(labels)), Object.keys(sketch));
  return [Object.keys(sketch).filter((_, i) => canStart[i]), reasons.map(({ why }) => why)];
}

Deno.test("prospects() names a label, an unknown dependency and a cycle, and not what waits for them", () => {
  const sketch: Record<string, Sketch> = {
    runs: ["running"],
    next: ["waiting", ["runs", "free"]],
    free: ["ready"],
    g: ["ready", [], ["gpu"]],
    afterG: ["waiting", ["g"]],
    build: ["announced"],
    test: ["waiting", ["build"]],
    x: ["waiting", ["y", "free"]],
    y: ["waiting", ["z"]],
    z: ["waiting", ["x"]],
    afterX: ["waiting", ["x"]],
  };
  assertEquals(judged(sketch, [["cpu"]]), [
    ["runs", "next", "free"],
    [
      "'g' requires gpu, which no member had",
      "'test' depends on unknown task 'build'",
      "circular dependency 'x' → 'y' → 'z' → 'x'",
    ],
  ]);
  assertEquals(judged(sketch, [["gpu"]])[0], ["runs", "next", "free", "g", "afterG"]);
  assertEquals(judged(sketch)[0], ["runs", "next", "free", "g", "afterG"], "without a look at labels");
});

Deno.test("prospects() says which labels are missing, or that no member had them together", () => {
  const sketch: Record<string, Sketch> = { a: ["ready", [], ["big", "gpu", "net"]] };
  assertEquals(judged(sketch, [["gpu"]])[1], ["'a' requires big, net, which no member had"]);
  assertEquals(judged(sketch, [["gpu", "big"], ["net"]])[1], [
    "'a' requires big, gpu, net, which no member had together",
  ]);
  assertEquals(judged(sketch, [[], ["net", "gpu", "big", "more"]])[1], []);
  const running: Record<string, Sketch> = { a: ["running", [], ["gpu"]] };
  assertEquals(judged(running, []), [["a"], []], "what runs has started");
});

Deno.test("prospects() guesses at what an unknown dependency was to be, and keeps a long cycle short", () => {
  const typo: Record<string, Sketch> = { fetch: ["ready"], fetc: ["announced"], b: ["waiting", ["fetc"]] };
  assertEquals(judged(typo)[1], ["'b' depends on unknown task 'fetc', did you mean 'fetch'?"]);
  const tasks = Array.from({ length: 20_000 }, (_, i): OpenTask => ({
    ...{ id: `t${i}`, state: "waiting", requirements: "[]", waitsFor: [(i + 1) % 20_000] },
  }));
  assertEquals(prospects(tasks, []).reasons.map(({ why }) => why), [
    "circular dependency 't0' → 't1' → 't2' → 't3' → 't4' → … 19994 more → 't19999' → 't0'",
  ]);
  assertEquals(judged({ a: ["waiting", ["a"]], b: ["waiting", ["b"]] })[1], [
    "circular dependency 'a' → 'a'",
    "circular dependency 'b' → 'b'",
  ]);
});

Deno.test("stuckSentence() gives the first few reasons", () => {
  const reasons = ["a", "b", "c"].map((task) => ({ kind: "label", task, why: `'${task}' is so` }) as const);
  assertEquals(stuckSentence(reasons), "Tasks can never start: 'a' is so; 'b' is so; 'c' is so");
  assertEquals(stuckSentence(reasons, 2), "Tasks can never start: 'a' is so; 'b' is so; and 1 more");
});
