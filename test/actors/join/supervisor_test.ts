import { assertEquals } from "@std/assert";
import { runMembers } from "../../../actors/join/supervisor.ts";
import { Reporter } from "../../../actors/terminal/reporter.ts";
import { StopListener } from "../../../actors/process/stop_listener.ts";

const SHELL = "/bin/sh";

/** What is needed to run members, with the process ids of those that died. */
function setting() {
  const dead: number[] = [];
  const onDeath = (pid: number) => Promise.resolve(void dead.push(pid));
  return { dead, reporter: new Reporter({ lines: "none" }), stop: new StopListener(), onDeath };
}

Deno.test("runMembers() waits for all, and tells of those that could not end in good order", async () => {
  const { dead, ...given } = setting();
  using _ = given.stop;
  const ends = await runMembers([
    { program: SHELL, args: ["-c", "exit 3"] },
    { program: SHELL, args: ["-c", "kill -KILL $$"] },
    { program: SHELL, args: ["-c", "true"] },
  ], given);
  assertEquals(ends!.map(({ code, signal }) => [code, signal]), [[3, null], [137, "SIGKILL"], [0, null]]);
  assertEquals(dead, [ends![1].pid]);
});

Deno.test("runMembers() ends those it has started when another cannot be", async () => {
  const { dead, ...given } = setting();
  using _ = given.stop;
  const commands = [{ program: "/bin/sleep", args: ["1000"] }, { program: "/no/such/program", args: [] }];
  assertEquals(await runMembers(commands, given), undefined);
  assertEquals(dead.length, 1);
});

Deno.test("runMembers() starts nobody once it is to end", async () => {
  const { dead, ...given } = setting();
  using stop = given.stop;
  stop.signal = "SIGTERM";
  assertEquals(await runMembers([{ program: SHELL, args: ["-c", "true"] }], given), []);
  assertEquals(dead, []);
});
