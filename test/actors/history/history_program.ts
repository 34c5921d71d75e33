/**
 * The troupe of history_test.ts: records runs in the database it is given, so many or without end, and prints the
 * number of each once it is on record.
 */
import { History } from "../../../actors/history/history.ts";
import { definition, output } from "./history_samples.ts";

const [path, runs] = Deno.args;
const history = await History.open(path, (sentence) => {
  console.error(sentence);
  Deno.exit(1);
});
const tasks = Array.from({ length: 20 }, (_, i) => definition(`task_${i}`, i === 0 ? [] : [`task_${i - 1}`]));
for (let count = 0; count < Number(runs); count++) {
  const id = await history.begin({ kind: "run", source: "/tasks.txt", folder: "/", tasks, begunMs: performance.now() });
  if (id === undefined) break;
  console.log(id);
  for (let i = 0; i < tasks.length; i++) {
    history.started(id, i);
    await new Promise((resolve) => setTimeout(resolve, 0));
    const status = i % 5 === 4 ? "failed" : "passed";
    history.ended(id, i, { status, exitCode: i % 5 === 4 ? 1 : 0, durationMs: i, output: output("x".repeat(5000)) });
  }
  await history.finish(id);
}
history.close();
