// Members in containers of one host: equal host names, equal process ids, and nobody sees the others' processes.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { CAN_UNSHARE, OWN_NAMESPACE } from "../../containers.ts";
import { type Rig, rigTest, type Running } from "../../rig.ts";
import { until } from "../../faults/rig.ts";
import { stopBetweenWrites } from "../../faults/stopped.ts";
import { MAIN } from "./crew.ts";
import { crewReportOf, startMember, trails } from "./members.ts";

const HEARTBEAT = ["--heartbeat-interval=0.2", "--heartbeat-timeout=20"];

function startInContainer(rig: Rig, args: readonly string[], env: Record<string, string> = {}): Running {
  const [program, ...within] = OWN_NAMESPACE;
  return rig.spawn(program, [...within, Deno.execPath(), "run", "-A", MAIN, "join", ...HEARTBEAT, ...args], { env });
}

// K70
rigTest("two containers share the tasks, and neither takes the other for dead", async (rig) => {
  const held = rig.hold("first");
  rig.write("tasks.txt", [`a: ${held.command}`, "b: true", "c: true", "d: true [after:a]", ""].join("\n"));
  const first = startInContainer(rig, ["tasks.txt", "-j1", "--json"]);
  await held.started();
  const second = startInContainer(rig, ["tasks.txt", "-j1", "--json"]);
  await second.says(/c\b.*PASSED/, "stderr");
  held.release();
  const ends = await Promise.all([first.ended, second.ended]);
  const reports = ends.map(crewReportOf);
  assertEquals(reports.map(({ executed }) => executed).reduce((sum, one) => sum + one), 4);
  assertEquals(Object.values(trails(rig)), Array(4).fill("running completed"));
  const [one, other] = reports.map(({ member }) => member);
  assert(one !== other, "both are process 1 on one host");
  assertEquals(ends.map(({ code }) => code), [0, 0]);
}, { ignore: !CAN_UNSHARE });

// K90
rigTest("a member that is started again waits for what is left of itself, and takes its place", async (rig) => {
  const held = rig.hold("once");
  rig.write("tasks.txt", `a: if test -e again; then exit 0; fi; ${held.command}\n`);
  const args = ["tasks.txt", "--id=slurm-7", "--heartbeat-timeout=1", "--max-killed-retries=3"];
  const first = startInContainer(rig, args);
  await held.started();
  rig.write("again", "");
  first.kill("SIGKILL");
  await first.ended;
  const { code, stderr } = await startMember(rig, args).ended;
  assertEquals(code, 0, stderr);
  assertStringIncludes(stderr, "Waiting up to 1s for a sign of life of worker 'slurm-7' (process 1 on");
  assertEquals(trails(rig).a, "running killed running completed");
}, { ignore: !CAN_UNSHARE });

/** The process that a program which has just said something is in, as this namespace knows it. */
function withinContainer({ pid }: Running): number {
  return Number(Deno.readTextFileSync(`/proc/${pid}/task/${pid}/children`).trim());
}

// K71
rigTest("a member frozen while its command writes never writes into the file of who has taken over", async (rig) => {
  const sleeper = rig.hold("sleeper"), heir = rig.hold("heir");
  const held = ({ command }: typeof heir) => `(OUT=/dev/null; ${command})`;
  // in a file of its own: a variable that the command's text names would be part of what the task is
  rig.write(
    "contested.sh",
    `echo good > "$OUT"
    if [ "$WHO" = sleeper ]; then ${held(sleeper)}; echo torn >> "$OUT"; touch woken; else ${held(heir)}; fi\n`,
  );
  rig.write("build.json", { tasks: [{ name: "contested", output: "made", command: "sh contested.sh" }] });
  const args = ["build.json", "-j1", "--heartbeat-timeout=1.5"];
  const first = startInContainer(rig, [...args, "--id=sleeper"], { WHO: "sleeper" });
  await sleeper.started();
  const frozen = withinContainer(first);
  await stopBetweenWrites(frozen, rig.path("crew.sqlite"));
  const second = startInContainer(rig, [...args, "--id=heir"], { WHO: "heir" });
  await heir.started();
  sleeper.release();
  await until(() => rig.has("woken"), "the command of the one that is frozen has written");
  heir.release();
  const ended = await second.ended;
  assertEquals([ended.code, rig.read("made")], [0, "good\n"], ended.stderr);
  Deno.kill(frozen, "SIGCONT");
  assertEquals([(await first.ended).code, rig.read("made")], [0, "good\n"]);
  assertEquals(rig.files().filter((path) => path.includes(".tmp.")), []);
  assertEquals(trails(rig), { contested: "running killed running completed" });
}, { ignore: !CAN_UNSHARE });
