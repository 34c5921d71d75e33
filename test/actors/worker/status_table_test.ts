import { assert, assertEquals, assertThrows } from "@std/assert";
import { StatusTable } from "../../../actors/worker/status_table.ts";
import { STATUSES } from "../../../graph/schedule/event.ts";
import type { Errand, Findings } from "./status_table_worker.ts";

// `deno test` checks the types of a worker for each one anew, unless one before it has done so.
await together(new StatusTable(1), ["change all"]);

/** Runs one thread an errand, all over the same table, all starting at once. */
async function together(
  table: StatusTable,
  kinds: Errand["kind"][],
  data = new SharedArrayBuffer(4 * table.size),
): Promise<Findings[]> {
  const gate = new SharedArrayBuffer(4);
  new Int32Array(gate)[0] = kinds.length;
  return await Promise.all(kinds.map(async (kind) => {
    const thread = new Worker(new URL("./status_table_worker.ts", import.meta.url), { type: "module" });
    try {
      return await new Promise<Findings>((resolve, reject) => {
        thread.onmessage = ({ data }) => resolve(data);
        thread.onerror = (event) => {
          event.preventDefault();
          reject(new Error(event.message));
        };
        thread.postMessage({ kind, table: table.buffer, gate, data } satisfies Errand);
      });
    } finally {
      thread.terminate();
    }
  }));
}

// S0.27
Deno.test("StatusTable has five words, and begins with pending", () => {
  assertEquals([...STATUSES], ["pending", "running", "completed", "failed", "skipped"]);
  const table = new StatusTable(3);
  assertEquals([table.size, table.read(0), table.read(2)], [3, "pending", "pending"]);
});

// S0.28
Deno.test("StatusTable allows eight changes and throws for every other", () => {
  const legal = new Set([
    "pending running",
    "pending completed",
    "pending failed",
    "pending skipped",
    "running completed",
    "running failed",
    "running skipped",
    "running pending",
  ]);
  for (const from of STATUSES) {
    for (const to of STATUSES) {
      const table = new StatusTable(1);
      new Int32Array(table.buffer)[0] = STATUSES.indexOf(from);
      if (legal.has(`${from} ${to}`)) {
        assert(table.change(0, from, to));
        assertEquals(table.read(0), to);
      } else {
        assertThrows(() => table.change(0, from, to), Error, `Bug: task 0 cannot go from ${from} to ${to}`);
        assertEquals(table.read(0), from);
      }
    }
  }
});

// S0.30
Deno.test("StatusTable changes a word only from the one that is expected", () => {
  const table = new StatusTable(2);
  assert(table.change(1, "pending", "running"));
  assert(!table.change(1, "pending", "running"));
  assert(!table.change(1, "pending", "skipped"));
  assertEquals([table.read(0), table.read(1)], ["pending", "running"]);
  assertEquals(new StatusTable(table.buffer).read(1), "running");
});

// S0.29, S0.30
Deno.test("StatusTable lets exactly one of eight threads start each task", async () => {
  const table = new StatusTable(20_000);
  const findings = await together(table, new Array(8).fill("start all"));
  assertEquals(findings.flatMap(({ wrong }) => wrong), []);
  const won = findings.flatMap((thread) => thread.won).sort((a, b) => a - b);
  assertEquals(won, Array.from({ length: table.size }, (_, task) => task));
});

// S0.30
Deno.test("StatusTable never lets two of four threads have the same task at once", async () => {
  const table = new StatusTable(1);
  const data = new SharedArrayBuffer(4);
  const findings = await together(table, new Array(4).fill("take turns"), data);
  assertEquals(findings.flatMap(({ wrong }) => wrong).slice(0, 3), []);
  assertEquals(new Int32Array(data)[0], findings.reduce((turns, { won }) => turns + won[0], 0));
});

// S0.28, S0.31, S0.33
Deno.test("StatusTable shows readers on other threads only legal words in legal order over 10 000 changes", async () => {
  const table = new StatusTable(5000);
  const findings = await together(table, ["change all", "read all", "read all", "read all"]);
  assertEquals(findings.flatMap(({ wrong }) => wrong), []);
  for (let task = 0; task < table.size; task++) assertEquals(table.read(task), task % 7 === 0 ? "failed" : "completed");
});

// S0.22, S0.31
Deno.test("StatusTable.settled() resolves when another thread settles the task", async () => {
  const table = new StatusTable(2000);
  const tasks = Array.from({ length: table.size }, (_, task) => task);
  const settled = Promise.all(tasks.map((task) => table.settled(task)));
  await together(table, ["change all"]);
  assertEquals(await settled, tasks.map((task) => task % 7 === 0 ? "failed" : "completed"));
});

// S0.22
Deno.test("StatusTable.settled() answers at once for a settled task, and sleeps through a retry", async () => {
  const table = new StatusTable(2);
  table.change(0, "pending", "skipped");
  assertEquals(await table.settled(0), "skipped");
  const alive = setInterval(() => {}, 1000);
  const settled = table.settled(1);
  for (const [from, to] of [["pending", "running"], ["running", "pending"], ["pending", "running"]] as const) {
    table.change(1, from, to);
  }
  await Promise.resolve();
  table.change(1, "running", "failed");
  assertEquals(await settled, "failed");
  clearInterval(alive);
});
