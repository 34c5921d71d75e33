// What troupe does while nobody reads what it says: a stopped terminal, a pipe whose reader is busy.
import { assert, assertEquals } from "@std/assert";
import { dirname, fromFileUrl } from "@std/path";
import { lives, NO_CI, Project, until } from "./rig.ts";

const PROGRAM = `${dirname(dirname(dirname(fromFileUrl(import.meta.url))))}/main.ts`;

/** Starts troupe with a stdout that nobody reads. */
function startUnread(project: Project, args: readonly string[], env: Record<string, string> = {}): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", PROGRAM, ...args],
    cwd: project.folder,
    env: { ...NO_CI, TMPDIR: project.temp, ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
}

async function pidIn(project: Project, name: string): Promise<number> {
  await until(() => project.has(name) && project.read(name).endsWith("\n"), `${name} is there`);
  return Number(project.read(name));
}

// K20, K21
for (const spawn of ["posix", "portable"]) {
  Deno.test(`time limits hold and signals are heard while nobody reads what troupe says (${spawn})`, async () => {
    using project = new Project();
    project.write(
      "tasks.txt",
      "loud: echo $$ > loud; (yes a & yes b >&2; wait) [timeout:1]\nquiet: echo $$ > quiet; exec sleep 1000\n",
    );
    const child = startUnread(project, ["run", "tasks.txt", "-v", "-j2"], { TROUPE_SPAWN: spawn });
    try {
      const loud = await pidIn(project, "loud"), quiet = await pidIn(project, "quiet");
      await until(() => !lives(loud), "its time is up");
      assert(lives(quiet));
      child.kill("SIGINT");
      await until(() => !lives(quiet), "the signal was heard");
      child.kill("SIGINT");
      const { code } = await child.status;
      assertEquals(code, 130);
    } finally {
      if (lives(child.pid)) child.kill("SIGKILL");
      await child.status;
      await child.stdout.cancel();
    }
  });
}

// K21
Deno.test("all that was said is there when it is read at last, in order, and the exit code is right", async () => {
  using project = new Project([
    { name: "a", output: "a", command: "seq 1 30000; exit 1" },
    { name: "b", output: "b", content: "b" },
  ]);
  const child = startUnread(project, ["build", "-v", "-j1"]);
  await until(() => project.has("b"), "it goes on");
  await until(() => project.has(".build_cache.json"), "the cache is written");
  const text = await new Response(child.stdout).text();
  assertEquals((await child.status).code, 1);
  const numbers = text.match(/^\d+$/gm) ?? [];
  assertEquals(numbers.slice(-1), ["30000"]);
  assert(/succeeded, 1 failed, 0 skipped\n {2}a {8}exit 1 {2}30000\n.*\n$/.test(text), text.slice(-200));
});
