// A build with --transaction, killed or refused at any point: after the next start the tree is wholly old or wholly new.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { TRANSACTION_FOLDER } from "../../actors/build/transaction/folder.ts";
import { randomFrom, rounds, seedFor, stride } from "../random.ts";
import { type Deed, failio, suffer } from "./faults.ts";
import { assertDone, type Ended, Project, said, type TaskSpec } from "./rig.ts";

const library = failio();
const KILLS = Math.max(12, rounds(30));

/** Made once and never again: a start that builds only this does nothing but what every start does first. */
const STILL: TaskSpec = { name: "still", output: "still", content: "still" };

const TASKS: readonly TaskSpec[] = [
  STILL,
  { name: "copy", output: "out/copy", source_files: ["src"] },
  { name: "join", output: "out/deep/join", dependencies: ["copy", "still"] },
  { name: "shout", output: "out/shout", dependencies: ["copy"], command: 'tr a-z A-Z < "$DEPS" > "$OUT"' },
  // written where it lies, with another mode
  { name: "place", output: "out/place", source_files: ["src"], command: "cat src > out/place; chmod 755 out/place" },
];
const NEW: TaskSpec = { name: "new", output: "out/new/new", dependencies: ["join", "shout"] };

/** Every artifact with its mode and content, and every folder. */
function tree(project: Project): string[] {
  const walk = (folder: string): string[] =>
    [...Deno.readDirSync(project.path(folder))].flatMap(({ name, isDirectory }) => {
      const path = `${folder}/${name}`;
      if (isDirectory) return [`${path}/`, ...walk(path)];
      return [`${path} ${(Deno.statSync(project.path(path)).mode! & 0o777).toString(8)} ${project.read(path)}`];
    });
  return walk("out").sort();
}

/** A project with artifacts of one text. It is built once; every test has a copy. */
const built = (async () => {
  using project = new Project(TASKS);
  project.write("src", "old text\n".repeat(100));
  assertDone(await project.build({ args: ["--no-history"] }));
  Deno.chmodSync(project.path("out/place"), 0o600);
  return project.files().map((name) => {
    const { mode, atime, mtime } = Deno.statSync(project.path(name));
    return {
      name,
      bytes: Deno.readFileSync(project.path(name)),
      mode: mode! & 0o777,
      times: [atime!, mtime!] as const,
    };
  });
})();

/** Edited, so that its artifacts are to be of another text, and one more. */
async function edited(): Promise<{ project: Project; before: string[] }> {
  const project = new Project(TASKS);
  for (const { name, bytes, mode, times } of await built) {
    project.write(name, bytes);
    Deno.chmodSync(project.path(name), mode);
    Deno.utimeSync(project.path(name), ...times);
  }
  const before = tree(project);
  edit(project, 1);
  return { project, before };
}

function edit(project: Project, version: number): void {
  project.write("src", `text ${version}\n`.repeat(150));
  project.configure([...TASKS, NEW]);
}

/** What a build without faults makes of the first version. */
async function expectedAfter(): Promise<string[]> {
  using project = new Project();
  edit(project, 1);
  assertDone(await project.build({ args: ["--no-history"] }));
  return tree(project);
}

async function assertWhole(project: Project, states: readonly string[][], context: string): Promise<string[]> {
  const next = await project.build({ args: ["-t", "still", "--no-history"] });
  assertDone(next, context);
  const now = tree(project);
  assert(states.some((state) => state.join("\n") === now.join("\n")), `${context}\n${said(next)}\n${now.join("\n")}`);
  assert(!project.has(TRANSACTION_FOLDER), context);
  assertEquals(project.temporaries(), [], context);
  return now;
}

// S1.22
Deno.test("a transaction killed at random points, over and over: the next start finds all old or all new", async () => {
  const random = randomFrom(seedFor("transaction"));
  const { project: made, before } = await edited();
  using project = made;
  const first = await expectedAfter();
  let old = before, killed = 0, undone = 0;
  for (let version = 1; version <= KILLS; version++) {
    edit(project, version);
    const running = project.start({ args: ["--transaction", "--no-history"] });
    if (random.chance(0.7)) {
      const lines = random.below(2 * TASKS.length + 2);
      running.onOutput = () => {
        if (running.stdout.split("\n").length <= lines) return;
        running.kill("SIGKILL");
        running.onOutput = undefined;
      };
    } else {
      const timer = setTimeout(() => running.kill("SIGKILL"), 60 + random.below(120));
      running.ended.then(() => clearTimeout(timer));
    }
    const ended = await running.ended;
    assert(ended.code === 0 || ended.signal === "SIGKILL", said(ended));
    if (ended.signal === "SIGKILL") killed++;
    const after = first.map((line) => line.replaceAll(/(text|TEXT) 1\n/g, `$1 ${version}\n`));
    const now = await assertWhole(project, [old, after], `kill ${version}\n${said(ended)}`);
    if (now.join() === old.join() && ended.signal === "SIGKILL") undone++;
    old = now;
  }
  assert(killed > KILLS / 4 && undone > 0, `${killed} killed, ${undone} undone`);
});

/** The file operations of a clean transaction, as failio counts them. */
async function operationsOf(): Promise<string[]> {
  const { project: made } = await edited();
  using project = made;
  const log = `${project.temp}/log`;
  assertDone(await transaction(project, { library: library!, path: project.folder, at: 0, log }));
  return Deno.readTextFileSync(log).trim().split("\n");
}

function transaction(project: Project, fault: Parameters<typeof suffer>[0]): Promise<Ended> {
  return project.build({ args: ["--transaction", "--no-history", "--jobs=1"], env: suffer(fault) });
}

// S1.22
Deno.test({
  name: "a transaction killed or refused at any file operation is whole after the next start",
  ignore: library === undefined,
  fn: async () => {
    const random = randomFrom(seedFor("transaction sweep"));
    const operations = await operationsOf();
    const after = await expectedAfter();
    assert(operations.length > 40, operations.join("\n"));
    const points: [Deed, number][] = [];
    for (const [deed, inFull] of [["KILL", 4], ["KILLAFTER", 12], ["EIO", 12], ["ENOSPC", 12]] as const) {
      const step = stride(inFull);
      for (let at = 1 + random.below(step); at <= operations.length; at += step) points.push([deed, at]);
    }
    const next = points[Symbol.iterator]();
    const strike = async () => {
      for (const [deed, at] of next) {
        const { project: made, before } = await edited();
        using project = made;
        const log = `${project.temp}/log`;
        const struck = await transaction(project, { library: library!, path: project.folder, at, deed, log });
        const operation = Deno.readTextFileSync(log).split("\n").find((line) => line.startsWith(`${at} `));
        const context = `${deed} at ${operation}\n${said(struck)}`;
        assert(!/bug/i.test(struck.stderr), context);
        const now = await assertWhole(project, [before, after], context);
        if (struck.code === 0) assertEquals(now, after, context);
        assertDone(await project.build({ args: ["--no-history"] }), context);
        assertEquals(tree(project), after, context);
      }
    };
    await Promise.all([strike(), strike()]);
  },
});

// S1.22
Deno.test({
  name: "an undoing that is killed at any of its operations is done by the start after it",
  ignore: library === undefined,
  fn: async () => {
    // At its very end, when all has been changed
    const commit = {
      library: library!,
      path: `${TRANSACTION_FOLDER}/journal`,
      calls: "unlink",
      at: 1,
      deed: "KILL",
    } as const;
    for (let at = 1, isOver = false; !isOver; at += 2) {
      const { project: made, before } = await edited();
      using project = made;
      const killed = await transaction(project, commit);
      assertEquals(killed.signal, "SIGKILL", said(killed));
      const undoing = await project.build({
        args: ["-t", "still", "--no-history"],
        env: suffer({ library: library!, path: project.folder, at, deed: "KILL" }),
      });
      isOver = undoing.signal !== "SIGKILL";
      assertEquals(await assertWhole(project, [before], `killed at ${at}\n${said(undoing)}`), before);
    }
  },
});

// S1.22
Deno.test({
  name: "a transaction that cannot be begun for a full disk starts nothing and says why",
  ignore: library === undefined,
  fn: async () => {
    const { project: made, before } = await edited();
    using project = made;
    const fault = { library: library!, path: TRANSACTION_FOLDER, at: "1+", deed: "ENOSPC", calls: "write" } as const;
    const ended = await transaction(project, fault);
    assertEquals(ended.code, 1, said(ended));
    // Whichever of the two took longer comes first.
    assertMatch(ended.stdout, /\(error: Cannot checkpoint artifact 'out\/(copy|place)': No space left on device\)/);
    assert(!ended.stdout.includes("Started task"), said(ended));
    assertEquals(tree(project), before);
    assert(!project.has(TRANSACTION_FOLDER));
  },
});
