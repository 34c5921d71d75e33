// The frames of the live display as text; what a terminal makes of them is in test/e2e/terminal_test.ts.
import { assert, assertEquals } from "@std/assert";
import { stripAnsiCode } from "@std/fmt/colors";
import { frame, type LiveState, paint } from "../../actors/live_view.ts";

const NOW = 10_000;

function state(
  tasks: Record<number, string>,
  counts: { total?: number; done?: number; failed?: number } = {},
): LiveState {
  const { total = 8, done = 0, failed = 0 } = counts;
  const busy = new Map(Object.entries(tasks).map(([worker, task]) => [Number(worker), { task, since: NOW - 1250 }]));
  return { total, done: () => done, failed: () => failed, busy };
}

/** A frame without its colours. */
function plain(shown: LiveState, columns = 80, rows = 24): string[] {
  return frame(shown, NOW, { columns, rows }).map(stripAnsiCode);
}

// S0.58
Deno.test("frame() has a line for each busy worker, by id, with its task and how long it has had it", () => {
  assertEquals(plain(state({ 12: "link", 2: "compile" })), [
    "   2 compile 1.3s",
    "  12 link 1.3s",
    "━━━━━━━━━━━━━━━━━━━━━━━━ 0/8 tasks, 2 running",
  ]);
});

Deno.test("frame() counts what is done, and failures when there are any", () => {
  assertEquals(plain(state({}, { total: 8, done: 4 })), ["━━━━━━━━━━━━━━━━━━━━━━━━ 4/8 tasks, 0 running"]);
  assertEquals(
    plain(state({}, { done: 8, failed: 2 })).at(-1),
    "━━━━━━━━━━━━━━━━━━━━━━━━ 8/8 tasks, 0 running, 2 failed",
  );
  assertEquals(plain(state({}, { total: 0 })).length, 1);
});

Deno.test("frame() is never higher than the screen, nor its names wider", () => {
  const tasks = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [i + 1, `task ${"x".repeat(100)}`]));
  for (const rows of [3, 5, 10, 24, 100]) {
    for (const columns of [40, 80, 120]) {
      const lines = plain(state(tasks), columns, rows);
      assert(lines.length < rows, `${lines.length} lines on ${rows}`);
      for (const line of lines.slice(0, -1)) assert(line.length < columns, line);
    }
  }
  assertEquals(plain(state(tasks), 80, 10).at(-2), "     and 13 more");
});

Deno.test("frame() does with a screen of no size", () => {
  assert(plain(state({ 1: "a", 2: "b" }), 0, 0).length <= 2);
});

Deno.test({
  name: "paint() colours by tone, and leaves plain text alone",
  ignore: Deno.noColor, // the colours of @std know that by themselves
  fn() {
    assertEquals(paint("x", "plain"), "x");
    for (const tone of ["good", "bad", "dim"] as const) {
      assert(paint("x", tone) !== "x");
      assertEquals(stripAnsiCode(paint("x", tone)), "x");
    }
  },
});
