import { assertEquals } from "@std/assert";
import {
  type ClosedRun,
  closingDetails,
  closingLine,
  durationText,
  nothingToDoLine,
  type Outcome,
  shortFailure,
} from "../../../graph/report/closing.ts";

const FAILED: Outcome = {
  kind: "failed",
  failure: { kind: "exit", code: 1 },
  telling: "ui/mod.ts:7:7 `x` is never used",
};
const KINDS: Record<string, Outcome> = {
  b: { kind: "built" },
  c: { kind: "cached" },
  f: FAILED,
  s: { kind: "skipped" },
  x: { kind: "cancelled" },
};

/** Of words like `name=f:dependency,dependency`. */
function run(words: string, more: Partial<ClosedRun> = {}): ClosedRun {
  const tasks = words.split(" ").map((word) => {
    const [, name, kind, needs = ""] = /^(\S+)=(.)(?::(\S+))?$/.exec(word)!;
    return { name, kind, dependencies: needs === "" ? [] : needs.split(",") };
  });
  return {
    tasks,
    outcomes: tasks.map(({ kind }) => kind === "?" ? undefined : KINDS[kind]),
    warned: 0,
    durationMs: 12_345,
    done: "built",
    ...more,
  };
}

// S6.6
Deno.test("closingLine() counts what went wrong before what went well", () => {
  assertEquals(closingLine(run("a=b b=c c=f d=s:c e=x")), "✗ 1 failed, 2 not run · 1 built, 1 up to date · 12.3s");
  assertEquals(closingLine(run("a=b b=b", { warned: 1 })), "✓ 2 built · ⚠ 1 warned · 12.3s");
  assertEquals(closingLine(run("a=c b=c")), "✓ 2 up to date · 12.3s");
  assertEquals(closingLine(run("a=f", { done: "passed" })), "✗ 1 failed · 0 passed · 12.3s");
});

// S6.6
Deno.test("nothingToDoLine() is for builds in which every task was up to date", () => {
  assertEquals(nothingToDoLine(run("a=c b=c", { durationMs: 141 })), "Nothing to do: 2 tasks are up to date (0.14s)");
  assertEquals(nothingToDoLine(run("a=c")), "Nothing to do: 1 task is up to date (12.35s)");
  assertEquals(nothingToDoLine(run("a=c b=b")), undefined);
  assertEquals(nothingToDoLine(run("a=c b=?")), undefined);
});

// S6.6
Deno.test("closingDetails() tells each failed task with its reason, and what was not run with what it needed", () => {
  const saved = { database: "taskrun.db" };
  assertEquals(closingDetails(run("ui:lint=f ui:bundle=s:ui:lint web=s:ui:bundle ok=b:ok2 ok2=b", { saved })), [
    "  ui:lint  exit 1  ui/mod.ts:7:7 `x` is never used",
    "  not run  ui:bundle, web (need ui:lint)",
    "  troupe show last --task ui:lint · troupe retry last",
  ]);
  assertEquals(closingDetails(run("a=b b=c")), []);
  assertEquals(
    closingDetails(run("構築:検査=f long:name=f", { saved })).slice(0, 2).map((line) => line.split("  ui")[0]),
    [
      "  構築:検査  exit 1",
      "  long:name  exit 1",
    ],
  );
  assertEquals(closingDetails(run("a=f b=s:a", { saved: { database: "my runs.db" } })).slice(1), [
    "  not run  b (needs a)",
    "  troupe show last --task a --db 'my runs.db' · troupe retry last --db 'my runs.db'",
  ]);
});

// S6.14
Deno.test("closingDetails() leaves what changes have left undone to the build that follows, and offers no retry", () => {
  const saved = { database: "taskrun.db" };
  assertEquals(closingDetails(run("a=b b=? c=f d=s:c", { saved, isOutdated: true })).slice(1), [
    "  not run  b (left to the next build, since sources have changed)",
    "  not run  d (needs c)",
  ]);
});

// S6.6
Deno.test("closingDetails() puts together what waited for the same, in a graph of any shape", () => {
  assertEquals(closingDetails(run("a=f b=f l=s:a r=s:b top=s:l,r alone=x gone=?", { signal: "SIGINT" })).slice(2), [
    "  not run  l (needs a)",
    "  not run  r (needs b)",
    "  not run  top (needs a, b)",
    "  not run  alone, gone (ended by SIGINT)",
  ]);
  const many = Array.from({ length: 20 }, (_, i) => `s${i}=s:a`).join(" ");
  assertEquals(
    closingDetails(run(`a=f ${many}`))[1],
    `  not run  ${Array.from({ length: 12 }, (_, i) => `s${i}`).join(", ")} and 8 more (need a)`,
  );
  assertEquals(
    closingDetails(run("f1=f f2=f f3=f f4=f f5=f t=s:f1,f2,f3,f4,f5")).at(-1),
    "  not run  t (needs f1, f2, f3 and 1 more)",
  );
});

// S6.6
Deno.test("closingDetails() bears a chain, and a lattice, of 20 000 tasks", () => {
  const chain = Array.from({ length: 20_000 }, (_, i) => i === 0 ? "t0=f" : `t${i}=s:t${i - 1}`).reverse().join(" ");
  assertEquals(closingDetails(run(chain)).length, 2);
  const lattice = Array.from(
    { length: 20_000 },
    (_, i) => i < 2 ? `t${i}=f` : `t${i}=s:${i % 2 === 0 ? `t${i - 2},t${i - 1}` : `t${i - 2},t${i - 3}`}`,
  );
  assertEquals(closingDetails(run(lattice.join(" "))).length, 4);
});

Deno.test("closingDetails() shows control characters in names and output as text, and cuts what is long", () => {
  const [line] = closingDetails({
    ...run("a=f"),
    tasks: [{ name: "a\x1b[2J", dependencies: [] }],
    outcomes: [{ kind: "failed", failure: { kind: "signal", signal: "SIGKILL" }, telling: `\x07${"y".repeat(500)}` }],
  });
  assertEquals(line, `  a\\u001b[2J  SIGKILL  \\u0007${"y".repeat(153)}…`);
});

Deno.test("shortFailure() and durationText() are short", () => {
  assertEquals(shortFailure({ kind: "timeout", timeoutMs: 1500 }), "timeout 1.5s");
  assertEquals(shortFailure({ kind: "crash", detail: "no\nluck" }), "Worker crashed: no\\nluck");
  assertEquals([12, 999, 1000, 59_949, 61_000, 3_600_000, 7_980_000].map(durationText), [
    "0.01s",
    "1.00s",
    "1.0s",
    "59.9s",
    "1m01s",
    "1h00m",
    "2h13m",
  ]);
});
