// A signal is heard whatever troupe itself is busy with: files that take hours to read, folders that take long to walk.
import { assertEquals } from "@std/assert";
import { deadline } from "@std/async/deadline";
import { type Rig, rigTest, type Running } from "../rig.ts";
import { until } from "./rig.ts";

const INTERRUPTED = 130;

function troupe(rig: Rig, ...args: string[]): Running {
  return rig.start(args, { deno: ["run", "-A", rig.program.replace(/build\.ts$/, "main.ts")] });
}

/** Makes a file that has no end to speak of, and takes no room. */
function endless(rig: Rig, path: string): string {
  rig.write(path, "");
  Deno.truncateSync(rig.path(path), 2 ** 42);
  return rig.path(path);
}

/** Interrupts the program once it reads a file, and answers with its exit code. */
async function interruptedAt(path: string, running: Running): Promise<number> {
  await until(() => openFiles(running.pid).includes(path), `it reads ${path}`);
  running.kill("SIGINT");
  return (await running.ended).code;
}

function openFiles(pid: number): string[] {
  const folder = `/proc/${pid}/fd`;
  try {
    return [...Deno.readDirSync(folder)].map(({ name }) => linkOf(`${folder}/${name}`) ?? "");
  } catch {
    return [];
  }
}

function linkOf(path: string): string | undefined {
  try {
    return Deno.readLinkSync(path);
  } catch {
    return undefined;
  }
}

// K21
rigTest("Ctrl-C ends whatever reads a source that has no end", async (rig) => {
  const big = endless(rig, "big");
  rig.write("build.json", {
    tasks: [
      { name: "quick", output: "o/quick", content: "quick" },
      { name: "big", output: "o/big", source_files: ["big"], command: 'echo > "$OUT"' },
      { name: "module", output: "o/module", module: "big" },
    ],
  });
  for (const args of [["build"], ["build", "--transaction"], ["build", "--dry-run"], ["join", "build.json"]]) {
    assertEquals(await interruptedAt(big, troupe(rig, ...args)), INTERRUPTED, args.join(" "));
  }
});

// K21
rigTest("Ctrl-C ends a member that reads an artifact that has no end", async (rig) => {
  rig.write("build.json", { tasks: [{ name: "a", output: "a", content: "a" }] });
  assertEquals((await troupe(rig, "build").ended).code, 0);
  // A build was here before: it looks at the artifact when the task's turn comes.
  const artifact = endless(rig, "a");
  assertEquals(await interruptedAt(artifact, troupe(rig, "join", "build.json")), INTERRUPTED);
  rig.remove("a");
  assertEquals((await troupe(rig, "join", "build.json").ended).code, 0);
  // The crew has completed it: whoever comes looks at it first.
  assertEquals(await interruptedAt(endless(rig, "a"), troupe(rig, "join", "build.json")), INTERRUPTED);
});

// K21
rigTest("Ctrl-C ends a worker that reads what its command has made, and that is no artifact", async (rig) => {
  const file = { output: "made" }, folder = { outputs: ["made/"] };
  for (
    const task of [
      { ...file, command: 'truncate -s 4T "$OUT"' },
      { ...file, command: "truncate -s 4T made" },
      { ...folder, command: 'truncate -s 4T "$OUT/file"' },
      { ...folder, command: "mkdir made; truncate -s 4T made/file" },
    ]
  ) {
    rig.write("build.json", { tasks: [{ name: "made", ...task }] });
    // After its grace a worker that hears nothing is ended, whatever it reads.
    const running = troupe(rig, "build", "--grace", "600");
    const isRead = () => openFiles(running.pid).some((path) => path.startsWith(rig.path("made")));
    await until(isRead, "it reads what was made");
    running.kill("SIGINT");
    const { code, stdout } = await deadline(running.ended, 30_000);
    assertEquals(code, INTERRUPTED);
    assertEquals(/Completed task/.test(stdout), false);
    assertEquals(rig.files().filter((path) => path.startsWith("made.tmp")), []);
    if (rig.has("made")) rig.remove("made");
  }
});

// K21
rigTest("Ctrl-C ends a build that walks through folders without an end", async (rig) => {
  // Twelve folders that all lead to each other have a thousand million ways through them.
  const names = [..."abcdefghijkl"];
  for (const name of names) {
    Deno.mkdirSync(rig.path(`src/${name}`), { recursive: true });
    for (const other of names) if (other !== name) Deno.symlinkSync(`../${other}`, rig.path(`src/${name}/${other}`));
  }
  rig.write("build.json", { tasks: [{ name: "a", output: "a", source_files: ["src/**/*.c"] }] });
  const running = troupe(rig, "build");
  await until(() => rig.has(".build_cache.lock"), "it has begun");
  running.kill("SIGINT");
  assertEquals((await running.ended).code, INTERRUPTED);
});
