// S6.1
import { assertEquals } from "@std/assert";
import {
  agoText,
  foreignLines,
  type LastRun,
  nameCommand,
  overviewLines,
  type ProjectOverview,
} from "../../../graph/report/overview.ts";
import { cutLine } from "../../../graph/text_width.ts";

const LAST: LastRun = {
  id: 7,
  started_at: 1,
  finished_at: 2,
  duration_ms: 1000,
  total_tasks: 3,
  passed: 1,
  failed: 1,
  timeout: 0,
  skipped: 1,
  interrupted: false,
  age: 200,
  failures: [{ name: "web:test", error: "Command failed with exit code 3\nand more" }],
};

function text(overview: Partial<ProjectOverview>): string[] {
  const whole = {
    file: "build.json",
    prospects: [],
    database: "taskrun.db",
    commands: ["build", "check"],
    ...overview,
  };
  return overviewLines(whole).map((line) => line.map((cell) => cell.text).join("").trimEnd());
}

Deno.test("overviewLines() tells of the last run, what failed, what would run and why, and what to type next", () => {
  const lines = text({
    prospects: [
      ["lib", { run: false }],
      ["site", { run: true, reason: "dependency would run: web:test" }],
      ["web:test", { run: true, reason: "source changed: a.ts" }],
    ],
    last: LAST,
  });
  assertEquals(lines, [
    "build.json: 3 tasks",
    "Last run: #7, 3 minutes ago: 1 passed, 1 failed, 1 skipped",
    "  web:test  Command failed with exit code 3",
    "",
    "2 of 3 would run:",
    "  web:test  source changed: a.ts",
    "  site      dependency would run: web:test",
    "",
    "Next:",
    "  troupe build                   these 2",
    "  troupe web:test                only this one and what it needs",
    "  troupe show 7 --task web:test  what it printed",
    "  troupe retry 7                 what did not pass",
    "  troupe list                    all tasks: what they are for, and how they stand",
    "  troupe --help                  all commands",
  ]);
});

Deno.test("overviewLines() has at most ten lines of what would run, and few of what failed", () => {
  const prospects = Array.from(
    { length: 30 },
    (_, at): ProjectOverview["prospects"][number] => [`t${at}`, { run: true, reason: "new" }],
  );
  const failures = prospects.map(([name]) => ({ name, error: null }));
  const lines = text({ prospects, last: { ...LAST, failures } });
  const from = lines.indexOf("30 of 30 would run:");
  assertEquals(lines.slice(from + 10, from + 12), ["  … and 21 more", ""]);
  assertEquals(lines.slice(2, 8), ["  t0", "  t1", "  t2", "  t3", "  t4", "  … and 25 more"]);
  assertEquals(text({ prospects: prospects.slice(0, 10) }).includes("  t9  new"), true);
});

Deno.test("overviewLines() tells when all is up to date, what else ran, and what runs now", () => {
  const prospects: ProjectOverview["prospects"] = [["a", { run: false }]];
  assertEquals(text({ prospects }).slice(0, 4), ["build.json: 1 task", "No run recorded yet", "", "It is up to date"]);
  const other = { ...LAST, of: "nightly.txt", age: 90_000, running: 2, pending: 3, failures: [] };
  assertEquals(
    text({ prospects, last: other })[1],
    "A run goes on: #7 of nightly.txt, 1 day ago: 1 passed, 1 failed, 1 skipped, 2 running, 3 pending",
  );
});

Deno.test("nameCommand() gives a line that reaches the task, whatever it is called", () => {
  const named = (name: string) => nameCommand(name, ["build", "check"]);
  assertEquals(named("web:test"), "troupe web:test");
  assertEquals(named("check"), "troupe build check");
  assertEquals(named("-f"), "troupe -- -f");
  assertEquals(named("out/app.js"), "troupe --task out/app.js");
  assertEquals(named("it's"), "troupe 'it'\\''s'");
});

Deno.test("foreignLines() tells what is here, and of init where there is such a command", () => {
  const found = [{ file: "package.json", what: "scripts", names: "abcdefghij".split("") }, { file: "Makefile" }];
  const said = (commands: string[]) =>
    foreignLines(found, { commands }).map((line) => line.map((cell) => cell.text).join(""));
  assertEquals(said([]).slice(0, 5), [
    "No build.json or build.jsonc here or in a folder above",
    "",
    "What is here:",
    "  package.json  scripts: a, b, c, d, e, f, g, h, … (10)",
    "  Makefile",
  ]);
  assertEquals(said(["init"])[7], "  troupe init         write a config from what is here");
});

Deno.test("agoText() and cutLine()", () => {
  assertEquals([0, 59, 60, 7200, 86_400, 1e6].map(agoText), [
    "just now",
    "just now",
    "1 minute ago",
    "2 hours ago",
    "1 day ago",
    "11 days ago",
  ]);
  const line = [{ text: "  日本  ", tone: "plain" }, { text: "text", tone: "dim" }] as const;
  assertEquals(cutLine(line, 10).map((cell) => cell.text), ["  日本  ", "t…"]);
});

Deno.test("overviewLines() tells of what would come out of the store, which is not up to date", () => {
  const restored = ["a", "b"].map((name) => [name, { run: false, restore: true, reason: "artifact missing" }] as const);
  const lines = (...more: ProjectOverview["prospects"]) => text({ prospects: [...restored, ...more] }).slice(3, -2);
  assertEquals(lines(["c", { run: false }]), [
    "2 of 3 would be restored: a, b",
    "",
    "Next:",
    "  troupe build   these 2",
  ]);
  assertEquals(lines(["c", { run: true, reason: "new" }]).slice(0, 3), [
    "1 of 3 would run:",
    "  c  new",
    "2 of 3 would be restored: a, b",
  ]);
});
