/**
 * Owns a program that has a pool of eight workers for a moment, and tells of its threads: when all are ready, and once the
 * pool is closed. The process is its own, since the tests of other files have threads in theirs.
 *
 * @module
 */
import { WorkerPool } from "../../../actors/engine/worker_pool.ts";
import { StatusTable } from "../../../actors/worker/status_table.ts";

/** How many threads of this process are workers, as Linux names them. */
function threads(): number {
  return [...Deno.readDirSync("/proc/self/task")].filter(({ name }) => {
    try {
      return Deno.readTextFileSync(`/proc/self/task/${name}/comm`).startsWith("worker-");
    } catch {
      return false; // it has just ended
    }
  }).length;
}

const SIZE = 8;
const ready: number[] = [];
const all = Promise.withResolvers<void>();
const pool = new WorkerPool({
  size: SIZE,
  table: new StatusTable(1).buffer,
  folder: Deno.cwd(),
  onWarning: (sentence) => console.error(sentence),
  onReport: (report) => {
    if (report.kind === "worker" && report.message.kind === "ready") ready.push(report.worker);
    if (ready.length === SIZE) all.resolve();
  },
});
pool.start();
pool.want(SIZE);
await all.promise;
const started = threads();
await pool.close();
// The system lets go of an ended thread a moment later.
while (threads() > 0) await new Promise((resolve) => setTimeout(resolve, 1));
console.log(JSON.stringify({ ready: ready.sort(), started, left: threads() }));
