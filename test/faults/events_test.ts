// What --events comes to where it cannot be written: told once, and nothing else is held up by it.
import { assert, assertEquals } from "@std/assert";
import { canMount, failio, Mount, suffer } from "./faults.ts";
import { Project, said, until } from "./rig.ts";

const TASKS = Array.from({ length: 20 }, (_, i) => ({
  name: `t${i}`,
  output: `out/${i}`,
  command: `seq ${i} 2000; echo > "$OUT"`,
}));

function toldTimes(stderr: string): number {
  return stderr.match(/^Cannot write events '.*'.*; no more are written there$/gm)?.length ?? 0;
}

// S6.8
Deno.test({
  name: "events on a disk that is full: told once, all tasks are done, and the exit code says that they are not whole",
  ignore: !canMount(),
  fn: async () => {
    using project = new Project(TASKS);
    Deno.mkdirSync(project.path("log"));
    using _ = new Mount(project.path("log"), "-t", "tmpfs", "-o", "size=32k", "tmpfs");
    const ended = await project.build({ args: ["--events", project.path("log/events.jsonl")] });
    assertEquals([ended.code, toldTimes(ended.stderr)], [1, 1], said(ended));
    assert(ended.stderr.includes("No space left on device"), said(ended));
    assert(/^Build completed in .*: 20 succeeded, 0 failed, 0 skipped$/m.test(ended.stdout), said(ended));
    const lines = project.read("log/events.jsonl").split("\n");
    assertEquals(JSON.parse(lines[0]).event, "run_started");
  },
});

const library = failio();

// S6.8
Deno.test({
  name: "events that cannot be written from some point on are told once",
  ignore: library === undefined,
  fn: async () => {
    using project = new Project(TASKS.slice(0, 3));
    const path = project.path("events.jsonl");
    const env = suffer({ library: library!, path: "events.jsonl", at: 3, deed: "EIO" });
    const ended = await project.build({ args: ["--events", path], env });
    assertEquals([ended.code, toldTimes(ended.stderr)], [1, 1], said(ended));
    assert(/: 3 succeeded, 0 failed, 0 skipped$/m.test(ended.stdout), said(ended));
  },
});

// S6.8
Deno.test("events on a stdout that nobody reads: time limits hold, and all are there when it is read at last", async () => {
  using project = new Project([
    { name: "loud", output: "loud", command: "seq 1 40000; exit 1" },
    { name: "late", output: "late", command: "echo > late.pid; exec sleep 1000", timeout: 1 },
  ]);
  const running = new Deno.Command("/bin/sh", {
    args: [
      "-c",
      `"$@" --events - | { while ! test -e read; do sleep 0.05; done; cat; }`,
      ...["sh", Deno.execPath(), "run", "-A", new URL("../../build.ts", import.meta.url).pathname, "build.json"],
    ],
    cwd: project.folder,
    env: { TMPDIR: project.temp },
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const output = new Response(running.stdout).text();
  try {
    await until(() => project.has("taskrun.db") && project.has("late.pid"), "it has begun");
  } finally {
    project.write("read", "");
  }
  const lines = (await output).trimEnd().split("\n").map((line) => JSON.parse(line));
  await running.status;
  assertEquals(lines.at(-1).event, "run_ended");
  const failed = lines.filter(({ event }) => event === "task_failed").map(({ task, reason }) => `${task} ${reason}`);
  assertEquals(failed.sort(), ["late timeout", "loud exit"]);
  const loud = lines.find(({ event, task }) => event === "task_failed" && task === "loud");
  assert(loud.output.stdout.text.endsWith("39999\n40000\n"));
});
