// `troupe graph` and `troupe trace`: pictures on a terminal, in pipes and in files.
import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { plainText } from "../pty.ts";
import { type Rig, rigTest } from "../rig.ts";
import { dirname } from "@std/path";

/** What a command says that ends well. */
async function said(rig: Rig, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await rig.ask(args);
  assertEquals([code, stderr], [0, ""], args.join(" "));
  return stdout;
}

function project(rig: Rig): void {
  const task = (name: string, dependencies: string[] = [], command = ': > "$OUT"') => ({
    name,
    dependencies,
    output: `out/${name.replace(":", "-")}`,
    command,
  });
  rig.write("build.json", {
    tasks: [task("gen"), task("ui:lint", ["gen"], "exit 3"), task("ui:test", ["gen"]), task("web", ["ui:lint", "gen"])],
  });
}

// S6.11
rigTest("graph draws a tree with how each task stands, and what is chosen of it", async (rig) => {
  project(rig);
  assertEquals(
    await said(rig, "graph"),
    "○ ui:test  would run\n└─ ○ gen  would run\n○ web  would run\n├─ ○ ui:lint  would run\n│  └─ also gen\n└─ also gen\n\n4 tasks\n",
  );
  assertEquals((await rig.build()).code, 1);
  const tree = await said(rig, "graph", "web");
  assertMatch(tree, /^├─ ✗ ui:lint(?: ◆)? {2}failed {2}0\.\d\ds$/m);
  assertMatch(tree, /^ *(?:│ {2})?└─ (?:= gen|also gen)/m);
  assert(!tree.includes("ui:test"));
  const names = (report: string) => JSON.parse(report).tasks.map(({ name }: { name: string }) => name);
  assertEquals(names(await said(rig, "graph", "ui:lint", "--needed-by", "--format", "json")), ["ui:lint", "web"]);
  assertEquals(names(await said(rig, "graph", "ui:*", "--needs", "--needed-by", "--format=json")), [
    ...["gen", "ui:lint", "ui:test", "web"],
  ]);
  for (const ends of [["web", "gen"], ["gen", "web"]]) {
    assertEquals(names(await said(rig, "graph", "path", ...ends, "--format", "json")), ["web", "gen"]);
  }
  assertEquals(await said(rig, "graph", "path", "web", "ui:test"), "Neither of 'web' and 'ui:test' needs the other\n");
  assertMatch(await said(rig, "graph", "--format", "dot"), /^digraph tasks \{[\s\S]*b0 -> b1/);
  assertEquals(await said(rig, "graph", "--format", "mermaid", "-o", "graph.mmd"), "");
  assertMatch(rig.read("graph.mmd"), /^flowchart LR\n/);
  for (
    const [args, sentence] of [
      [["--format", "svg"], "--format must be tree, dot, mermaid"],
      [["path", "web"], "graph path needs the names of two tasks"],
      [["wbe"], "Unknown task 'wbe', did you mean 'web'?"],
      [["-o", "build.json/x"], "Cannot write 'build.json/x'"],
    ] as const
  ) {
    const { code, stderr } = await rig.ask(["graph", ...args]);
    assertEquals(code, 2);
    assertStringIncludes(stderr, sentence);
  }
});

// K3, K7
rigTest(
  "what is drawn replaces no FIFO, no link, and nothing that troupe needs, and goes to stdout where that is asked for",
  async (rig) => {
    project(rig);
    await rig.build();
    await new Deno.Command("mkfifo", { args: [rig.path("fifo")] }).output();
    Deno.symlinkSync("build.json", rig.path("link"));
    const config = rig.read("build.json");
    for (const what of ["graph", "trace", "report"]) {
      for (
        const [path, sentence] of [
          ["fifo", `Cannot write ${what} 'fifo': not a regular file`],
          ["link", `Cannot write ${what} 'link': not a regular file`],
          ["build.json", `The ${what} 'build.json' would replace its config or task file: name another file`],
          [
            "./taskrun.db",
            `The ${what} './taskrun.db' would replace what troupe itself keeps there: name another file`,
          ],
        ]
      ) {
        const form = what === "graph" ? ["--format", "dot"] : [];
        const { code, stdout, stderr } = await rig.ask([what, ...form, "-o", path]);
        assertEquals([code, stdout, stderr], [2, "", `${sentence}\n`]);
      }
    }
    assertMatch(await said(rig, "graph", "--format", "dot", "-o", "-"), /^digraph tasks \{/);
    assertEquals(typeof JSON.parse(await said(rig, "trace", "-o", "-")).traceEvents, "object");
    assertMatch(await said(rig, "report", "-o", "-"), /^<!doctype html>/);
    assertThrows(() => rig.read("-"), Deno.errors.NotFound);
    assert(Deno.lstatSync(rig.path("fifo")).isFifo && Deno.lstatSync(rig.path("link")).isSymlink);
    assertEquals(rig.read("build.json"), config);
    assertStringIncludes(await said(rig, "history"), "#1");
  },
);

// S6.11
rigTest("graph of a task file, folded where there are too many tasks", async (rig) => {
  const tasks = Array.from({ length: 10_000 }, (_, i) => `${["api", "web"][i % 2]}_${i}: true\n`);
  rig.write("many.txt", tasks.join(""));
  const folded = (await said(rig, "graph", "many.txt")).trimEnd().split("\n");
  assert(folded.length <= 202, `${folded.length} lines`);
  assertMatch(folded.at(-1)!, /^10000 tasks, folded to \d+ lines; --all shows each$/);
  assertEquals((await said(rig, "graph", "many.txt", "--all")).split("\n").length, 10_000 + 3);
  assertMatch(await said(rig, "graph", "many.txt", "--format", "dot"), /5000 tasks|\d+ tasks: /);
});

// S6.12
rigTest("trace shows a run over time, fitted to the window, and writes it as trace events", async (rig) => {
  project(rig);
  await rig.build();
  const chart = await said(rig, "trace");
  assertMatch(chart, /^Run #1 build · 4 tasks \(1 failed, 2 passed, 1 not run\) · .* \d worker/);
  assertMatch(chart, /^worker 1 /m);
  assertMatch(chart, /Critical path: /);
  assertEquals(await said(rig, "trace", "1", "-o", "trace.json"), "");
  const { traceEvents } = JSON.parse(rig.read("trace.json"));
  const names = traceEvents.filter(({ ph }: { ph: string }) => ph === "X").map(({ name }: { name: string }) => name);
  assertEquals(names.sort(), ["gen", "ui:lint", "ui:test"]);
  assertEquals((await rig.ask(["trace", "9"])).stderr, "Run #9 not found in 'taskrun.db'\n");
  rig.write("tasks.txt", "a: true\nb: false [after:a]\n");
  await rig.build(["run", "tasks.txt"], { deno: ["run", "-A", `${dirname(rig.program)}/main.ts`] });
  assertMatch(await said(rig, "trace", "last"), /^Run #2 tasks.txt · 2 tasks \(1 failed, 1 passed\)/);
});

// S6.11, S6.12
rigTest("colour, and the window's width, only on a terminal", async (rig) => {
  project(rig);
  await rig.build();
  assert(!(await said(rig, "graph")).includes("\x1b"));
  assert(!(await said(rig, "trace")).includes("\x1b"));
  for (const command of ["graph", "trace"]) {
    const choices = {
      deno: ["run", "--no-code-cache", "-A", `${dirname(rig.program)}/main.ts`],
      columns: 50,
      rows: 30,
    };
    const terminal = rig.terminal([command], choices);
    assertEquals(await terminal.ended, 0);
    const written = terminal.shown;
    assert(written.includes("\x1b["), written);
    for (const line of plainText(written).split("\n")) assert(line.trimEnd().length <= 50, line);
  }
}, { ignore: Deno.build.os !== "linux" });

// S6.1, S6.3, S6.11
rigTest("a terminal that tells of no columns is taken for a usual one", async (rig) => {
  project(rig);
  const choices = { deno: ["run", "-A", `${dirname(rig.program)}/main.ts`], columns: 0, rows: 0 };
  for (const [words, line] of [[[], "  troupe build "], [["list"], "ui:lint "], [["graph"], "○ web "]] as const) {
    const terminal = rig.terminal(words, choices);
    assertEquals(await terminal.ended, 0);
    assertStringIncludes(plainText(terminal.shown), `\n${line}`);
  }
}, { ignore: Deno.build.os !== "linux" });
