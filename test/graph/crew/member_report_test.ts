import { assertEquals } from "@std/assert";
import { crewReport, memberLine, workflowLine } from "../../../graph/crew/member_report.ts";

const NONE = { waiting: 0, ready: 0, running: 0, completed: 0, failed: 0, killed: 0, abandoned: 0, blocked: 0 };

function reportOf(counts: Partial<typeof NONE>, totalTasks: number | null = null) {
  const all = { ...NONE, ...counts };
  const discoveredTasks = Object.values(all).reduce((sum, count) => sum + count);
  return crewReport({
    identifier: "ann",
    counts: { executed: 3, hits: 2, failed: 1 },
    workflow: { name: "main", totalTasks, discoveredTasks, counts: all },
  });
}

Deno.test("crewReport() counts what did not make it, and what may yet be done", () => {
  const counts = { waiting: 1, ready: 2, running: 3, completed: 4, failed: 5, killed: 6, abandoned: 7, blocked: 8 };
  const { tasks, ...report } = reportOf(counts);
  assertEquals(tasks, counts);
  assertEquals(report, {
    member: "ann",
    executed: 3,
    cache_hits: 2,
    failed: 1,
    workflow: "main",
    total_tasks: 36,
    unsuccessful: 26,
    remaining: 6,
  });
});

Deno.test("crewReport() takes tasks that nobody has registered yet for such that may be done", () => {
  const { total_tasks, remaining, unsuccessful } = reportOf({ completed: 4 }, 10);
  assertEquals([total_tasks, remaining, unsuccessful], [10, 6, 0]);
});

Deno.test("crewReport() counts all that there are where more are known than there should be", () => {
  const { total_tasks, remaining } = reportOf({ completed: 4 }, 3);
  assertEquals([total_tasks, remaining], [4, 0]);
});

Deno.test("memberLine() and workflowLine() say what was done, and only what stands in the way of the rest", () => {
  assertEquals(memberLine(reportOf({})), "Member 'ann': 3 tasks done, 2 cache hits, 1 failed");
  assertEquals(workflowLine(reportOf({})), "Crew: 0 of 0 tasks completed");
  assertEquals(workflowLine(reportOf({ completed: 5 })), "Crew: 5 of 5 tasks completed");
  assertEquals(workflowLine(reportOf({ completed: 1, ready: 1 })), "Crew: 1 of 2 tasks completed, 1 to do");
  assertEquals(
    workflowLine(reportOf({ completed: 1, failed: 1, killed: 1, abandoned: 1, blocked: 2, waiting: 4 })),
    "Crew: 1 of 10 tasks completed, 3 failed, 2 blocked, 4 to do",
  );
});
