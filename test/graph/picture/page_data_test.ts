// What a page is told of a run, what of that changes, and how output is shown on it.
import { assert, assertEquals } from "@std/assert";
import { logText, plainLog } from "../../../graph/picture/log_text.ts";
import { changeSince, PAGE_LOOKS, pageChange } from "../../../graph/picture/page_data.ts";
import type { PicturedAttempt, PicturedTask, RunPicture } from "../../../graph/picture/run_picture.ts";
import type { Standing } from "../../../graph/picture/standing.ts";

const START = 1_700_000_000_000_000;

function taskOf(name: string, standing: Standing, dependencies: string[] = []): PicturedTask {
  const startedUs = standing === "running" ? START + 2_000_000 : null;
  return {
    ...{ name, command: "", dependencies, standing, attempts: 1, maxAttempts: 2, startedUs },
    ...{ exitCode: null, signal: null, error: standing === "failed" ? "Exit 1" : null },
  };
}

function attemptOf(task: number, more: Partial<PicturedAttempt> = {}): PicturedAttempt {
  return {
    ...{ task, attempt: 1, startedUs: START + 1_000_000, endedUs: START + 1_500_000, worker: 2, host: "here" },
    ...{ outcome: "passed", reason: "new", fingerprint: null, cpuUs: null, memory: null, ...more },
  };
}

function pictureOf(tasks: PicturedTask[], attempts: PicturedAttempt[], isOver = false): RunPicture {
  const run = { id: 3, kind: "build", source: "/p/build.json", startedUs: START, asked: null } as const;
  return {
    run: { ...run, endedUs: isOver ? START + 4_000_000 : null, state: isOver ? "finished" : "running" },
    tasks,
    attempts,
  };
}

// S6.13
Deno.test("a page is told of each task when, how long and where, and of a run that goes on up to now", () => {
  const going = pictureOf([taskOf("a", "passed"), taskOf("b", "running", ["a"])], [attemptOf(0)]);
  const change = pageChange(going, START + 3_000_000);
  assertEquals(change.run, {
    ...{ id: 3, what: "build", source: "/p/build.json", started: START / 1000, tookMs: 3000, state: "running" },
  });
  assertEquals(change.states, "pr");
  assertEquals(change.rows, [
    [0, [1000, 500, 1, 2, "worker 2", "new", ""]],
    [1, [2000, -1, 1, 2, "", "", ""]],
  ]);
  assertEquals([change.bars, change.workers, change.critical], [[[0, 0, 1000, 500, "p"]], ["worker 2"], [0]]);
});

// S6.13
Deno.test("only what has become otherwise is told again", () => {
  const tasks = [taskOf("a", "passed"), taskOf("b", "pending")];
  const before = pageChange(pictureOf(tasks, [attemptOf(0)]), START);
  assertEquals(changeSince(before, pageChange(pictureOf(tasks, [attemptOf(0)]), START + 9_000_000)), undefined);
  // Of a task that is skipped nothing else is otherwise.
  const skipped = changeSince(before, pageChange(pictureOf([tasks[0], taskOf("b", "skipped")], [attemptOf(0)]), START));
  assertEquals([skipped?.states, skipped?.rows], ["ps", []]);
  const failed = pictureOf([tasks[0], taskOf("b", "failed")], [attemptOf(0), attemptOf(1, { outcome: "failed" })]);
  const change = changeSince(before, pageChange(failed, START));
  assertEquals(change?.rows, [[1, [1000, 500, 1, 2, "worker 2", "new", "Exit 1"]]]);
  assertEquals(change?.bars.length, 2);
  const over = changeSince(before, pageChange(pictureOf(tasks, [attemptOf(0)], true), START));
  assertEquals(over?.run?.state, "finished");
});

// S6.13
Deno.test("no two standings look alike", () => {
  for (const at of [0, 1, 2] as const) {
    const looks = PAGE_LOOKS.map((look) => look[at]);
    // What was ended before its time looks the same, whoever ended it.
    const alike = at === 1 ? 1 : 0;
    assertEquals(new Set(looks).size, looks.length - alike);
  }
});

// S6.13
Deno.test("output is shown as a terminal would have left it, of very much the head and the tail, in little time", () => {
  assertEquals(plainLog("10 %\r50 %\rdone\r\n\x1b[1mbold\x1b[0m \x1b]0;title\x07x\n"), "done\nbold x\n");
  const bytes = new TextEncoder().encode("a".repeat(100) + "z".repeat(100));
  assertEquals(logText(bytes, 40), { text: `${"a".repeat(10)}\n[… 160 bytes …]\n${"z".repeat(30)}`, left: 160 });
  assertEquals(logText(bytes, 200).left, 0);
  assertEquals(logText(null, 10), { text: "", left: 0 });
  const long = new TextEncoder().encode("x".repeat(5_000_000));
  assert(logText(long, 5_000_000).text.length === 5_000_000);
});
