// S6.3
import { assertEquals, assertStringIncludes } from "@std/assert";
import { type ListedTask, listLines, pastsOf, type RecalledAttempt, stateOf } from "../../../graph/report/task_list.ts";

function attempt(task: string, run: number, fields: Partial<RecalledAttempt> = {}): RecalledAttempt {
  return {
    task,
    run,
    outcome: "passed",
    how: "executed",
    fingerprint: null,
    duration: 1,
    endedAt: 100 * run,
    error: null,
    ...fields,
  };
}

function listed(fields: Partial<ListedTask> = {}): ListedTask {
  return {
    name: "a",
    description: null,
    output_artifact: "out/a",
    outputs: ["out/a"],
    dependencies: [],
    state: "up_to_date",
    reason: null,
    last: null,
    usual_duration: null,
    flaky: null,
    ...fields,
  };
}

function text(tasks: ListedTask[], columns?: number): string[] {
  return listLines({ file: "build.json", tasks }, columns).map((line) =>
    line.map((cell) => cell.text).join("").trimEnd()
  );
}

Deno.test("pastsOf() takes the last attempt of the newest run, and the median of what was executed", () => {
  const pasts = pastsOf([
    attempt("a", 9, { outcome: "failed", how: null, duration: 7, error: "first try" }),
    attempt("a", 9, { outcome: "failed", how: null, duration: 8, error: "second try" }),
    attempt("b", 8, { how: "copied", duration: 0 }),
    attempt("a", 8, { duration: 4 }),
    attempt("a", 7, { duration: 1 }),
    attempt("a", 6, { duration: 3 }),
  ]);
  assertEquals(pasts.get("a"), {
    last: { run: 9, outcome: "failed", duration: 8, ended_at: 900, error: "second try" },
    usual_duration: 3,
    flaky: null,
  });
  assertEquals([pasts.get("b")?.last?.duration, pasts.get("b")?.usual_duration], [0, null]);
  assertEquals(pasts.get("c"), undefined);
});

// S6.19
Deno.test("pastsOf() tells how flaky a task is, and forgets what was long ago", () => {
  const tried = (run: number, outcome: "passed" | "failed", duration = 2) =>
    attempt("a", run, { outcome, how: outcome === "passed" ? "executed" : null, fingerprint: "f", duration });
  const recent = [
    tried(99, "passed"),
    tried(98, "failed"),
    ...Array.from({ length: 48 }, (_, at) => tried(97 - at, "passed")),
  ];
  assertEquals(pastsOf([...recent, tried(2, "failed"), tried(1, "passed", 1000)]).get("a")?.flaky, {
    failed: 1,
    attempts: 50,
  });
  const slower = Array.from({ length: 100 }, (_, at) => tried(200 - at, "passed", at < 9 ? 2 : 1000));
  assertEquals(pastsOf(slower).get("a")?.usual_duration, 2);
});

Deno.test("stateOf() tells what is up to date, what would run, and what failed last", () => {
  const failed = { run: 1, outcome: "timeout", duration: 1, ended_at: 1, error: "Timed out after 1s" } as const;
  const passed = { ...failed, outcome: "passed", error: null } as const;
  assertEquals(stateOf({ run: false }, failed), { state: "up_to_date", reason: null });
  assertEquals(stateOf({ run: true, reason: "new" }, null), { state: "would_run", reason: "new" });
  assertEquals(stateOf({ run: true, reason: "new" }, failed), { state: "failed_last", reason: "new" });
  assertEquals(stateOf({ run: true, reason: "new" }, passed), { state: "would_run", reason: "new" });
  assertEquals(stateOf(undefined, passed), { state: "passed_last", reason: null });
  assertEquals(stateOf(undefined, failed), { state: "failed_last", reason: null });
  assertEquals(stateOf(undefined, null), { state: "would_run", reason: null });
});

const LAST = {
  run: 3,
  outcome: "failed",
  duration: 0.25,
  ended_at: 1,
  error: "Command failed with exit code 3",
} as const;

Deno.test("listLines() sets columns, without those that nothing stands in", () => {
  assertEquals(text([listed(), listed({ name: "long:name", state: "would_run", reason: "new" })]), [
    "NAME       STATE           MAKES",
    "a          up to date      out/a",
    "long:name  would run: new  out/a",
    "",
    "2 tasks: 1 up to date, 1 would run",
  ]);
  assertEquals(
    text([listed({ state: "failed_last", reason: "new", last: LAST, usual_duration: 12.34, description: "One\nTwo" })]),
    [
      "NAME  STATE                                         LAST  USUAL  MAKES  DESCRIPTION",
      "a     failed last: Command failed with exit code 3  0.3s  12.3s  out/a  One",
      "",
      "1 task: 1 would run, 1 failed last",
    ],
  );
  // Of a task file
  assertEquals(text([listed({ output_artifact: null, outputs: null, state: "would_run" })]), [
    "NAME  STATE",
    "a     never run",
    "",
    "1 task",
  ]);
});

Deno.test("listLines() cuts the widest columns first where there is not room for all, by columns of the terminal", () => {
  const tasks = [
    listed({ name: "名前:テスト", state: "would_run", reason: `source changed: ${"x/".repeat(40)}y.ts` }),
    listed({ name: "b", description: "What it is for is told in many words, too many for the window" }),
  ];
  for (const columns of [40, 60, 80, 200]) {
    const lines = text(tasks, columns);
    const wide = [...lines[1]].filter((character) => /[^\x20-\x7e…]/.test(character)).length;
    assertEquals(lines[1].length + wide <= columns && lines[2].length <= columns, true, lines.join("\n"));
  }
  assertEquals(text(tasks, 60)[2], "b            up to date           out/a  What it is for is …");
  assertEquals(text(tasks, 40)[0], "NAME         STATE");
  // Where it is no terminal nothing is cut, and one long text leaves the others where they are.
  assertEquals(text(tasks)[1].includes("y.ts  out/a"), true);
  assertEquals(text(tasks)[2].indexOf("out/a") < 80, true);
});

Deno.test("listLines() keeps columns in a pipe, also behind what is told of failures of flaky tasks", () => {
  const task = {
    last: LAST,
    usual_duration: 12.34,
    outputs: ["out/all/of/a/longer/path/index.html"],
    description: "Does",
  };
  const flaky = { failed: 10, attempts: 50 };
  const [title, ...rows] = text([
    listed(task),
    listed({ ...task, state: "failed_last", flaky }),
    listed({ ...task, name: "x".repeat(110), outputs: ["o"] }),
    listed({ ...task, state: "would_run", reason: `source changed: ${"x".repeat(80)}`, outputs: ["o"] }),
  ]).slice(0, 5);
  assertStringIncludes(rows[1], "exit code 3 (flaky: failed 10 of the last 50 times, 20 %)  0.3s  12.3s  out/");
  for (const row of rows.slice(0, 2)) assertEquals(row.indexOf("0.3s"), title.indexOf("LAST"));
  // One text that is too long for any column takes the room of those behind it.
  for (const row of rows) assertEquals(row.indexOf("Does"), title.indexOf("DESCRIPTION"));
  assertEquals(title.length < 160, true, title);
  assertStringIncludes(rows[2], `${"x".repeat(110)}  up to date`);
});

Deno.test("listLines() shows what is not troupe's own without what it would do to the terminal", () => {
  assertEquals(
    text([listed({ description: "red \x1b[31m\ttab" })])[1],
    "a     up to date  out/a  red \\u001b[31m\\ttab",
  );
});

// S6.19
Deno.test("listLines() says of a flaky task how often it fails", () => {
  const [, line] = text([listed({ state: "up_to_date", flaky: { failed: 1, attempts: 10 } })]);
  assertStringIncludes(line, "up to date (flaky: failed 1 of the last 10 times, 10 %)");
});

Deno.test("listLines() says of a task that was cut off that it was, and not that it never ran", () => {
  const last = { run: 1, outcome: "cancelled", duration: 1.5, ended_at: 1, error: "Cancelled" } as const;
  const [, line] = text([listed({ state: "would_run", reason: null, last })]);
  assertStringIncludes(line, "cancelled last  1.5s");
});
