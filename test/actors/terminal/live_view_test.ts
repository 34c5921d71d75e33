// The frames of the live display as text; what a terminal makes of them is in test/e2e/terminal_test.ts.
import { assert, assertEquals } from "@std/assert";
import { stripAnsiCode } from "@std/fmt/colors";
import stringWidth from "string-width";
import { frame, type LiveState, paint } from "../../../actors/terminal/live_view.ts";
import { StatusTable } from "../../../actors/worker/status_table.ts";

const NOW = 10_000;

function state(
  tasks: Record<string, number>,
  counts: Partial<Record<"total" | "done" | "failed" | "cached", number>> = {},
  usual: Record<string, number> = {},
): LiveState {
  const { total = 8, done = 0, failed = 0, cached = 0 } = counts;
  const busy = new Map(
    Object.entries(tasks).map(([task, forMs], at) => [at + 1, { task, index: at, since: NOW - forMs }]),
  );
  const table = new StatusTable(Math.max(total, busy.size + done));
  for (const { index } of busy.values()) table.change(index, "pending", "running");
  for (let at = 1; at <= done; at++) table.change(table.size - at, "pending", at <= failed ? "failed" : "completed");
  return { table, cached: () => cached, busy, usualMs: (task) => usual[task] };
}

/** A frame without its colours. */
function plain(
  shown: LiveState,
  { columns = 80, rows = 24, leftMs }: { columns?: number; rows?: number; leftMs?: number } = {},
): string[] {
  return frame(shown, NOW, { columns, rows }, leftMs).map(stripAnsiCode);
}

// S0.58, S6.5
Deno.test("frame() has what runs, the slowest first, with how long it has and how long it usually takes", () => {
  const shown = state({ link: 1250, compile: 62_000, lint: 20 }, {}, { compile: 4000, lint: 30 });
  assertEquals(plain(shown), [
    "▸ compile 1m02s (usually 4.0s)  ▸ link 1.3s  ▸ lint 0.02s (usually 0.03s)",
    "──────────────────── 0/8",
  ]);
});

// S6.5
Deno.test("frame() counts what is done, what failed, what was cached, and tells the time left where it is known", () => {
  assertEquals(plain(state({}, { done: 4 })), ["━━━━━━━━━━────────── 4/8"]);
  assertEquals(plain(state({}, { done: 7, failed: 2, cached: 3 }), { leftMs: 11_200 }), [
    "━━━━━━━━━━━━━━━━━─── 7/8  ✗2  3 cached  ~12s",
  ]);
  assertEquals(plain(state({}, { done: 8 }), { leftMs: 0 }), ["━━━━━━━━━━━━━━━━━━━━ 8/8"]);
  assertEquals(plain(state({}, { total: 0 })), ["━━━━━━━━━━━━━━━━━━━━ 0/0"]);
});

// S0.22, S0.33
Deno.test("frame() shows how tasks stand in the status table at that moment, whatever else was heard of them", () => {
  const shown = state({ compile: 1000, link: 1000 });
  const table = new StatusTable((shown.table as StatusTable).buffer); // as a worker has it
  table.change(0, "running", "failed");
  table.change(5, "pending", "skipped");
  assertEquals(plain(shown), ["▸ link 1.0s", "━━━━━─────────────── 2/8  ✗1"]);
});

// S6.5
Deno.test("frame() never asks for more than the window has, and says how many do not fit", () => {
  for (const name of ["t", "task ".repeat(30), "名前".repeat(20), "👩‍👩‍👧".repeat(30)]) {
    for (const count of [1, 3, 100, 1000]) {
      const tasks = Object.fromEntries(Array.from({ length: count }, (_, i) => [`${i} ${name}`, 1000 * i]));
      for (const [columns, rows] of [[40, 10], [80, 24], [200, 50], [12, 3], [1, 1]]) {
        const lines = plain(state(tasks, { total: 2 * count, done: count, failed: 1 }), {
          columns,
          rows,
          leftMs: 5000,
        });
        assert(lines.length < Math.max(rows, 2), `${lines.length} lines on ${rows}`);
        if (columns < 12) continue;
        for (const line of lines) assert(stringWidth(line) < columns, `${stringWidth(line)} of ${columns}: ${line}`);
        const named = lines.join("").match(/▸/g)?.length ?? 0;
        const more = Number(/\+(\d+)$/.exec(lines.at(-2) ?? "")?.[1] ?? 0);
        if (rows > 3) assertEquals(named + more, count, `${columns}×${rows} ${lines.join("|")}`);
      }
    }
  }
});

Deno.test("frame() shows control characters in names as text", () => {
  assertEquals(plain(state({ "a\x1b[2Jb\n": 1000 }))[0], "▸ a\\u001b[2Jb\\n 1.0s");
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
