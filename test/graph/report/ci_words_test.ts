// What is said to GitHub and GitLab: commands that say what they mean, and text that is no command.
import { assert, assertEquals } from "@std/assert";
import { printedDiagnostics } from "../../../graph/report/printed_diagnostics.ts";
import { githubAnnotations, githubCommand, guardedJson, guardedLines } from "../../../graph/report/github.ts";
import { sectionEnd, sectionStart } from "../../../graph/report/gitlab.ts";
import { jobSummary } from "../../../graph/report/job_summary.ts";
import type { ClosedRun } from "../../../graph/report/closing.ts";

// S6.7
Deno.test("githubCommand() escapes data and properties as GitHub's toolkit does", () => {
  assertEquals(githubCommand("group", "a%\r\nb:c,d"), "::group::a%25%0D%0Ab:c,d");
  assertEquals(
    githubCommand("error", "x", { file: "a,b:c%.ts", line: 3, col: undefined, title: "t\n" }),
    "::error file=a%2Cb%3Ac%25.ts,line=3,title=t%0A::x",
  );
});

// S6.7
Deno.test("guardedLines() leaves nothing that a runner would take for a command", () => {
  assertEquals(
    guardedLines("a ::b::\n  ::error::x\n::set-output name=a::b"),
    "a ::b::\n  : :error::x\n: :set-output name=a::b",
  );
  assertEquals(guardedLines("said ##[error]x ###[y]"), "said ## [error]x ### [y]");
  assertEquals(guardedLines("50%\r::a::\r\n\t::b::\u2003::c"), "50%\r: :a::\r\n\t: :b::\u2003::c");
  for (const space of [" ", "\u0085", "\u00a0", "\u2003", "\u3000", "\0"]) {
    const bytes = String.fromCharCode(...new TextEncoder().encode(space));
    for (const start of [space, bytes]) assertEquals(guardedLines(`${start}::a::b`), `${start}: :a::b`);
  }
  // As much as is kept of a task's output, in no time
  const blank = "\n".repeat(2 ** 20) + " ".repeat(2 ** 20);
  assertEquals(guardedLines(blank), blank);
});

// S6.7
Deno.test("guardedJson() is the same JSON without a command", () => {
  const value = { "##[a]": "####[b]\n::c::", list: ["#", "[", "\\##[d]"] };
  const guarded = guardedJson(JSON.stringify(value));
  assertEquals([guarded.includes("##["), JSON.parse(guarded)], [false, value]);
});

// S6.7
Deno.test("githubAnnotations() names places from the root, and a failed task without any once", () => {
  const text = [
    "src/a.ts:3:4: error: odd: 100%",
    "src/a.ts:3:4: error: odd: 100%",
    "src/b.c:9: warning: so",
    "x.c:1:1: note: here",
  ].join("\n");
  const pathOf = (file: string) => `app/${file}`;
  const known = { task: "web:check", diagnostics: printedDiagnostics(text), pathOf };
  const failure = { kind: "exit", code: 2 } as const;
  assertEquals(githubAnnotations({ ...known, failure, telling: "x" }), [
    "::error file=app/src/a.ts,line=3,col=4,title=web%3Acheck::odd: 100%25",
    "::warning file=app/src/b.c,line=9,title=web%3Acheck::so",
  ]);
  assertEquals(githubAnnotations(known), ["::warning file=app/src/b.c,line=9,title=web%3Acheck::so"]);
  assertEquals(githubAnnotations({ ...known, diagnostics: [], failure, telling: "no\x1b such" }), [
    "::error title=web%3Acheck::exit 2: no\\u001b such",
  ]);
  assertEquals(githubAnnotations({ ...known, diagnostics: [] }), []);
  const many = printedDiagnostics(Array.from({ length: 40 }, (_, i) => `a.c:${i + 1}:1: error: e`).join("\n"));
  assertEquals(githubAnnotations({ ...known, diagnostics: many, failure }).length, 10);
});

// S6.7
Deno.test("sections have ids, and titles that cannot end them", () => {
  const section = { id: "troupe_1", title: "a\r\x1b[0K", isCollapsed: true };
  assertEquals(
    sectionStart(section, 1999),
    "\x1b[0Ksection_start:1:troupe_1[collapsed=true]\r\x1b[0Ka\\r\\u001b[0K\n",
  );
  assertEquals(sectionEnd(section, 2000), "\x1b[0Ksection_end:2:troupe_1\r\x1b[0K\n");
});

function closedRun(names: readonly string[], outcomes: ClosedRun["outcomes"]): ClosedRun {
  const tasks = names.map((name) => ({ name, dependencies: [] }));
  return { tasks, outcomes, warned: 0, durationMs: 1500, done: "built" };
}

// S6.7
Deno.test("jobSummary() tells failures first, then what was not done, then what took longest", () => {
  const failure = { kind: "exit", code: 1 } as const;
  const closed = closedRun(["fast", "slow", "b|ad`<x>", "late", "same"], [
    { kind: "built" },
    { kind: "built" },
    { kind: "failed", failure, telling: "a | b\\n *c*\n" },
    undefined,
    { kind: "cached" },
  ]);
  assertEquals(
    jobSummary({ name: "build.json", closed, durations: [10, 2000, 500, undefined, undefined] }),
    [
      "### build\\.json: ✗ 1 failed, 1 not run · 2 built, 1 up to date · 1.5s",
      "",
      "| | Task | Time | |",
      "| --- | --- | ---: | --- |",
      "| ✗ | b&#124;ad\\`\\<x\\> | 0.50s | exit 1  a &#124; b\\\\n \\*c\\*\\\\n |",
      "| – | late |  | not run |",
      "| ✓ | slow | 2.0s |  |",
      "| ✓ | fast | 0.01s |  |",
      "",
      "",
    ].join("\n"),
  );
});

// S6.7
Deno.test("jobSummary() is never longer than there is room for", () => {
  const failure = { kind: "exit", code: 1 } as const;
  const names = Array.from({ length: 20_000 }, (_, i) => `ö${i}`);
  const closed = closedRun(names, names.map(() => ({ kind: "failed", failure, telling: "|".repeat(100) })));
  const run = { name: "build.json", closed, durations: [] };
  for (const most of [-5, 0, 50, 100, 400, 5000, undefined]) {
    const bytes = new TextEncoder().encode(jobSummary(run, most)).length;
    assert(bytes <= Math.max(0, most ?? 256 * 1024), `${bytes} for ${most}`);
    if (most === undefined) assert(bytes > 200_000 && /… and \d+ more\n\n$/.test(jobSummary(run)));
  }
});
