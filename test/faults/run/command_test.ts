// What commands do to the run they are in: spawns that fail, odd output, too much of it, and pipes that stay open.
import { assert, assertEquals, assertLess, assertMatch, assertStringIncludes } from "@std/assert";
import { lives, said } from "../rig.ts";
import { outcomes, TaskProject } from "./rig.ts";

// S2.10
Deno.test("a folder that is gone fails the tasks in it, says why, and troupe goes on", async () => {
  using project = new TaskProject("");
  project.database = `${project.temp}/taskrun.db`;
  project.write("gone/tasks.txt", "remove: rm -rf ../gone\nlost: echo lost; : [after:remove]\nnever: : [after:lost]\n");
  const ended = await project.start(["run", project.path("gone/tasks.txt")]).ended;
  assertEquals([ended.code, outcomes(ended)], [1, { remove: "PASSED", lost: "FAILED", never: "SKIPPED" }], said(ended));
  const why = `Cannot start command: folder '${project.path("gone")}' does not exist`;
  assertEquals(ended.stderr, `lost: ${why}\n`);
  assertEquals(project.rows("select status, exit_code, error, stdout from tasks where name = 'lost'"), [
    { status: "failed", exit_code: null, error: why, stdout: null },
  ]);
  const retried = await project.start(["retry", "1"]).ended;
  assertEquals([retried.code, outcomes(retried)], [1, { lost: "FAILED", never: "SKIPPED" }]);
});

// S2.10
Deno.test("a command too long for the system is that task's failure", async () => {
  using project = new TaskProject(`long: echo ${"x".repeat(200_000)}; :\nother: true\n`);
  const ended = await project.run();
  assertEquals([ended.code, outcomes(ended)], [1, { long: "FAILED", other: "PASSED" }]);
  assertEquals(ended.stderr, "long: Cannot start command: argument list too long\n");
});

// S2.6
Deno.test("commands that are no programs, and those that a signal ended, are failures like others", async () => {
  using project = new TaskProject("none: no-such-program\nkilled: kill -9 $$\nlast: exit 255\n");
  const ended = await project.run({ args: ["--jobs", "1"] });
  assertEquals([ended.code, outcomes(ended)], [1, { none: "FAILED", killed: "FAILED", last: "FAILED" }]);
  assertMatch(ended.stderr, /no-such-program.*not found/);
  assertStringIncludes(ended.stderr, "killed: Command was ended by signal SIGKILL\n");
  assertEquals(project.rows("select name, exit_code from tasks order by name"), [
    { name: "killed", exit_code: null },
    { name: "last", exit_code: 255 },
    { name: "none", exit_code: 127 },
  ]);
});

// S2.6, S2.9
Deno.test("a command that closes its output early goes on to its end", async () => {
  using project = new TaskProject(
    "a: echo out; echo err >&2; exec >&- 2>&-; sleep 0.2; echo done > file\nb: true [after:a]\n",
  );
  const ended = await project.run();
  assertEquals([ended.code, outcomes(ended)], [0, { a: "PASSED", b: "PASSED" }], said(ended));
  assertEquals(project.read("file"), "done\n");
  assertEquals(project.rows("select stdout, stderr from tasks where name = 'a'"), [{
    stdout: "out\n",
    stderr: "err\n",
  }]);
});

// S2.9
Deno.test("a process left behind with the pipes in its hand does not hold up the run", async () => {
  using project = new TaskProject(
    `same_group: sleep 1000 & echo $! >> pids; echo said
     own_group: setsid sleep 1000 & echo $! >> pids; echo said
     next: true [after:same_group,own_group]`,
  );
  try {
    const begun = performance.now();
    const ended = await project.run({ args: ["--timeout", "30"] });
    assertEquals([ended.code, outcomes(ended)], [0, { same_group: "PASSED", own_group: "PASSED", next: "PASSED" }]);
    assertLess(performance.now() - begun, 20_000);
    assertEquals(project.rows("select stdout from tasks where stdout <> ''"), [{ stdout: "said\n" }, {
      stdout: "said\n",
    }]);
  } finally {
    for (const pid of project.read("pids").trim().split("\n").map(Number)) if (lives(pid)) Deno.kill(pid, "SIGKILL");
  }
});

// S2.6
Deno.test("bytes that are no text are stored as they are, and shown with what can be read of them", async () => {
  const bytes = Uint8Array.from({ length: 512 }, (_, i) => i);
  using project = new TaskProject(
    "binary: cat bytes\ninvalid: printf 'caf\\351\\n'; printf '\\303' >&2\ntext: printf 'grün'\n",
  );
  project.write("bytes", bytes);
  const ended = await project.run({ args: ["--verbose"] });
  assertEquals(ended.code, 0, said(ended));
  const stored = (name: string) => project.rows(`select stdout, stderr from tasks where name = '${name}'`)[0];
  assertEquals(stored("binary").stdout, bytes);
  assertEquals(stored("invalid"), {
    stdout: new Uint8Array([99, 97, 102, 233, 10]),
    stderr: new Uint8Array([195]),
  });
  assertEquals(stored("text").stdout, "grün");
  assertStringIncludes(
    await project.look("show", "1", "--task", "invalid"),
    "--- stdout ---\ncaf�\n\n--- stderr ---\n�\n",
  );
  assertStringIncludes(await project.look("show", "1", "--task", "text"), "--- stdout ---\ngrün\n");
  const { stdout } = JSON.parse(await project.look("show", "1", "--task", "binary", "--json"));
  assertEquals(stdout.slice(0, 128), new TextDecoder().decode(bytes.slice(0, 128)));
});

for (const flags of [[], ["--verbose"]]) {
  // S2.9
  Deno.test({
    name: `a task that prints 200 MB costs no memory${
      flags.length > 0 ? ", also when it is shown to a slow reader" : ""
    }`,
    ignore: Deno.build.os !== "linux",
    fn: async () => {
      using project = new TaskProject(
        `large: yes 'a line of many' | head -c 200000000; yes e | head -c 3000000 >&2
         peak: grep VmHWM "/proc/$PPID/status" > peak [after:large]`,
      );
      // The reader tells how far it is, since a program that says nothing counts as hanging.
      const slowly = 'cd "$0" && { "$@"; echo $? > code; } | dd bs=4096 of=seen status=progress 2>&1';
      const ended = await project.startRun({
        args: [...flags, "--timeout", "600"],
        through: ["/bin/sh", "-c", slowly, project.folder],
      }).ended;
      const last = flags.length > 0
        ? ""
        : `[the last 40 lines; more: troupe show 1 --task large --db ${project.database}]\n`;
      const lines = flags.length > 0 ? "" : "e\n".repeat(40);
      assertEquals([ended.stderr, project.read("code")], [last + lines, "0\n"], said(ended).slice(0, 2000));
      const peak = Number(/\d+/.exec(project.read("peak"))?.[0]) / 1024;
      // Twice 50 MB of buffers may wait for V8's collector; a copy of what was printed would be 200 MB more.
      assertLess(peak, 270, "MB");
      const [{ out, err, mark }] = project.rows(
        "select length(stdout) out, length(stderr) err, substr(stdout, 524289, 24) mark from tasks where name = 'large'",
      );
      const kept = 1024 * 1024;
      assertEquals(mark, `\n[${200_000_000 - kept} bytes dropped]\n`.slice(0, 24));
      assert(Number(out) < kept + 100 && Number(err) < kept + 100 && Number(err) > kept, `${out} ${err}`);
      if (flags.length > 0) assert(Deno.statSync(project.path("seen")).size > 203_000_000);
    },
  });
}
