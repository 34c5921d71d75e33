// --events: to a pipe while the build runs, to a file as a log, and never over what somebody needs.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { type Ended, type Rig, rigTest } from "../rig.ts";

const SECRET = "hunter2-and-more";

type Line = Record<string, unknown> & { readonly event: string };

function linesOf(text: string): Line[] {
  assert(text === "" || text.endsWith("\n"));
  return text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
}

function kinds(lines: readonly Line[]): string[] {
  return lines.map(({ event, task }) => task === undefined ? event : `${event} ${task}`);
}

function main(rig: Rig, args: readonly string[]): Promise<Ended> {
  return rig.build(args, { deno: ["run", "-A", rig.program.replace(/build\.ts$/, "main.ts")] });
}

// S6.8
rigTest("--events - tells all that happens as it does, with all other lines on stderr and no secret", async (rig) => {
  const held = rig.hold("held");
  rig.write("build.json", {
    tasks: [
      { name: "a", output: "a", command: `echo printed; ${held.command}`, env: { TOKEN: SECRET } },
      { name: "b", output: "b", dependencies: ["a"], command: "printf '\\377' >&2; exit 3", env: { TOKEN: SECRET } },
      { name: "c", output: "c", dependencies: ["b"] },
    ],
  });
  const running = rig.start(["--events", "-", "-j2"]);
  await running.says(/"task_started".*\n/);
  assert(!running.stdout.includes("task_completed"));
  held.release();
  const { code, stdout, stderr } = await running.ended;
  assertEquals(code, 1);
  const lines = linesOf(stdout);
  assertEquals(kinds(lines), [
    ...["run_started", "task_reason a", "task_started a", "task_completed a"],
    ...["task_reason b", "task_started b", "task_failed b", "task_skipped c", "run_ended"],
  ]);
  const { file, folder, workers, kind } = lines[0];
  assertEquals([kind, file, folder, workers], ["build", rig.path("build.json"), rig.folder, 2]);
  assertEquals(lines[3].output, { stdout: { text: "printed\n" } });
  assertEquals([lines[6].reason, lines[6].exit_code, lines[6].output], ["exit", 3, { stderr: { base64: "/w==" } }]);
  assertEquals([lines[8].completed, lines[8].failed, lines[8].skipped, lines[8].run], [1, 1, 1, 1]);
  assertStringIncludes(stderr, "Build completed in ");
  assertStringIncludes(stderr, "Worker 1: Started task 'a'");
  assert(!stdout.includes(SECRET));
  // a reader who goes, and one that is a program
  rig.write("first", `"$@" --events - -q | head -1`);
  const gone = await rig.spawn("/bin/sh", ["first", Deno.execPath(), "run", "-A", rig.program]).ended;
  assertEquals(kinds(linesOf(gone.stdout)), ["run_started"]);
  assert(!gone.stderr.includes("Cannot write"), gone.stderr);
});

// S6.8
rigTest("--events FILE is a log of a run, a retry, and what comes as it is printed", async (rig) => {
  rig.write("tasks.txt", "a: echo one; exit 1 [retries:1]\nb: true [after:a]\n");
  rig.write("events.jsonl", "of before\n".repeat(1000));
  const ran = await main(rig, ["run", "tasks.txt", "--events", "events.jsonl", "--verbose"]);
  assertEquals(ran.code, 1);
  assertStringIncludes(ran.stdout, "Run completed: 0 passed");
  const lines = linesOf(rig.read("events.jsonl"));
  const attempt = ["task_started a", "task_output a", "task_failed a"];
  assertEquals(kinds(lines), ["run_started", ...attempt, ...attempt, "task_skipped b", "run_ended"]);
  assertEquals(lines.map(({ attempt }) => attempt).filter(Boolean), [1, 1, 1, 2, 2, 2]);
  assertEquals([lines[0].kind, lines[0].file, lines[2].text], ["run", rig.path("tasks.txt"), "one\n"]);
  const retried = await main(rig, ["retry", "last", "--events", "logs/of/again.jsonl", "--json"]);
  assertEquals([retried.code, JSON.parse(retried.stdout).failed], [1, 1]);
  assertEquals(linesOf(rig.read("logs/of/again.jsonl"))[0].retry_of, 1);
});

// S6.8
rigTest("--events and --junit of a member of a crew are about what it does", async (rig) => {
  rig.write("tasks.txt", "a: echo one\nb: false [after:a]\nc: true [after:b]\n");
  const { code, stdout, stderr } = await main(rig, ["join", "tasks.txt", "-j1", "--events", "-", "--junit", "j.xml"]);
  assertEquals(code, 1);
  const lines = linesOf(stdout);
  assertEquals(kinds(lines).slice(0, 5), [
    ...["run_started", "task_started a", "task_completed a", "task_started b", "task_failed b"],
  ]);
  const { event, completed, failed } = lines.at(-1)!;
  assertEquals([event, completed, failed], ["run_ended", 1, 1]);
  assertStringIncludes(stderr, "b: false");
  assertStringIncludes(rig.read("j.xml"), '<testcase classname="tasks" name="b"');
  rig.write("build.json", { tasks: [{ name: "x", output: "x", content: "x" }] });
  assertEquals((await main(rig, ["join", "build.json", "--db", "j.db", "--events", "x.jsonl"])).code, 0);
  const built = linesOf(rig.read("x.jsonl"));
  assertEquals(kinds(built).filter((kind) => kind !== "task_reason x"), [
    ...["run_started", "task_started x", "task_completed x", "run_ended"],
  ]);
});

// S6.8
rigTest("a build in which nothing is to do, and a transaction that is done once more, are told whole", async (rig) => {
  rig.write("build.json", {
    tasks: [{ name: "a", output: "a", content: "a" }, { name: "b", output: "b", command: "exit 1" }],
  });
  assertEquals((await rig.build(["-t", "a", "--no-history"])).code, 0);
  await rig.build(["-t", "a", "--events", "none.jsonl"]);
  const none = linesOf(rig.read("none.jsonl"));
  assertEquals(kinds(none), ["run_started", "task_cached a", "run_ended"]);
  assertEquals([none[1].by, none[2].cached, none[2].run], ["fresh", 1, undefined]);
  await rig.build(["--events", "twice.jsonl", "--transaction", "--fallback", "sequential", "--force", "-j1"]);
  const twice = linesOf(rig.read("twice.jsonl"));
  const ends = twice.filter(({ event }) => event.startsWith("run_"));
  assertEquals(kinds(ends), ["run_started", "run_ended", "run_started", "run_ended"]);
  assert(ends.filter(({ event }) => event === "run_ended").every(({ rolled_back }) => typeof rolled_back === "number"));
});

// S6.8
rigTest("--events is refused in words where it would lose something, before anything is done", async (rig) => {
  rig.write("build.json", {
    tasks: [{ name: "a", output: "a", source_files: ["src/one", "src/*"] }, { name: "b", output: "b", content: "b" }],
  });
  rig.write("src/one", "1");
  rig.write("tasks.txt", "a: true\n");
  const config = rig.read("build.json");
  assertEquals((await rig.spawn("mkfifo", ["fifo"]).ended).code, 0);
  const refused = async (args: readonly string[], ...words: string[]) => {
    const { code, stdout, stderr } = await main(rig, args);
    assertEquals([code, stdout], [2, ""], stderr);
    for (const word of words) assertStringIncludes(stderr, word);
  };
  await refused(["build", "--events", "-", "--json"], "--events - and --json would both write to stdout");
  await refused(["build", "--events", "x", "--dry-run"], "--dry-run does nothing");
  await refused(["build", "--events", "x", "--report", "./x"], "name the same file 'x'");
  await refused(["build", "--events", "build.json"], "The events 'build.json' would replace the build configuration");
  await refused(["build", "--events", "src/one"], "would replace a source of task 'a'");
  await refused(["build", "--events", "a"], "Task 'a' must not overwrite 'a'");
  await refused(["build", "--events", "fifo"], "Cannot write events 'fifo': not a regular file");
  Deno.symlinkSync("tasks.txt", rig.path("link"));
  await refused(["build", "--events", "link"], "Cannot write events 'link': not a regular file");
  await refused(["build", "--events", "src/one/x"], "Cannot write events 'src/one/x': Not a directory");
  await refused(["build", "--events"], "--events needs a value");
  await refused(["run", "tasks.txt", "--events", "tasks.txt"], "would replace the task file");
  await refused(
    ["run", "tasks.txt", "--events", "h.db", "--db", "./h.db"],
    "would replace what troupe itself keeps there",
  );
  for (const input of ["build.json", "tasks.txt"]) {
    for (const flag of ["--events", "--junit", "--report"]) {
      const history = ["--history", "./h.db", flag, "h.db"];
      await refused(["join", input, ...history], "would replace what troupe itself keeps there");
    }
  }
  assertEquals([rig.read("build.json"), rig.read("src/one"), rig.read("tasks.txt")], [config, "1", "a: true\n"]);
  assert(!rig.has("a") && !rig.has("b") && !rig.has("x"));
  // what troupe keeps, whatever is to be written
  assertEquals((await main(rig, ["build", "-t", "b"])).code, 0);
  const kept = [".build_cache.json", "taskrun.db", "h.db"];
  for (const [at, path] of kept.entries()) {
    const flag = ["--events", "--junit", "--report"][at];
    if (path === "h.db") Deno.copyFileSync(rig.path("taskrun.db"), rig.path(path));
    const before = Deno.readFileSync(rig.path(path));
    await refused(
      ["build", flag, path, "--db", path === "h.db" ? path : "taskrun.db"],
      "what troupe itself keeps there",
    );
    assertEquals(Deno.readFileSync(rig.path(path)), before);
  }
  await refused(["run", "tasks.txt", "--report", "taskrun.db"], "what troupe itself keeps there");
  await refused(["join", "tasks.txt", "--events", "tasks.txt"], "would replace the task file");
  await refused(["join", "build.json", "--events", "src/one", "--db", "j.db"], "would replace a source of task 'a'");
  await refused(["join", "build.json", "--events", "j.db", "--db", "j.db"], "what troupe itself keeps there");
  // a source that is a glob does not read them
  assertEquals((await main(rig, ["build", "--events", "src/events"])).code, 0);
  assertEquals(rig.read("a"), "1");
});

// S6.8, S5.5
rigTest("events tell of folders, several outputs and checks with what was made of each", async (rig) => {
  rig.write("build.json", {
    tasks: [
      { name: "lint", outputs: [], command: "true" },
      {
        name: "bundle",
        dependencies: ["lint"],
        outputs: ["dist/", "one"],
        command: 'echo 1 > "$OUT/a"; echo 1 > "$OUT_2"',
      },
      { name: "last", dependencies: ["bundle"], output: "last", content: "x" },
    ],
  });
  for (const kind of ["task_completed", "task_cached"]) {
    const lines = linesOf((await rig.build(["--events", "-"])).stdout);
    assertEquals((lines[0].tasks as Line[]).map(({ artifact, outputs }) => artifact ?? outputs), [
      [],
      ["dist/", "one"],
      "last",
    ]);
    const ends = lines.filter(({ event }) => event === kind);
    const shown = (line: Line) =>
      (line.artifacts as Line[] | undefined)?.map(({ path, kind, size }) => [path, kind, size]);
    assertEquals(ends.map(shown), [[], [["dist", "folder", 2], ["one", "file", 2]], undefined]);
    assertEquals(ends.map(({ sha256 }) => typeof sha256), ["undefined", "undefined", "string"]);
  }
});
