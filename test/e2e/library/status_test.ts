// Where the tasks of a build that goes on stand, read on any thread.
import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { build, type BuildStatus, run, type Status } from "../../../mod.ts";
import { rigTest } from "../../rig.ts";

/** Starts a thread that is told of a build, and tells how two of its tasks stand and how one ends. */
async function readElsewhere(status: BuildStatus): Promise<{ first: Promise<Status[]>; last: Promise<Status> }> {
  const thread = new Worker(new URL("./status_thread.ts", import.meta.url), { type: "module" });
  const said: PromiseWithResolvers<unknown>[] = [Promise.withResolvers(), Promise.withResolvers()];
  let heard = 0;
  thread.onmessage = ({ data }) => said[heard++].resolve(data);
  thread.postMessage(status.shared);
  const [first, last] = said.map(({ promise }) => promise);
  last.then(() => thread.terminate());
  return await Promise.resolve({ first: first as Promise<Status[]>, last: last as Promise<Status> });
}

// S0.22, S0.27, S0.31, S0.33
rigTest("build() and run() tell where their tasks stand while they go on, here and on other threads", async (rig) => {
  const held = rig.hold("held");
  const out = (name: string, more: object) => ({ name, output: name, ...more });
  rig.write("build.json", {
    num_workers: 2,
    tasks: [
      out("first", { command: 'echo > "$OUT"' }),
      out("held", { command: held.command, dependencies: ["first"] }),
      out("bad", { command: "exit 1", dependencies: ["held"] }),
      out("last", { content: "", dependencies: ["bad"] }),
    ],
  });
  rig.write(
    "tasks.txt",
    `first: true\nheld: OUT=/dev/null; ${held.command} [after:first]\nbad: exit 1 [after:held]\nlast: true [after:bad]\n`,
  );
  for (
    const start of [
      (onStatus: (status: BuildStatus) => void) => build(rig.path("build.json"), { onStatus }),
      (onStatus: (status: BuildStatus) => void) =>
        run(rig.path("tasks.txt"), { onStatus, workers: 2, db: rig.path("h.db") }),
    ]
  ) {
    const told = Promise.withResolvers<BuildStatus>();
    const running = start(told.resolve);
    const status = await told.promise;
    assertEquals(status.names, ["first", "held", "bad", "last"]);
    await held.started();
    assertEquals(status.names.map((name) => status.of(name)), ["completed", "running", "pending", "pending"]);
    assertEquals([...status.tasks("running")], ["held"]);
    const { first, last } = await readElsewhere(status);
    assertEquals(await first, ["running", "pending"]);
    held.release();
    assertEquals([await status.settled("held"), await last], ["completed", "skipped"]);
    await running;
    assertEquals(status.counts(), { pending: 0, running: 0, completed: 2, failed: 1, skipped: 1 });
    const { message } = assertThrows(() => status.of("hold"), RangeError);
    assertMatch(message, /^Unknown task 'hold', did you mean 'held'\?$/);
  }
});
