// K86: what a failed task of a crew printed is kept in the database.
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { rigTest } from "../../rig.ts";
import { member } from "./members.ts";

rigTest("status shows the last lines of a failed task, and show reads all that was kept", async (rig) => {
  const noisy =
    "seq 1 300000; echo done; echo 'one' >&2; echo 'two' >&2; echo '\x1b[31mthree' >&2; echo four >&2; exit 3";
  rig.write("tasks.txt", `good: echo fine\nnoisy: ${noisy}\nout: echo only here; exit 1\n`);
  const joined = await member(rig, "tasks.txt", "--id=m1");
  assertEquals(joined.code, 1);
  // K27
  assertStringIncludes(joined.stderr, "[the last 40 lines; more: troupe show --task noisy --db crew.sqlite]\n299962\n");
  const troupe = async (...args: string[]) => {
    const { code, stdout, stderr } = await rig.ask(args);
    return { code, stdout, stderr };
  };
  const { stdout } = await troupe("status");
  assertStringIncludes(
    stdout,
    "  noisy failed: Command failed with exit code 3\n    | two\n    | \\u001b[31mthree\n    | four\n",
  );
  assertStringIncludes(stdout, "\n    | only here\n");
  const { failed } = JSON.parse((await troupe("status", "--json")).stdout);
  assertEquals(failed[1].last_lines, ["only here"]);
  const shown = await troupe("show", "--db", "crew.sqlite", "--task", "noisy");
  assertEquals(shown.code, 0);
  assertMatch(
    shown.stdout,
    /^Task: noisy\nStatus: failed\n {2}running by m1\n {2}failed by m1: .*exit code 3.*\n\n--- stdout ---\n1\n2\n/,
  );
  assertMatch(shown.stdout, /\n\[\d+ bytes dropped\]\n[^]*\n300000\ndone\n\n--- stderr ---\none\ntwo\n/);
  assertEquals(shown.stdout.match(/bytes dropped/g)?.length, 1);
  const report = JSON.parse((await troupe("show", "--db", "crew.sqlite", "-t", "out", "--json")).stdout);
  assertEquals([report.state, report.stdout, report.stderr], ["failed", "only here\n", ""]);
  assertEquals(await troupe("show", "--db", "crew.sqlite", "-t", "nosy"), {
    ...{ code: 2, stdout: "", stderr: "Task 'nosy' not found in 'crew.sqlite', did you mean 'noisy'?\n" },
  });
  assertMatch((await troupe("show", "--db", "crew.sqlite")).stderr, /^'crew.sqlite' is a crew's database: name a task/);
});
